import type { Clock, Link, LinkLayer, Logger, Random, Timer } from '../../platform/ports.ts';
import { LinkCounters, type CounterSnapshot } from './counters.ts';
import { LinkPorts } from './link-ports.ts';
import { DEFAULT_OPTIONS, type Desired, type Layer2Options, type Observation, type StateObservation } from './model.ts';
import { Observations, stateOf } from './observations.ts';
import { Pacer } from './pacer.ts';
import type { LinkPort } from './link-port.ts';
import { Presence, type PresenceDeps, type Rival } from './presence.ts';
import { LinkResolver } from './resolve.ts';
import { Responder } from './responder.ts';
import { addressOctets } from './wire/address.ts';
import { sameOctets } from './wire/mac.ts';

export { LAYER2_DROP_REASONS, type CounterSnapshot, type Layer2DropReason, type SentKind } from './counters.ts';
export { ADDRESS_STATES, type AddressState } from './model.ts';
export type { Desired, Heard, Layer2Options, Observation } from './model.ts';
export type { RivalObservation, StateObservation } from './model.ts';

export interface Layer2SpeakerDeps {
  readonly links: LinkLayer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * Called when everything else that was to be done has been done, also from within `set` and `update`; it may call the speaker. Of an
   * address that is no longer desired nothing is told.
   */
  readonly onObservation: (observation: Observation) => void;
  /** The node of this cluster that has the MAC (`02:00:5e:10:00:0a`), if one has. */
  readonly peerOf: (mac: string) => string | undefined;
}

interface Held {
  readonly text: string;
  readonly ip: Uint8Array;
  desired: Desired;
  /** By index of the link. */
  readonly presences: Map<number, Presence>;
  /** Names of links on which it has been announced: it is not probed for again when one of them comes back. */
  readonly proved: Set<string>;
  /** Why it couldn't be brought onto the link that it belongs on. */
  problem: string | undefined;
}

const RETRY_MS = 1000;

/** Speaks ARP and neighbour discovery for a set of addresses, on those links of this host where they belong. */
export class Layer2Speaker {
  readonly #deps: Layer2SpeakerDeps;
  readonly #counters = new LinkCounters();
  readonly #pacer: Pacer;
  readonly #ports: LinkPorts<Presence>;
  readonly #responder: Responder;
  readonly #observations: Observations<Held>;
  readonly #presenceDeps: PresenceDeps;
  readonly #held = new Map<string, Held>();
  readonly #unwatch: () => void;
  #links: readonly Link[];
  #resolver: LinkResolver;
  #retry: Timer | undefined;
  #isSet = false;
  #stopped = false;

  constructor(deps: Layer2SpeakerDeps, options: Partial<Layer2Options> = {}) {
    const all = { ...DEFAULT_OPTIONS, ...options };
    this.#deps = deps;
    const clock = this.#settlingClock();
    this.#pacer = new Pacer({ clock }, { perSecond: all.announcementsPerSecond });
    this.#observations = new Observations(deps.onObservation);
    this.#responder = new Responder({ isOwn: (mac) => this.#isOwn(mac) });
    this.#ports = new LinkPorts({
      ...{ links: deps.links, logger: deps.logger, counters: this.#counters },
      onFrame: (port, frame) => this.#receive(port, frame),
      onGone: (port) => this.#lose(port),
    });
    const { random, peerOf } = deps;
    this.#presenceDeps = {
      ...{ clock, random, peerOf, pacer: this.#pacer, options: all },
      onChange: (presence) => this.#note(presence),
      onRival: (presence, rival) => this.#report(presence, rival),
    };
    this.#unwatch = deps.links.watch(() => this.#relink());
    this.#links = deps.links.links();
    this.#resolver = this.#look();
  }

  /** The whole desired set, by canonical text of the address. Idempotent: what doesn't change causes no frame. */
  set(desired: ReadonlyMap<string, Desired>): void {
    if (this.#stopped) return;
    this.#isSet = true;
    for (const held of [...this.#held.values()]) if (!desired.has(held.text)) this.#release(held);
    for (const [text, wanted] of desired) this.#want(text, wanted);
    this.#settle();
  }

  /** Changes by address; null takes it out. Ignored until `set` was called: "I don't know yet" is not "none". */
  update(changes: ReadonlyMap<string, Desired | null>): void {
    if (this.#stopped || !this.#isSet) return;
    for (const [text, wanted] of changes) {
      const held = this.#held.get(text);
      if (wanted !== null) this.#want(text, wanted);
      else if (held !== undefined) this.#release(held);
    }
    this.#settle();
  }

  /**
   * Announces an address anew that a rival has been heard of: the answer of who doesn't yield. Bounded in rate, and more so when it goes on.
   *
   * @param waitMs not before that, in milliseconds, unless it is planned sooner already
   */
  reassert(ip: string, waitMs = 0): void {
    for (const presence of this.#held.get(ip)?.presences.values() ?? []) presence.reassert(waitMs);
    this.#settle();
  }

  /**
   * Asks the links of an announced address whether anybody else answers for it, as does the kernel of a node with IPVS and without
   * strictARP; who answers is observed as `rival` or `conflict`.
   */
  audit(ip: string): void {
    for (const presence of this.#held.get(ip)?.presences.values() ?? []) presence.audit();
  }

  /** Asks at once again for an address that somebody had when it was asked for, and announces it if nobody has it any more. */
  recheck(ip: string): void {
    for (const presence of this.#held.get(ip)?.presences.values() ?? []) presence.recheck();
    this.#settle();
  }

  /** Routes may have changed without any change of the links: looks again where `can_reach` of a pool leads. */
  followRoutes(): void {
    this.#relink();
  }

  /** Of every desired address. */
  states(): readonly StateObservation[] {
    return [...this.#held.values()].map(stateOf);
  }

  /** By name of the link; of links that had addresses of ours and are there. */
  counters(): ReadonlyMap<string, CounterSnapshot> {
    this.#ports.count();
    return this.#counters.snapshot();
  }

  /** Silent at once, and for good. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unwatch();
    this.#retry?.cancel();
    for (const held of [...this.#held.values()]) this.#release(held);
    this.#pacer.close();
    this.#ports.closeAll();
  }

  #want(text: string, desired: Desired): void {
    const known = this.#held.get(text);
    const held = known ?? this.#hold(text, desired);
    if (held === undefined) return;
    if (held.desired.interface !== desired.interface) forgetProofs(held);
    held.desired = desired;
    for (const presence of held.presences.values()) presence.speakFor(desired.mac);
    this.#place(held);
  }

  #hold(text: string, desired: Desired): Held | undefined {
    const ip = addressOctets(text);
    if (ip === undefined) {
      this.#deps.logger.warn({ ip: text }, 'not an IP address, not announced');
      return undefined;
    }
    const held: Held = { text, ip, desired, presences: new Map(), proved: new Set(), problem: undefined };
    this.#held.set(text, held);
    this.#observations.changed(held);
    return held;
  }

  #release(held: Held): void {
    for (const presence of held.presences.values()) presence.end();
    held.presences.clear();
    this.#held.delete(held.text);
    this.#observations.forget(held);
  }

  /** Brings an address onto the links where it belongs, and off the others. */
  #place(held: Held): void {
    const wanted = this.#resolver.resolve(held.ip, held.text, held.desired.interface);
    const indexes = new Set(wanted.map(({ index }) => index));
    if (held.problem !== undefined) this.#observations.changed(held);
    held.problem = undefined;
    for (const [index, presence] of held.presences) {
      if (indexes.has(index)) continue;
      presence.end();
      held.presences.delete(index);
      this.#observations.changed(held);
    }
    for (const link of wanted) if (!held.presences.has(link.index)) this.#appear(held, link);
  }

  #appear(held: Held, link: Link): void {
    const port = this.#ports.open(link);
    if (port === undefined) return this.#tryLater(held, link);
    const { ip, text, desired, proved } = held;
    const probe = desired.probe && !proved.has(link.name);
    const presence = new Presence(this.#presenceDeps, port, { ip, text, mac: desired.mac, probe });
    held.presences.set(link.index, presence);
    presence.begin();
  }

  #tryLater(held: Held, link: Link): void {
    held.problem = this.#ports.problem(link.index);
    this.#observations.changed(held);
    this.#retry ??= this.#deps.clock.setTimer(RETRY_MS, () => {
      this.#retry = undefined;
      this.#relink();
    });
  }

  /** A presence has another state. */
  #note(presence: Presence): void {
    const held = this.#held.get(presence.text);
    if (held === undefined) return;
    if (presence.isAnnounced) held.proved.add(presence.port.link.name);
    this.#observations.changed(held);
  }

  #report(presence: Presence, rival: Rival): void {
    const held = this.#held.get(presence.text);
    const link = presence.port.link.name;
    if (held !== undefined) this.#observations.event(held, { ip: held.text, state: 'rival', link, ...rival });
  }

  /** What happens in a timer is settled like what happens in a call. */
  #settlingClock(): Clock {
    const { clock } = this.#deps;
    return {
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      sinceBoot: () => clock.sinceBoot(),
      setTimer: (delayMs, callback) =>
        clock.setTimer(delayMs, () => {
          callback();
          this.#settle();
        }),
    };
  }

  #look(): LinkResolver {
    return new LinkResolver(this.#links, (address) => this.#deps.links.linkTowards(address));
  }

  #relink(): void {
    if (this.#stopped) return;
    this.#links = this.#deps.links.links();
    this.#counters.retain(new Set(this.#links.map(({ name }) => name)));
    this.#resolver = this.#look();
    for (const { port, change } of this.#ports.follow(this.#links)) {
      if (change === 'gone') this.#clear(port);
      else for (const presence of port.addresses) presence.announce();
    }
    for (const held of this.#held.values()) this.#place(held);
    this.#settle();
  }

  #lose(port: LinkPort<Presence>): void {
    this.#clear(port);
    for (const held of this.#held.values()) this.#place(held);
    this.#settle();
  }

  #clear(port: LinkPort<Presence>): void {
    for (const presence of [...port.addresses]) {
      presence.end();
      const held = this.#held.get(presence.text);
      held?.presences.delete(port.link.index);
      if (held !== undefined) this.#observations.changed(held);
    }
  }

  #receive(port: LinkPort<Presence>, frame: Uint8Array): void {
    this.#responder.receive(port, frame);
    if (this.#observations.pending) this.#settle();
  }

  /** What every entry ends with. */
  #settle(): void {
    this.#ports.closeIdle();
    this.#pacer.run();
    this.#observations.deliver();
  }

  #isOwn(mac: Uint8Array): boolean {
    return this.#links.some((link) => sameOctets(link.mac, mac));
  }
}

/** Of links that it is not announced on now: it comes back there for another reason than that the link was gone. */
function forgetProofs({ proved, presences }: Held): void {
  const names = new Set([...presences.values()].map(({ port }) => port.link.name));
  for (const name of proved) if (!names.has(name)) proved.delete(name);
}
