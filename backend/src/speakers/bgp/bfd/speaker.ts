import type { Clock, HopDatagrams, HopSender, Logger, Random } from '../../../platform/ports.ts';
import { canonicalText } from '../wire/address.ts';
import type { BfdChange, BfdConfig, BfdPeer, BfdStatus } from './model.ts';
import { Receivers, type ReceivingPlace } from './receivers.ts';
import { BfdSession } from './session.ts';
import { SteadySocket } from './steady-socket.ts';
import { decodeControlPacket, type ControlPacket } from './wire/control-packet.ts';
import { DROP_REASONS } from './wire/drop.ts';

export type { BfdChange, BfdConfig, BfdCounters, BfdPeer, BfdStateName, BfdStatus } from './model.ts';

export interface BfdSpeakerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly datagrams: HopDatagrams;
  readonly logger: Logger;
  readonly onChange: (key: string, change: BfdChange) => void;
}

/** Sound packets that are not taken: these are the speaker's own reasons beside the codec's. */
const SPEAKER_REASONS = [
  /** It names no session, and comes from no peer. */
  'no-session',
  /** It names a session, but comes from somebody else, or to the port of the other sort of session. */
  'sender',
  /** It has come through more routers than it may (RFC 5881 section 5; GTSM, RFC 5082). */
  'ttl',
] as const;

export const BFD_DROP_REASONS = [...DROP_REASONS, ...SPEAKER_REASONS] as const;

export type BfdDropReason = (typeof BFD_DROP_REASONS)[number];

/** RFC 5881 section 4, RFC 5883 section 5. */
const SINGLE_HOP_PORT = 3_784;
const MULTIHOP_PORT = 4_784;
const TTL = 255;
/** RFC 5881 section 4: a port of this range, and the same one for all packets of a session. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
/** How long a session that is no longer wanted may go on saying so. */
const MOST_FAREWELL_MS = 3_000;

interface Peer {
  readonly key: string;
  config: BfdPeer;
  readonly address: string;
  readonly place: ReceivingPlace;
  /** Sends only: peers answer to a port of their own choosing. */
  readonly socket: SteadySocket;
  readonly session: BfdSession;
}

/** BFD (RFC 5880 to 5883) with peers of BGP: says whether the way to each of them and back works. Asynchronous mode, no authentication. */
export class BfdSpeaker {
  readonly #deps: BfdSpeakerDeps;
  readonly #receivers: Receivers;
  readonly #peers = new Map<string, Peer>();
  /** Those that are wanted, and those that take leave. */
  readonly #byDiscriminator = new Map<number, Peer>();
  /** Those whose address is another one's already. */
  #shadowed: ReadonlySet<string> = new Set();
  readonly #dropped = Object.fromEntries(BFD_DROP_REASONS.map((reason) => [reason, 0])) as Record<
    BfdDropReason,
    number
  >;
  #stopped = false;

  constructor(deps: BfdSpeakerDeps) {
    this.#deps = deps;
    this.#receivers = new Receivers({
      ...deps,
      onMessage: (port, bytes, from) => this.#receive(port, bytes, from),
      onChange: () => this.#tellAll(),
    });
  }

  /** The whole desired set of sessions. Only what makes it another session ends one: timers change in the session that is up. */
  set(peers: ReadonlyMap<string, BfdPeer>): void {
    if (this.#stopped) return;
    const wanted = this.#withoutShadowed(peers);
    const before = new Map(this.#peers);
    for (const [key, peer] of this.#peers) {
      const config = wanted.get(key);
      if (config === undefined || !isSameSession(peer.config, config)) void this.#remove(peer);
    }
    for (const [key, config] of wanted) {
      const peer = this.#peers.get(key);
      if (peer === undefined) this.#add(key, config);
      else this.#reconfigure(peer, config);
    }
    this.#openReceivers();
    for (const key of this.#differing(before)) this.#deps.onChange(key, 'changed');
  }

  /** Keys of which there is another session than before, or none any more. */
  #differing(before: ReadonlyMap<string, Peer>): string[] {
    const keys = new Set([...before.keys(), ...this.#peers.keys()]);
    return [...keys].filter((key) => before.get(key) !== this.#peers.get(key));
  }

  status(key: string): BfdStatus | undefined {
    const peer = this.#peers.get(key);
    if (peer === undefined) return undefined;
    const problem = this.#receivers.problem(peer.place) ?? peer.socket.problem;
    return { ...peer.session.status(), problem };
  }

  /** Every reason is there, also with 0. */
  dropped(): Readonly<Record<BfdDropReason, number>> {
    return { ...this.#dropped };
  }

  /**
   * Ends all sessions for good, in a way that says nothing of the paths: who relies on them doesn't hold it against us. Resolves when the peers had the
   * time to hear that, after three seconds at the latest; the first packets are out when it returns.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#peers.values()].map((peer) => this.#remove(peer)));
    this.#receivers.set([]);
  }

  /** Between two systems there is one session (RFC 5881 section 3), whoever asks for it. */
  #withoutShadowed(peers: ReadonlyMap<string, BfdPeer>): ReadonlyMap<string, BfdPeer> {
    const wanted = new Map<string, BfdPeer>();
    const shadowed = new Set<string>();
    const taken = new Set<string>();
    for (const [key, config] of peers) {
      const address = `${canonicalText(config.address)} ${config.bfd.multihop}`;
      if (taken.has(address)) shadowed.add(key);
      else wanted.set(key, config);
      taken.add(address);
    }
    for (const key of shadowed) {
      const address = peers.get(key)?.address;
      if (this.#shadowed.has(key)) continue;
      this.#deps.logger.warn({ peer: key, address }, 'another peer has the BFD session with this address');
    }
    this.#shadowed = shadowed;
    return wanted;
  }

  #add(key: string, config: BfdPeer): void {
    const { clock, random } = this.#deps;
    const logger = this.#deps.logger.child({ peer: key, address: config.address });
    const address = canonicalText(config.address);
    const v6 = address.includes(':');
    const place: ReceivingPlace = {
      host: v6 ? '::' : '0.0.0.0',
      port: config.bfd.multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT,
    };
    const socket = new SteadySocket(
      { ...this.#deps, logger, onMessage: () => undefined, onChange: () => this.#tell(key) },
      {
        host: config.localAddress ?? place.host,
        port: () => FIRST_SOURCE_PORT + Math.floor(random.next() * SOURCE_PORTS),
      },
    );
    const session = new BfdSession(
      {
        ...{ clock, random, logger },
        send: (bytes) => socket.send(bytes, place.port, config.address),
        receive: () => this.#receivers.receive(),
        onChange: (change) => {
          // One that takes leave is nobody's any more.
          if (this.#peers.get(key)?.session === session) this.#deps.onChange(key, change);
        },
      },
      this.#discriminator(),
      config.bfd,
    );
    const peer: Peer = { key, config, address, place, socket, session };
    this.#peers.set(key, peer);
    this.#byDiscriminator.set(session.discriminator, peer);
    session.start();
  }

  #reconfigure(peer: Peer, config: BfdPeer): void {
    const before = peer.config.bfd;
    peer.config = config;
    if (!isSameTimers(before, config.bfd)) peer.session.configure(config.bfd);
  }

  /** Resolves when it has taken leave. */
  async #remove(peer: Peer): Promise<void> {
    const { key, session, socket } = peer;
    if (this.#peers.get(key) === peer) this.#peers.delete(key);
    const ms = Math.min(session.disable(), MOST_FAREWELL_MS);
    await new Promise<void>((resolve) => void this.#deps.clock.setTimer(ms, resolve));
    session.stop();
    socket.close();
    this.#byDiscriminator.delete(session.discriminator);
  }

  #openReceivers(): void {
    this.#receivers.set([...this.#peers.values()].map(({ place }) => place));
  }

  #tellAll(): void {
    for (const key of this.#peers.keys()) this.#tell(key);
  }

  #tell(key: string): void {
    if (this.#peers.has(key)) this.#deps.onChange(key, 'changed');
  }

  /** By chance: what was meant for a session of the process before names none of this one. */
  #discriminator(): number {
    const { random } = this.#deps;
    for (;;) {
      const discriminator = 1 + Math.floor(random.next() * 0xffffffff);
      if (!this.#byDiscriminator.has(discriminator)) return discriminator;
    }
  }

  #receive(port: number, bytes: Uint8Array, from: HopSender): void {
    const packet = decodeControlPacket(bytes);
    if (packet.kind === 'drop') return this.#drop(packet.reason);
    const peer = this.#find(packet, port, from.host);
    if (peer === undefined) return this.#drop('no-session');
    if (peer.address !== canonicalText(from.host) || peer.place.port !== port) return this.#drop('sender');
    const { multihop, minTtl } = peer.config.bfd;
    if (from.ttl < (multihop ? minTtl : TTL)) return this.#drop('ttl');
    peer.session.receive(packet);
  }

  /** RFC 5880 section 6.8.6: by the discriminator that the packet names, or else by who sent it. */
  #find({ yourDiscriminator }: ControlPacket, port: number, host: string): Peer | undefined {
    if (yourDiscriminator !== 0) return this.#byDiscriminator.get(yourDiscriminator);
    const address = canonicalText(host);
    return [...this.#peers.values()].find((peer) => peer.address === address && peer.place.port === port);
  }

  #drop(reason: BfdDropReason): void {
    this.#dropped[reason]++;
  }
}

function isSameSession(before: BfdPeer, after: BfdPeer): boolean {
  return (
    before.address === after.address &&
    before.localAddress === after.localAddress &&
    before.bfd.multihop === after.bfd.multihop
  );
}

function isSameTimers(before: BfdConfig, after: BfdConfig): boolean {
  return (
    before.transmitIntervalMs === after.transmitIntervalMs &&
    before.receiveIntervalMs === after.receiveIntervalMs &&
    before.detectMultiplier === after.detectMultiplier
  );
}
