import { FakeClock } from '../../../../platform/fake/clock.ts';
import { FakeHopDatagrams } from '../../../../platform/fake/hop-datagrams.ts';
import { FakeLogger } from '../../../../platform/fake/logger.ts';
import type { Random } from '../../../../platform/ports.ts';
import type { BfdPeer } from '../model.ts';
import { BfdSpeaker, type BfdChange } from '../speaker.ts';
import { decodeControlPacket, encodeControlPacket, type ControlPacket } from '../wire/control-packet.ts';

export const routerAddress = '192.0.2.1';
export const ownAddress = '192.0.2.9';

export const bfdPeer: BfdPeer = {
  address: routerAddress,
  bfd: { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false, minTtl: 1 },
};

/** The numbers of a sequence, again and again: in [0, 1). */
export function sequence(...numbers: readonly number[]): Random {
  let next = 0;
  return { next: () => numbers[next++ % numbers.length] ?? 0 };
}

/** A speaker of BFD on a clock that stands still, and a router that says what a test wants. */
export class BfdScene {
  readonly clock: FakeClock;
  readonly datagrams: FakeHopDatagrams;
  readonly logger = new FakeLogger();
  /** `r1 up`, in order; mere changes are left out. */
  readonly events: string[] = [];
  /** How often anything was told. */
  told = 0;
  readonly speaker: BfdSpeaker;

  /** Called for each change, before it stands in `events`. */
  onChange: ((key: string, change: BfdChange) => void) | undefined;

  constructor(random: Random = sequence(0.1, 0.5, 0.9), clock = new FakeClock()) {
    this.clock = clock;
    this.datagrams = new FakeHopDatagrams(clock, [ownAddress, '2001:db8::9']);
    const { datagrams, logger } = this;
    const onChange = (key: string, change: BfdChange): void => {
      this.told++;
      this.onChange?.(key, change);
      if (change !== 'changed') this.events.push(`${key} ${change}`);
    };
    this.speaker = new BfdSpeaker({ clock, random, datagrams, logger, onChange });
  }

  /** What was sent since the last look. */
  takeSent(): ControlPacket[] {
    return this.datagrams.sent.splice(0).flatMap(({ bytes }) => {
      const packet = decodeControlPacket(bytes);
      return packet.kind === 'drop' ? [] : [packet];
    });
  }

  /** The router says this; by default with all that belongs to a session which is known to it. */
  hears(packet: Partial<ControlPacket>, { host = routerAddress, port = 3_784, ttl = 255 } = {}): void {
    const full: ControlPacket = {
      ...{ kind: 'control', diagnostic: 0, state: 'Up', poll: false, final: false, controlPlaneIndependent: false },
      ...{ demand: false, detectMultiplier: 3, myDiscriminator: 77, yourDiscriminator: this.ownDiscriminator },
      ...{ desiredMinTxUs: 300_000, requiredMinRxUs: 300_000, requiredMinEchoRxUs: 0 },
      ...packet,
    };
    this.hearsBytes(encodeControlPacket(full), { host, port, ttl });
  }

  hearsBytes(bytes: Uint8Array, { host = routerAddress, port = 3_784, ttl = 255 } = {}): void {
    const to = { host: host.includes(':') ? '2001:db8::9' : ownAddress, port };
    this.datagrams.arrive({ host, port: 49_152, ttl, bytes, to });
    this.clock.advance(0);
  }

  /** Of the last packet that was sent. */
  ownDiscriminator = 0;

  /** Has a session up with the router. */
  comesUp(peer: BfdPeer = bfdPeer): void {
    this.speaker.set(new Map([['r1', peer]]));
    this.answered(peer);
  }

  /** The router answers to the session that is wanted with it. */
  answered(peer: BfdPeer = bfdPeer): void {
    this.ownDiscriminator = this.takeSent().at(-1)?.myDiscriminator ?? 0;
    const port = peer.bfd.multihop ? 4_784 : 3_784;
    const from = { host: peer.address, port };
    this.hears({ state: 'Down', yourDiscriminator: 0 }, from);
    this.hears({ state: 'Up' }, from);
    this.hears({ state: 'Up', final: true }, from);
    this.takeSent();
  }

  /** Lets time pass, in which the router sends as often as it said. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 300) {
      this.hears({});
      this.clock.advance(300);
    }
  }

  get state(): string | undefined {
    return this.speaker.status('r1')?.state;
  }
}
