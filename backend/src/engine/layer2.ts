import { isDeepStrictEqual } from 'node:util';
import { linkOwner, type LinkOwner } from '../announce/link-owner.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { NO_PLACE, type Silence } from '../domain/replica.ts';
import type { Timer } from '../platform/ports.ts';
import type { Desired, Observation, RivalObservation, StateObservation } from '../speakers/layer2/speaker.ts';
import { LinkResolver } from '../speakers/layer2/resolve.ts';
import { addressOctets } from '../speakers/layer2/wire/address.ts';
import type { Layer2Deps, Layer2Options, LinkAddress } from './layer2-deps.ts';
import { FollowedRoutes } from './followed-routes.ts';
import { LinkAudit } from './link-audit.ts';
import { LinkConflicts } from './link-conflicts.ts';
import { LinkHandovers } from './link-handovers.ts';
import { LinkPlaces, placeOf } from './link-places.ts';
import { LinkRivals } from './link-rivals.ts';
import { ownersView, silenceOf, silenceTrouble, stateTrouble, yieldedView, type LinkView } from './link-view.ts';
import { LinkSuspects } from './link-suspects.ts';
import { LinkYields } from './link-yields.ts';
import { NodeMacs } from './node-macs.ts';
import { OwnNetwork } from './own-network.ts';
import { ReplicasBehind } from './replicas-behind.ts';
import { patienceWith } from './rival-patience.ts';
import { UnplacedReplicas } from './unplaced-replicas.ts';
import { WhoSpeaks } from './who-speaks.ts';

/** Replicas come and go in numbers; what follows from it is worked out once. */
const COALESCE_MS = 2;

/**
 * Layer 2 in the engine: finds the owner of each address, as every other replica does, and has the speaker speak for those that are this
 * one's. Views that differ settle on the wire: who hears a rival of higher rank yields, and who hears one of lower rank says so.
 */
export class Layer2 {
  readonly #deps: Layer2Deps;
  readonly #options: Layer2Options;
  readonly #macs: NodeMacs;
  readonly #audit: LinkAudit;
  readonly #conflicts: LinkConflicts;
  readonly #unwatch: () => void;
  #wanted = new Map<string, LinkAddress>();
  readonly #owners = new Map<string, LinkOwner | undefined>();
  readonly #desired = new Map<string, Desired>();
  readonly #states = new Map<string, StateObservation>();
  readonly #yields: LinkYields;
  readonly #suspects: LinkSuspects;
  readonly #whoSpeaks: WhoSpeaks;
  #places = new LinkPlaces([]);
  #place = NO_PLACE;
  #resolver: LinkResolver;
  #recount: Timer | undefined;
  #started = false;
  /** Whoever else is there has had the time to say so. */
  #isReady = false;
  /** The speaker has been given its first whole set. */
  #isSet = false;
  #stale = false;
  readonly #behind: ReplicasBehind;
  readonly #routes: FollowedRoutes;
  readonly #unplaced = new UnplacedReplicas();
  readonly #handovers: LinkHandovers;
  readonly #rivals: LinkRivals;
  #leaving = false;

  constructor(deps: Layer2Deps, options: Layer2Options) {
    const { clock, random, speaker } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#macs = new NodeMacs({ ...deps, onChange: () => this.replicasChanged() }, options);
    this.#audit = new LinkAudit({ clock, random, audit: (ip) => this.#ask(ip) });
    this.#conflicts = new LinkConflicts({ clock, report: deps.onConflicts });
    this.#yields = new LinkYields({ clock, onEnd: (ip) => this.#apply([ip]) });
    this.#suspects = new LinkSuspects({ clock, conflicts: this.#conflicts, replicaNodes: () => deps.replicas.nodes() });
    const onDue = (): void => {
      this.#recountNow();
      speaker.followRoutes();
    };
    this.#routes = new FollowedRoutes({ clock, links: deps.links, onDue });
    this.#whoSpeaks = new WhoSpeaks({ clock, onChange: () => this.#tellPlace() }, options.replica);
    this.#behind = new ReplicasBehind({ clock, onChange: () => this.replicasChanged() });
    const known = { macs: this.#macs, yields: this.#yields, behind: this.#behind, unplaced: this.#unplaced };
    this.#handovers = new LinkHandovers({ ...deps, ...known, onEnd: (ip) => this.#release(ip) }, options.replica);
    this.#rivals = new LinkRivals({ ...deps, ...known, ownNetwork: new OwnNetwork(deps.links, options.address) });
    this.#resolver = this.#ownResolver();
    this.#unwatch = deps.links.watch(() => this.replicasChanged());
  }

  /** From here on there are inputs: before, nobody has been asked who else is there. Nothing follows a `stop`. */
  start(): void {
    this.#started = true;
    this.#macs.start();
    this.#recountNow();
  }

  /** All addresses that shall be spoken for. */
  set(wanted: ReadonlyMap<string, LinkAddress>): void {
    this.#wanted = new Map(wanted);
    for (const ip of this.#owners.keys()) if (!wanted.has(ip)) this.#forget(ip);
    this.#recountNow(true);
  }

  /** Changes by address; null: not any more. */
  update(changes: ReadonlyMap<string, LinkAddress | null>): void {
    for (const [ip, wanted] of changes) {
      if (wanted !== null) this.#wanted.set(ip, wanted);
      else if (this.#wanted.delete(ip)) this.#forget(ip);
    }
    // Others must hear first where this host would reach what a pool names.
    if ([...changes.values()].some((wanted) => wanted !== null && this.#routes.isUnheardOf(wanted.pool.interface)))
      this.#recountNow(true);
    else this.#apply(changes.keys(), true);
  }

  /** Replicas, links or MAC addresses changed. */
  replicasChanged(): void {
    if (!this.#started) return;
    this.#recount ??= this.#deps.clock.setTimer(COALESCE_MS, () => {
      this.#recount = undefined;
      this.#yields.endAll();
      this.#recountNow();
    });
  }

  setStale(stale: boolean): void {
    this.#stale = stale;
    this.replicasChanged();
  }

  /** From here on addresses are given up as soon as somebody else speaks for them, and none is taken. */
  leave(): void {
    this.#leaving = true;
  }

  stop(): void {
    this.#started = false;
    this.#unwatch();
    this.#recount?.cancel();
    this.#routes.stop();
    this.#yields.endAll();
    this.#behind.stop();
    this.#handovers.stop();
    this.#whoSpeaks.stop();
    this.#macs.stop();
    this.#audit.stop();
    this.#deps.speaker.stop();
  }

  nodeOf(mac: string): string | undefined {
    return this.#macs.nodeOf(mac);
  }

  /** Undefined for an address that is none of Layer 2's. */
  view(ip: string): LinkView | undefined {
    const wanted = this.#wanted.get(ip);
    if (wanted === undefined) return undefined;
    const owner = this.#owners.get(ip);
    const params = { ip, pool: wanted.pool.name };
    // Nobody can tell yet who is there.
    if (!this.#isReady) return { finding: finding('AddressProbing', params), nodes: [] };
    if (owner === undefined) return { finding: finding('NoReplicaOnLink', params), nodes: [] };
    const yieldedTo = this.#yields.to(ip);
    if (yieldedTo !== undefined) return yieldedView(yieldedTo, wanted.nodes, params);
    const trouble = this.#trouble(ip, params);
    if (trouble !== undefined) return { finding: trouble, nodes: [] };
    return ownersView(owner, this.#whoSpeaks.silenceOf(ip), params);
  }

  observe(observation: Observation): void {
    if (observation.state === 'rival') this.#meet(observation);
    else this.#note(observation);
  }

  /** Why an address of ours is not announced. */
  #trouble(ip: string, params: Readonly<Record<string, string>>): Finding | undefined {
    const isOurs = this.#owners.get(ip)?.replica === this.#options.replica;
    if (!this.#desired.has(ip)) return isOurs && !this.#leaving ? silenceTrouble('unmet', params) : undefined;
    return stateTrouble(this.#states.get(ip), params, this.#isUncertain(ip));
  }

  #recountNow(byDecision = false): void {
    if (!this.#started) return;
    const { links, replicas } = this.#deps;
    const wasReady = this.#isReady;
    this.#isReady ||= replicas.isSettled;
    this.#routes.follow([...this.#wanted.values()].map(({ pool }) => pool.interface));
    this.#resolver = this.#ownResolver();
    this.#place = placeOf(links.links(), this.#routes.selectors, (address) => links.linkTowards(address));
    const { replica: name, node } = this.#options;
    const others = replicas.answering().filter((other) => other.name !== name);
    const { isOneMore, isOneLess, placed } = this.#unplaced.update(others);
    if (isOneMore) this.#audit.allSoon();
    this.#behind.update(this.#isReady ? this.#stale : undefined, others);
    replicas.setBehind(this.#behind.self);
    const theirs = others.map((each) => ({ ...each, stale: this.#behind.has(each.name) }));
    this.#whoSpeaks.hearOthers(this.#wanted, theirs, wasReady ? placed : undefined);
    const self = { name, node, stale: this.#behind.self === true, place: this.#place };
    this.#places = new LinkPlaces(this.#leaving || !this.#isReady ? theirs : [self, ...theirs]);
    this.#handovers.hear(others);
    this.#apply(new Set([...this.#wanted.keys(), ...this.#owners.keys()]), byDecision);
    this.#tellPlace();
    this.#reconsider(isOneLess);
  }

  /**
   * Whoever hears of it gives our addresses up; until we can take them nobody shall. In the same turn as they are taken, so that nobody
   * hears of the place without what we are silent about.
   */
  #tellPlace(): void {
    const silent = this.#whoSpeaks.ownSilences;
    if (!this.#isReady) return;
    this.#deps.replicas.setPlace({ ...this.#place, ...(silent && { silent }) }, this.#places.speakers);
  }

  /**
   * Who has an address of ours by what the link said may be known better by now.
   * @param isOneLess or be gone: it may have been a replica whose MAC we don't know
   */
  #reconsider(isOneLess: boolean): void {
    for (const [ip, { state, mac }] of [...this.#states]) {
      if (state !== 'conflict' || mac === undefined) continue;
      if (this.#macs.nodeOf(mac) !== undefined) this.#beginAnew(ip);
      else if (isOneLess) {
        this.#deps.speaker.recheck(ip);
        void this.#identify(ip);
        this.#deps.onChange(new Set([ip]));
      }
    }
  }

  /** Finds the owners of these addresses, and tells the speaker what that changes; `byDecision`: see `LinkHandovers`. */
  #apply(ips: Iterable<string>, byDecision = false): void {
    const changed = new Set<string>();
    const changes = new Map<string, Desired | null>();
    for (const ip of ips) {
      if (this.#judge(ip)) changed.add(ip);
      const before = this.#desired.get(ip);
      this.#handovers.consider(ip, this.#owners.get(ip), this.#states.get(ip), byDecision);
      // By what we know now it is another's anyway.
      if (this.#owners.get(ip)?.replica !== this.#options.replica) this.#forget(ip);
      const now = this.#goesOn(ip) ? before : this.#desiredFor(ip);
      if (!isDeepStrictEqual(before, now)) {
        changes.set(ip, now ?? null);
        this.#keep(ip, now);
        changed.add(ip);
      }
      this.#whoSpeaks.setOwn(ip, this.#ownSilence(ip));
    }
    this.#tell(changes);
    this.#handovers.speak();
    if (changed.size > 0) this.#deps.onChange(changed);
  }

  /** Whether it is spoken for as before, whoever owns it: until the next owner is heard. */
  #goesOn(ip: string): boolean {
    return (this.#leaving || this.#handovers.has(ip)) && this.#wanted.has(ip);
  }

  #tell(changes: ReadonlyMap<string, Desired | null>): void {
    if (this.#isSet && changes.size > 0) this.#deps.speaker.update(changes);
    if (this.#isSet || !this.#isReady) return;
    this.#isSet = true;
    this.#deps.speaker.set(this.#desired);
  }

  #ownResolver(): LinkResolver {
    return new LinkResolver(this.#deps.links.links(), (address) => this.#deps.links.linkTowards(address));
  }

  /** It is not ours: what others said of it matters no more. */
  #forget(ip: string): void {
    this.#yields.delete(ip);
    this.#unplaced.delete(ip);
  }

  #judge(ip: string): boolean {
    const wanted = this.#wanted.get(ip);
    if (wanted === undefined) {
      this.#whoSpeaks.end(ip);
      return this.#owners.delete(ip);
    }
    const owner = linkOwner(ip, wanted.nodes, this.#places.speakersFor(ip, wanted.pool.interface));
    this.#yields.hearSilences(ip, wanted.nodes, this.#places);
    this.#whoSpeaks.setSelector(ip, wanted.pool.interface);
    const isNews = this.#isReady && this.#whoSpeaks.hearOwner(ip, owner, this.#places);
    if (this.#owners.has(ip) && isDeepStrictEqual(this.#owners.get(ip), owner)) return isNews;
    this.#owners.set(ip, owner);
    return true;
  }

  /** Why we don't speak for an address of ours. One that is new everybody asks for in any case. */
  #ownSilence(ip: string): Silence | undefined {
    if (this.#handovers.isContested(ip)) return 'asking';
    const wanted = this.#wanted.get(ip);
    const isOurs = this.#owners.get(ip)?.replica === this.#options.replica;
    if (wanted === undefined || !isOurs || this.#leaving || this.#yields.has(ip)) return undefined;
    if (!this.#desired.has(ip)) return 'unmet';
    const silence = silenceOf(this.#states.get(ip));
    return wanted.isNew && silence === 'asking' ? undefined : silence;
  }

  #desiredFor(ip: string): Desired | undefined {
    const wanted = this.#wanted.get(ip);
    const owner = this.#owners.get(ip);
    if (wanted === undefined || owner?.replica !== this.#options.replica || this.#yields.has(ip)) return undefined;
    const isUnsure = this.#unplaced.size > 0 || this.#yields.isDoubtful(ip);
    const probe = [wanted.isNew, isUnsure, !this.#whoSpeaks.isSpokenFor(ip)].includes(true);
    const desired = { interface: wanted.pool.interface, probe };
    if (owner.onBehalfOf === undefined) return desired;
    const links = this.#resolver.resolve(addressOctets(ip) ?? new Uint8Array(), ip, wanted.pool.interface);
    const mac = this.#macs.macOfOneOf(owner.onBehalfOf, links);
    return mac === undefined ? undefined : { ...desired, mac };
  }

  #keep(ip: string, desired: Desired | undefined): void {
    if (desired !== undefined) {
      this.#desired.set(ip, desired);
      return this.#audit.add(ip);
    }
    this.#desired.delete(ip);
    this.#states.delete(ip);
    this.#suspects.delete(ip);
    this.#audit.delete(ip);
    this.#conflicts.delete(ip);
    this.#handovers.delete(ip);
  }

  #note(observation: StateObservation): void {
    const { ip, state } = observation;
    if (!this.#desired.has(ip)) return;
    this.#states.set(ip, observation);
    this.#whoSpeaks.note(observation);
    this.#whoSpeaks.setOwn(ip, this.#ownSilence(ip));
    if (state === 'announcing') this.#yields.proved(ip);
    if (state === 'conflict') void this.#identify(ip);
    else if (this.#conflicts.get(ip)?.node === undefined) this.#conflicts.delete(ip);
    this.#deps.onChange(new Set([ip]));
  }

  /** A stranger, or a node of ours that we had not met on this link. */
  async #identify(ip: string): Promise<void> {
    await this.#macs.meetAll();
    const state = this.#states.get(ip);
    const wanted = this.#wanted.get(ip);
    if (state?.state !== 'conflict' || state.mac === undefined || wanted === undefined) return;
    if (this.#macs.nodeOf(state.mac) !== undefined) return this.#beginAnew(ip);
    if (this.#isUncertain(ip)) return;
    const { mac, link = '', announced = false } = state;
    this.#conflicts.set(ip, { ...{ pool: wanted.pool.name, link, mac }, node: undefined, announced });
  }

  /** Whoever has it may be a replica that doesn't know us, whose MAC is not known. */
  #isUncertain(ip: string): boolean {
    return this.#unplaced.size > 0 && this.#wanted.get(ip)?.isNew === false;
  }

  /** The speaker knows better now who is a rival and who a stranger. */
  #beginAnew(ip: string): void {
    const desired = this.#desired.get(ip);
    if (desired === undefined) return;
    // What is announced already is not asked for once more: nobody would answer for it meanwhile.
    const probe = desired.probe && this.#states.get(ip)?.announced !== true;
    this.#states.delete(ip);
    this.#deps.speaker.update(new Map([[ip, null]]));
    this.#deps.speaker.update(new Map([[ip, { ...desired, probe }]]));
  }

  #meet(rival: RivalObservation): void {
    const { ip } = rival;
    const [owner, wanted, desired] = [this.#owners.get(ip), this.#wanted.get(ip), this.#desired.get(ip)];
    if (this.#leaving || this.#handovers.has(ip)) {
      // A kernel that answers is no successor.
      if (rival.heard === 'announcement') this.#release(ip);
    } else if (this.#rivals.mayYieldTo(rival, { owner, wanted, desired, places: this.#places })) this.#yield(rival);
    else {
      const isAnswer = rival.heard === 'answer';
      const isOldNews = isAnswer && this.#suspects.hear(rival, wanted?.pool.name ?? '');
      if (!isOldNews) this.#deps.speaker.reassert(ip, patienceWith(rival, this.#deps.replicas));
      if (isAnswer) this.#audit.again(ip);
    }
  }

  #yield({ ip, node: to, delegate }: RivalObservation): void {
    if (this.#yields.has(ip)) return;
    const isNews = this.#yields.add(ip, to, delegate);
    if (isNews) this.#deps.logger.info({ ip, to }, 'another replica speaks for an address of ours, and it outranks us');
    this.#apply([ip]);
  }

  #release(ip: string): void {
    if (this.#desired.has(ip)) {
      this.#keep(ip, undefined);
      this.#deps.speaker.update(new Map([[ip, null]]));
    }
    this.#whoSpeaks.setOwn(ip, this.#ownSilence(ip));
  }

  #ask(ip: string): void {
    if (this.#suspects.beforeAsking(ip)) this.#audit.again(ip);
    this.#deps.speaker.audit(ip);
  }
}
