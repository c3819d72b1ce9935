import { isDeepStrictEqual } from 'node:util';
import { bgpRoute, decide, type Alike, type Announcement, type BgpRoute, type Decision } from '../announce/announce.ts';
import type { PeerTarget } from '../announce/snapshot.ts';
import { hostPrefix, parseAddress } from '../domain/address.ts';
import type { Protocol } from '../domain/pool.ts';
import type { NodeProber } from '../health/nodes.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Clock, Links, Logger, Timer } from '../platform/ports.ts';
import type { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { addressReport } from './address-report.ts';
import { Drains } from './drains.ts';
import { addressFacts, type AddressFacts, type EngineFacts } from './facts.ts';
import { leavingMode, routersToMove, type Successors } from './handing-over.ts';
import { HearingRouters, type HearingByKind } from './hearing-routers.ts';
import { Inputs, type Touched } from './inputs.ts';
import type { Layer2 } from './layer2.ts';
import type { Layer2Host, LinkAddress } from './layer2-deps.ts';
import type { AddressReport, EngineOptions, FromEngine, InputDelta } from './messages.ts';
import { OffSubnetNextHops } from './off-subnet.ts';
import { alikeTargets, peerConfigs, peersOf, peerTarget, placeOf, retentionMs } from './peering.ts';
import { probeTargets } from './probe-targets.ts';
import { Ranks, type Own, type SessionSight } from './ranks.ts';
import { leastOffset, offsetTo, SelfRank } from './self-rank.ts';
import { Strangers } from './strangers.ts';

export interface EngineDeps {
  readonly clock: Clock;
  readonly links: Links;
  readonly logger: Logger;
  readonly speaker: Pick<BgpSpeaker, 'configure' | 'setRoutes' | 'updateRoutes' | 'whenWritten' | 'whenHeard' | 'stop'>;
  readonly replicas: Pick<
    ReplicaProber,
    | 'start'
    | 'stop'
    | 'setReplicas'
    | 'setRetention'
    | 'setStale'
    | 'setNewcomer'
    | 'setAnnouncing'
    | 'setRank'
    | 'answering'
    | 'lost'
    | 'goneNodes'
    | 'told'
    | 'announceLeaving'
  >;
  readonly nodes: Pick<NodeProber, 'start' | 'stop' | 'setNodes' | 'setRouters' | 'health'>;
  /** Makes what speaks on links; undefined where Layer 2 is off. */
  readonly layer2?: (host: Layer2Host) => LinkPart;
  readonly post: (message: FromEngine) => void;
}

type LinkPart = Pick<Layer2, 'start' | 'set' | 'update' | 'replicasChanged' | 'setStale' | 'leave' | 'stop' | 'view'>;

/** Nodes that answer for the first time mostly do so one after the other, as all do to a replica that starts. */
const RECONSIDER_MS = 500;

/** What is kept of a decision: what the speakers are told, and what was said of it. */
interface Decided extends Pick<Decision, 'services' | 'younger' | 'idle' | 'finding' | 'announcement'> {
  readonly isNew: boolean;
  readonly report: AddressReport | undefined;
}

/**
 * Turns inputs into what the speakers are told, with no leader and no help from the main thread: it goes on deciding when the
 * Kubernetes API or the main thread is gone.
 */
export class Engine {
  readonly #deps: EngineDeps;
  readonly #options: EngineOptions;
  readonly #drains: Drains;
  readonly #inputs: Inputs;
  readonly #layer2: LinkPart | undefined;
  readonly #decided = new Map<string, Decided>();
  #targets: readonly PeerTarget[] = [];
  /** The same by what they are told: routes are made once for all that are alike. */
  #alike: readonly (readonly PeerTarget[])[] = [];
  readonly #offSubnet = new OffSubnetNextHops();
  #started = false;
  #stale = false;
  #newcomer = false;
  #strangers: Strangers | undefined;
  #leaving = false;
  readonly #hearing = new HearingRouters();
  readonly #ranks: Ranks;
  readonly #selfRank: SelfRank;
  #barred: readonly string[] = [];
  #answering: readonly string[] = [];
  #reconsidering: Timer | undefined;

  constructor(deps: EngineDeps, options: EngineOptions) {
    this.#deps = deps;
    this.#options = options;
    const hearing = (node = ''): HearingByKind => this.#hearing.of(this.#inputs.nodes.get(node));
    const isDead = (node: string | undefined): boolean => this.#isDead(node);
    const onDue = (): void => this.#updateRank();
    this.#ranks = new Ranks({ ...deps, hearing: (node) => hearing(node).all, isDead, onDue });
    this.#selfRank = new SelfRank({ ...deps, hearing: (node) => hearing(node).self });
    const protocols: Protocol[] = deps.layer2 === undefined ? ['bgp'] : ['bgp', 'layer2'];
    const policy = { graceMs: options.drainGraceMs, onCordon: options.drainOnCordon };
    this.#drains = new Drains({ ...deps, onChange: () => this.#drainsChanged() }, policy);
    const { gone, phases: drains } = this.#drains;
    this.#inputs = new Inputs({ protocols: new Set(protocols), health: deps.nodes.health(), gone, drains });
    this.#layer2 = deps.layer2?.({ nodes: this.#inputs.nodes, onChange: (ips) => this.#report(ips, []) });
  }

  /** The first full set of inputs: nothing is announced or withdrawn before. */
  start(inputs: InputDelta): void {
    if (inputs.replicas !== undefined) this.#deps.replicas.setReplicas(inputs.replicas);
    this.#deps.replicas.start();
    this.#apply(inputs);
    this.#deps.nodes.start();
    this.#started = true;
    const onGivenUp = (): void => this.#rankAmongAcquainted();
    this.#strangers = new Strangers({ ...this.#deps, onGivenUp }, this.#inputs.nodes);
    this.#meetNodes();
    this.#layer2?.start();
    this.#decideAll();
    this.#configurePeers();
  }

  change(delta: InputDelta): void {
    if (delta.replicas !== undefined) this.#deps.replicas.setReplicas(delta.replicas);
    const touched = this.#apply(delta);
    if (delta.nodes !== undefined) this.#offSubnet.nodesChanged();
    const ownNodeChanged = delta.nodes?.has(this.#options.node) === true;
    if (touched.everything) this.#decideAll();
    else if (touched.addresses.size > 0) this.#decideSome(touched.addresses);
    if (touched.peers || ownNodeChanged) this.#configurePeers();
    else if (touched.everything) this.#setAllRoutes(this.#groupAlike());
    this.#rankAmongAcquainted();
  }

  setStale(stale: boolean): void {
    this.#stale = stale;
    this.#deps.replicas.setStale(stale);
    this.#layer2?.setStale(stale);
    this.replicasChanged();
  }

  /**
   * Probes have another verdict on nodes: if it bars or readmits any, all addresses are decided anew at once. If it only makes another one
   * as good as one that is being drained, that has time.
   */
  healthChanged(): void {
    if (!this.#started) return;
    if (!isDeepStrictEqual(this.#inputs.barred(), this.#barred)) {
      this.#decideAll();
      this.#setAllRoutes();
    } else if (!isDeepStrictEqual(this.#inputs.answering(), this.#answering)) {
      this.#reconsidering ??= this.#deps.clock.setTimer(RECONSIDER_MS, () => this.#reconsider());
    }
    // After the routes: whoever becomes the first has the right ones by then.
    this.#rankAmongAcquainted();
  }

  #reconsider(): void {
    this.#reconsidering = undefined;
    if (isDeepStrictEqual(this.#inputs.answering(), this.#answering)) return;
    this.#decideAll();
    this.#setAllRoutes();
  }

  /** Which nodes are dead says which lost replicas are, and whether we have met them all. */
  #rankAmongAcquainted(): void {
    this.#meetNodes();
    this.#updateRank();
  }

  #meetNodes(): void {
    this.#newcomer = this.#strangers?.remain(this.#inputs.nodes, this.#inputs.health) ?? false;
    this.#deps.replicas.setNewcomer(this.#newcomer);
  }

  #apply(delta: InputDelta): Touched {
    if (delta.nodes !== undefined) this.#drains.update(delta.nodes, this.#inputs.nodes);
    const touched = this.#inputs.apply(delta);
    if (delta.nodes !== undefined) this.#probeNodes();
    return touched;
  }

  /** One whose object is gone takes traffic for a moment yet, if it lives. */
  #probeNodes(): void {
    this.#deps.nodes.setNodes(probeTargets(this.#inputs.allNodes()));
  }

  #drainsChanged(): void {
    this.#probeNodes();
    this.#decideAll();
    this.#setAllRoutes();
  }

  /** What other replicas do may change this one's rank, hence the MED of all its routes. */
  replicasChanged(): void {
    if (!this.#started) return;
    this.#layer2?.replicasChanged();
    this.#updateRank();
  }

  #updateRank(): void {
    if (!this.#started) return;
    const isSelfOther = this.#updateSelfRank();
    if (this.#ranks.update(this.#own())) this.#routeAllAnew();
    else if (isSelfOther) this.#setAllRoutes(this.#groupAlike().filter(([peer]) => peer?.onlyNode !== undefined));
  }

  #updateSelfRank(): boolean {
    return this.#selfRank.update(this.#options.node, this.#ranks.view(this.#own()), this.#inputs);
  }

  #own(): Own {
    const { replica: name, node } = this.#options;
    const hearing = this.#hearing.of(this.#inputs.nodes.get(node)).all;
    return { name, hearing, stale: this.#stale, newcomer: this.#newcomer, leaving: this.#leaving };
  }

  #routeAllAnew(): void {
    this.#setAllRoutes(this.#groupAlike());
    this.#ranks.routed();
  }

  #groupAlike(): readonly (readonly PeerTarget[])[] {
    const rank = (target: PeerTarget): number | undefined => offsetTo(target, this.#ranks, this.#selfRank);
    return (this.#alike = alikeTargets(this.#targets, rank, this.#inputs.allNodes()));
  }

  /** What it has decided of these addresses and why, as far as Services hold them. */
  facts(ips: readonly string[]): Pick<EngineFacts, 'stale' | 'medOffset' | 'rank' | 'drains' | 'addresses'> {
    const addresses = ips.flatMap((ip) => this.#addressFacts(ip) ?? []);
    const medOffset = leastOffset(this.#targets, this.#ranks, this.#selfRank);
    return { stale: this.#stale, medOffset, rank: this.#ranks.best, drains: [...this.#inputs.drains], addresses };
  }

  #addressFacts(ip: string): AddressFacts | undefined {
    const holders = this.#inputs.holders(ip);
    if (holders.length === 0) return undefined;
    const decision = decide(ip, holders, this.#inputs);
    const routes = this.#targets.flatMap((target) => {
      const route = this.#route(decision.announcement, target);
      return route === undefined ? [] : [{ peer: target.name, route }];
    });
    return addressFacts(ip, decision, { routes, link: this.#layer2?.view(ip) });
  }

  offSubnetNextHop(peer: string): string | undefined {
    return this.#offSubnet.of(peer, this.#inputs.nodes);
  }

  /** Sessions came up or went down: others may leave their routes to us only while all of ours are there. */
  sessionsChanged(sessions: readonly SessionSight[]): void {
    this.#deps.replicas.setAnnouncing(this.#ranks.sessionsChanged(sessions));
  }

  /** Where others announce to the same routers, or speak on links, these move to them: our routes become the worst. */
  async handOver(): Promise<void> {
    // Alone it isn't announced as leaving: whoever comes up later must outbid the paths that routers retain for us.
    if (this.#leaving || (this.#inherited().size === 0 && !this.#othersSpeakOnLinks())) return;
    this.#leaving = true;
    this.#layer2?.leave();
    this.#deps.replicas.announceLeaving();
    this.replicasChanged();
    await routersToMove(this.#deps.clock, this.#deps.speaker, this.#ranks);
  }

  /** Leaves the network; what becomes of our routes is for each router to be decided (`leavingMode`). */
  async stop(successors: Successors = 'any'): Promise<void> {
    if (successors === 'any') await this.handOver();
    this.#drains.stop();
    this.#reconsidering?.cancel();
    this.#strangers?.stop();
    this.#layer2?.stop();
    // Asked again: when all leave at once, each was an heir in the eyes of the others, and routers would be left with nobody.
    await this.#deps.speaker.stop(leavingMode(this.#inherited(), successors));
    this.#deps.replicas.stop();
    this.#ranks.stop();
    this.#deps.nodes.stop();
    this.#deps.post({ type: 'stopped' });
  }

  /** Our peers that another replica tells what we do (none with `nextHopSelf`); it counts as announcing while all of its sessions are up. */
  #inherited(): ReadonlySet<string> {
    const own = this.#targets.flatMap(({ name }) => this.#inputs.peers.get(name) ?? []);
    const heirs = this.#deps.replicas.answering().filter(({ announcing }) => announcing);
    const theirs = heirs.flatMap(({ node }) => peersOf(this.#inputs.nodes.get(node ?? ''), own));
    return new Set(theirs.flatMap(({ name, nextHopSelf }) => (nextHopSelf ? [] : [name])));
  }

  #othersSpeakOnLinks(): boolean {
    if (this.#layer2 === undefined) return false;
    // One that has not said where it speaks doesn't know us yet, and may take over all the same.
    return this.#deps.replicas.answering().some(({ place, isPlaceKnown }) => place.links.length > 0 || !isPlaceKnown);
  }

  /** Where no other node answers, it may be us. That our own does says nothing. */
  #isDead(node: string | undefined): boolean {
    const { health } = this.#inputs;
    if (node === undefined || health.get(node) !== 'dead') return false;
    return [...health].some(([name, verdict]) => verdict === 'alive' && name !== this.#options.node);
  }

  #configurePeers(): void {
    const { settings } = this.#inputs;
    const place = placeOf(this.#options, this.#inputs.nodes, this.#deps.links.connectedPrefixes());
    const usable = this.#inputs.usablePeers();
    const peers = settings === null ? [] : peersOf(place.node, usable);
    this.#targets = peers.map((peer) => peerTarget(peer, place, settings));
    this.#hearing.configure(usable, settings);
    const configs = peerConfigs(peers, settings, place, this.#inputs.passwords);
    this.#offSubnet.configure(this.#targets, configs);
    const retention = retentionMs(this.#inputs.peers.values(), settings);
    if (retention !== undefined) this.#deps.replicas.setRetention(retention);
    this.#deps.nodes.setRouters(configs.map(({ address }) => address));
    const { listenPort: port = 0, listenAddresses: addresses = [] } = settings ?? {};
    this.#deps.speaker.configure(configs, { port, addresses });
    this.#updateSelfRank();
    this.#ranks.update(this.#own());
    this.#routeAllAnew();
  }

  #decideAll(): void {
    this.#barred = this.#inputs.barred();
    this.#answering = this.#inputs.answering();
    const current = new Set(this.#inputs.addresses());
    const gone = [...this.#decided.keys()].filter((ip) => !current.has(ip) && this.#decided.delete(ip));
    this.#decide(current);
    this.#layer2?.set(new Map([...current].flatMap((ip) => entryOf(ip, this.#linkAddress(ip)))));
    this.#report(current, gone);
  }

  #decideSome(addresses: ReadonlySet<string>): void {
    const current = new Set([...addresses].filter((ip) => this.#inputs.holders(ip).length > 0));
    const gone = [...addresses].filter((ip) => !current.has(ip) && this.#decided.delete(ip));
    this.#decide(current);
    for (const alike of this.#alike) this.#updateRoutes(alike, addresses);
    this.#layer2?.update(new Map([...addresses].map((ip) => [ip, this.#linkAddress(ip) ?? null])));
    this.#report(current, gone);
  }

  #decide(ips: ReadonlySet<string>): void {
    const alike: Alike = new Map();
    for (const ip of ips) {
      const holders = this.#inputs.holders(ip);
      const { leftOut: _leftOut, ...decision } = decide(ip, holders, this.#inputs, alike);
      const isNew = !holders.some(({ announcedBefore }) => announcedBefore);
      this.#decided.set(ip, { ...decision, isNew, report: this.#decided.get(ip)?.report });
    }
  }

  #linkAddress(ip: string): LinkAddress | undefined {
    const decided = this.#decided.get(ip);
    if (decided?.announcement?.pool.protocol !== 'layer2') return undefined;
    const { pool, nodes } = decided.announcement;
    return { pool, nodes: nodes.map(({ name }) => name), isNew: decided.isNew };
  }

  /** Says what is different of these addresses, and which are gone. */
  #report(ips: Iterable<string>, gone: readonly string[]): void {
    const changed: AddressReport[] = [];
    for (const ip of ips) {
      const decided = this.#decided.get(ip);
      if (decided === undefined) continue;
      const report = addressReport(ip, decided, this.#layer2?.view(ip));
      if (isDeepStrictEqual(decided.report, report)) continue;
      this.#decided.set(ip, { ...decided, report });
      changed.push(report);
    }
    if (changed.length > 0 || gone.length > 0) this.#deps.post({ type: 'addresses', changed, gone });
  }

  #setAllRoutes(groups = this.#alike): void {
    for (const alike of groups) {
      const routes = new Map<string, BgpRoute>();
      for (const { announcement } of this.#decided.values()) {
        const route = this.#route(announcement, alike[0]);
        if (route !== undefined) routes.set(route.prefix, route);
      }
      for (const { name } of alike) this.#deps.speaker.setRoutes(name, routes);
    }
  }

  #updateRoutes(alike: readonly PeerTarget[], addresses: ReadonlySet<string>): void {
    const changes = new Map<string, BgpRoute | null>();
    for (const ip of addresses) {
      const address = parseAddress(ip);
      const route = this.#route(this.#decided.get(ip)?.announcement, alike[0]);
      if (address !== undefined) changes.set(hostPrefix(address), route ?? null);
    }
    for (const { name } of alike) this.#deps.speaker.updateRoutes(name, changes);
  }

  #route(announcement: Announcement | undefined, target: PeerTarget | undefined): BgpRoute | undefined {
    if (announcement === undefined || target === undefined) return undefined;
    const offset = offsetTo(target, this.#ranks, this.#selfRank);
    return offset === undefined ? undefined : bgpRoute(announcement, target, offset);
  }
}

function entryOf<T>(key: string, value: T | undefined): [string, T][] {
  return value === undefined ? [] : [[key, value]];
}
