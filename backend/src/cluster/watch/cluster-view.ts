import { isDeepStrictEqual } from 'node:util';
import { parseAddress, type AddressRange } from '../../domain/address.ts';
import type { Node } from '../../domain/node.ts';
import type { BgpSettings } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Service } from '../../domain/service.ts';
import type { InputDelta } from '../../engine/messages.ts';
import { BGP_CONF_NAME, GROUP, OLD_POOL_FINALIZER } from '../../resources/keys.ts';
import { parseBgpConf } from '../../resources/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../resources/parse-bgp-peer.ts';
import { parseEip, standIn, withStanding } from '../../resources/parse-eip.ts';
import { bgpConfs, bgpPeers, eips, type BgpConf, type BgpPeer, type Eip } from '../custom-kinds.ts';
import { Journal } from '../journal.ts';
import * as kinds from '../kinds.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import { slimSlice, toReplicas } from './domain/endpoints.ts';
import { toNode } from './domain/node.ts';
import { toService } from './domain/service.ts';
import { HoldingFeed } from './holding-feed.ts';
import { Informer, type Change, type InformerDeps, type InformerState } from './informer.ts';
import { kindStands } from './kind-stands.ts';
import { LastGood } from './last-good.ts';
import { PeerPasswords } from './peer-passwords.ts';
import { isOnRecord, PeersInForce } from './peers-in-force.ts';
import { PoolWords } from './pool-words.ts';
import { ServiceReasons } from './service-reasons.ts';
import { asItWas, take, usable, wishOf } from './taking.ts';

/**
 * What changed: an object of a kind, or `replicas`, the manager's own membership. `pool` is a change of what is in force, `pool-object`
 * any other of an Eip, such as a write of its status.
 */
export type ObjectChange = 'service' | 'namespace' | 'pool' | 'pool-object' | 'peer' | 'settings' | 'replicas';

/** What a part of the view knows of itself. */
export interface ViewSource {
  /** Plural of the kind. */
  readonly plural: string;
  readonly state: InformerState;
  /** Number of objects that are known. */
  readonly size: number;
}

export interface ClusterViewOptions {
  /** `namespace/name` of the manager's headless Service, whose endpoints are the replicas; undefined outside of a cluster. */
  readonly membership: string | undefined;
  /** The manager's own, where Secrets with passwords of peers are. */
  readonly namespace: string;
  /** What the cluster's own Service IPs are taken from, as far as it is known; the same array until it changes. */
  readonly serviceRanges: () => readonly AddressRange[];
  /** This replica's own address: the others are asked from it, so that theirs of the same family count. */
  readonly address: string;
  /** Once, when every kind has been listed. */
  readonly onSynced: () => void;
  /** Changes for the engine, from the first on; those before `onSynced` are also part of `inputs()`. */
  readonly onInputs: (delta: InputDelta) => void;
  /** An object of interest to those who write changed or went. */
  readonly onChange: (kind: ObjectChange, key: string) => void;
}

/** All that this process knows of the cluster, as domain values, kept current by informers. */
export class ClusterView {
  readonly services = new Map<string, Service>();
  /** By key. */
  readonly serviceChanges = new Journal();
  /** Of what else decides about addresses: pools with their statuses, namespaces, nodes; by name. */
  readonly termChanges = new Journal();
  /** The cluster addresses of all Services, by canonical text, with the key of whose each is. */
  readonly clusterIPs = new Map<string, string>();
  readonly serviceReasons = new ServiceReasons();
  readonly namespaces = new Map<string, Labels>();
  readonly nodes = new Map<string, Node>();
  readonly pools = new LastGood<Pool>();
  readonly peers: PeersInForce;
  readonly settings = new LastGood<BgpSettings>();
  readonly passwords: PeerPasswords;
  /** What pools say of addresses that Services claim to hold. */
  readonly words: PoolWords;
  readonly #options: ClusterViewOptions;
  readonly #feed: HoldingFeed;
  readonly #informers: readonly Informer<never>[];
  readonly #serviceInformer: Informer<kinds.Service>;
  readonly #eipInformer: Informer<Eip>;
  readonly #peerInformer: Informer<BgpPeer>;
  readonly #nodeInformer: Informer<kinds.Node>;
  readonly #confInformer: Informer<BgpConf>;
  #poolsInForce: ReadonlyMap<string, Pool> | undefined;
  #synced = false;

  constructor(deps: InformerDeps, options: ClusterViewOptions) {
    this.#options = options;
    const { services, namespaces } = this;
    this.passwords = new PeerPasswords(deps, {
      namespace: options.namespace,
      onPassword: (peer, password) => options.onInputs({ passwords: new Map([[peer, password]]) }),
      onProblem: (peer) => this.#judgePeers(peer),
    });
    this.peers = new PeersInForce({ passwords: this.passwords, nodes: this.nodes });
    this.words = new PoolWords({
      poolsInForce: () => this.poolsInForce(),
      poolObject: (name) => this.poolObject(name),
      standsIn: (name) => this.pools.get(name)?.standsIn === true,
      services,
      nodes: this.nodes,
      serviceRanges: options.serviceRanges,
    });
    this.#feed = new HoldingFeed({ services, namespaces, words: this.words });
    const informers: Informer<never>[] = [];
    const add = <T extends KubeObject>(
      kind: ResourceKind<T>,
      onChange: (change: Change<T>) => void,
      transform?: (object: T) => T,
    ): Informer<T> => {
      const informer = new Informer<T>(deps, {
        kind,
        onChange,
        onState: () => this.#checkSynced(),
        ...(transform === undefined ? {} : { transform }),
        ...(kind.group === GROUP ? { kindStands: () => kindStands(deps.api, kind) } : {}),
      });
      informers.push(informer as unknown as Informer<never>);
      return informer;
    };
    this.#serviceInformer = add(kinds.services, (change) => this.#service(change));
    add(kinds.endpointSlices, (change) => this.#slice(change), slimSlice);
    this.#eipInformer = add(eips, (change) => this.#pool(change));
    this.#peerInformer = add(bgpPeers, (change) => this.#peer(change));
    this.#confInformer = add(bgpConfs, (change) => this.#settings(change));
    this.#nodeInformer = add(kinds.nodes, (change) => this.#node(change));
    add(kinds.namespaces, (change) => this.#namespace(change));
    this.#informers = informers;
  }

  start(): void {
    for (const informer of this.#informers) informer.start();
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop();
    this.passwords.stop();
  }

  /** The view is current again after it was stale: what waits goes on, and what stands is opened anew. */
  revive(): void {
    for (const informer of this.#informers) informer.revive();
    this.passwords.revive();
  }

  /** The API server answers after a silence: what waits for its backoff need not, what stands is left alone. */
  retryNow(): void {
    for (const informer of this.#informers) informer.retryNow();
    this.passwords.retryNow();
  }

  get synced(): boolean {
    return this.#synced;
  }

  /** Plural names of the kinds that have not been listed yet. */
  unsynced(): string[] {
    return this.#informers.filter((informer) => !informer.hasSynced).map((informer) => informer.plural);
  }

  /** For judging how fresh the view is, and how much it is. */
  get sources(): readonly ViewSource[] {
    return this.#informers;
  }

  serviceObject(key: string): kinds.Service | undefined {
    return this.#serviceInformer.get(key);
  }

  poolObject(name: string): Eip | undefined {
    return this.#eipInformer.get(name);
  }

  poolObjects(): IterableIterator<Eip> {
    return this.#eipInformer.values();
  }

  /** Whether the old products may have a pool, each of which has their finalizer; as long as Eips are not listed, they may. */
  mayHaveOldPools(): boolean {
    if (!this.#eipInformer.hasSynced) return true;
    return [...this.poolObjects()].some(({ metadata }) => metadata?.finalizers?.includes(OLD_POOL_FINALIZER));
  }

  nodeObject(name: string): kinds.Node | undefined {
    return this.#nodeInformer.get(name);
  }

  peerObject(name: string): BgpPeer | undefined {
    return this.#peerInformer.get(name);
  }

  peerObjects(): IterableIterator<BgpPeer> {
    return this.#peerInformer.values();
  }

  settingsObject(): BgpConf | undefined {
    return this.#confInformer.get(BGP_CONF_NAME);
  }

  /** The pools in force, by name: the same map until one of them changes. */
  poolsInForce(): ReadonlyMap<string, Pool> {
    return (this.#poolsInForce ??= new Map(this.pools.values()));
  }

  /** Names of the pools that are there and not in force, as they never could be read. */
  unreadablePools(): Set<string> {
    return new Set([...this.pools.entries()].flatMap(([name, { value }]) => (value === undefined ? [name] : [])));
  }

  /** Names of the replicas of the manager. */
  replicas(): string[] {
    return this.#replicas().map(({ name }) => name);
  }

  /** The replicas of the manager, with where they are. */
  members(): ReturnType<typeof toReplicas> {
    return this.#replicas();
  }

  /** The whole set of the engine's inputs. */
  inputs(): InputDelta {
    return {
      ...this.#feed.inputs(),
      nodes: new Map(this.nodes),
      pools: new Map(this.poolsInForce()),
      peers: new Map(this.peers.values()),
      passwords: new Map(this.passwords.passwords),
      settings: this.settings.get(BGP_CONF_NAME)?.value ?? null,
      replicas: this.#replicas(),
    };
  }

  #checkSynced(): void {
    if (this.#synced || !this.#informers.every((informer) => informer.hasSynced)) return;
    this.#synced = true;
    this.#feed.begin();
    this.peers.begin();
    this.#options.onSynced();
  }

  #replicas(): ReturnType<typeof toReplicas> {
    const { membership, address } = this.#options;
    const slices = membership === undefined ? [] : this.#feed.slices(membership);
    return toReplicas(slices, parseAddress(address)?.family ?? 'ipv4');
  }

  #service(change: Change<kinds.Service>): void {
    const { key } = change;
    this.serviceReasons.note(change);
    for (const ip of this.services.get(key)?.clusterIPs ?? [])
      if (this.clusterIPs.get(ip) === key) this.clusterIPs.delete(ip);
    if (change.type === 'set') this.#take(toService(change.object));
    else this.services.delete(key);
    this.serviceChanges.note(key);
    this.#send(this.#feed.serviceChanged(key));
    this.#options.onChange('service', key);
  }

  #take(service: Service): void {
    this.services.set(service.key, service);
    for (const ip of service.clusterIPs) this.clusterIPs.set(ip, service.key);
  }

  #send(delta: InputDelta | undefined): void {
    if (delta !== undefined) this.#options.onInputs(delta);
  }

  #slice(change: Change<kinds.EndpointSlice>): void {
    const { touched, delta } = this.#feed.sliceChanged(change);
    this.#send(delta);
    const own = this.#options.membership;
    if (own === undefined || !touched.includes(own)) return;
    this.#options.onInputs({ replicas: this.#replicas() });
    this.#options.onChange('replicas', own);
  }

  #node(change: Change<kinds.Node>): void {
    const before = this.nodes.get(change.key);
    const node = change.type === 'set' ? toNode(change.object) : undefined;
    if (isDeepStrictEqual(before, node)) return;
    if (node === undefined) this.nodes.delete(change.key);
    else this.nodes.set(change.key, node);
    this.termChanges.note(change.key);
    this.words.nodesChanged();
    this.#options.onInputs({ nodes: new Map([[change.key, node ?? null]]) });
    // Two peers may be for different nodes now.
    if (this.peers.hasWaiting) this.#judgePeers();
  }

  #namespace(change: Change<kinds.Namespace>): void {
    const before = this.namespaces.get(change.key);
    const labels = change.type === 'set' ? (change.object.metadata?.labels ?? {}) : undefined;
    if (isDeepStrictEqual(before, labels)) return;
    if (labels === undefined) this.namespaces.delete(change.key);
    else this.namespaces.set(change.key, labels);
    this.termChanges.note(change.key);
    this.#send(this.#feed.namespaceChanged(change.key));
    this.#options.onChange('namespace', change.key);
  }

  #pool(change: Change<Eip>): void {
    const wasThere = this.pools.get(change.key) !== undefined;
    const taken = take(this.pools, change, parseEip, (object) => ({
      refresh: (last) => withStanding(last, object),
      standIn: () => standIn(object),
    }));
    if (taken.changed) this.#poolsInForce = undefined;
    this.termChanges.note(change.key);
    // The status alone may say who holds what.
    const holdings = this.#feed.poolsChanged();
    // In one delta: what the pool bars must not be announced for a moment because the pool has the address now.
    if (taken.changed) this.#options.onInputs({ pools: new Map([[change.key, taken.value]]), ...holdings });
    else this.#send(holdings);
    const isThere = this.pools.get(change.key) !== undefined;
    this.#options.onChange(taken.changed || wasThere !== isThere ? 'pool' : 'pool-object', change.key);
  }

  #peer(change: Change<BgpPeer>): void {
    const { key } = change;
    const parsed = this.#readPeer(key, usable(change));
    const wish = wishOf(parsed);
    // A password is known before the peer that has one, and forgotten after it.
    if (wish !== undefined) this.passwords.set(key, wish.password, wish.uid);
    else if (parsed?.ok === false) this.#keepPassword(key);
    this.#judgePeers(key);
    if (wish !== undefined) return;
    const isKept = parsed?.ok === false && this.peers.get(key)?.value !== undefined;
    if (!isKept) this.passwords.set(key, undefined);
  }

  /** Of an object that can't be read the last good password stays in force, as all the rest does. */
  #keepPassword(peer: string): void {
    this.passwords.keep(peer, this.peerObject(peer)?.metadata?.uid ?? '');
  }

  #readPeer(key: string, object: BgpPeer | undefined): ReturnType<typeof parseBgpPeer> | undefined {
    if (object === undefined) {
      this.peers.delete(key);
      return undefined;
    }
    const parsed = parseBgpPeer(object);
    this.peers.set(key, object.metadata?.uid ?? '', parsed, isOnRecord(object));
    return parsed;
  }

  /** What an earlier container of this Pod had in force: it stays so of objects that can't be used as they are now. */
  remember({ peers, passwords, settings }: Pick<Required<InputDelta>, 'peers' | 'passwords' | 'settings'>): void {
    if (this.settings.remember(new Map([[BGP_CONF_NAME, settings]])).length > 0) {
      this.#options.onInputs({ settings });
      this.#options.onChange('settings', BGP_CONF_NAME);
    }
    const ofObjects = [...passwords].map(
      ([name, password]) => [name, { uid: peers.get(name)?.uid, password }] as const,
    );
    this.passwords.remember(new Map(ofObjects));
    for (const name of this.peers.remember(peers)) this.#keepPassword(name);
    this.#judgePeers();
  }

  /** @param changed of this one at least its words may be others */
  #judgePeers(changed?: string): void {
    const peers = this.peers.judge();
    if (peers.size > 0) this.#options.onInputs({ peers });
    const names = new Set([...peers.keys(), ...(changed === undefined ? [] : [changed])]);
    for (const name of names) this.#options.onChange('peer', name);
  }

  /** Only the BgpConf named `default` is honoured, as ever. */
  #settings(change: Change<BgpConf>): void {
    if (change.key !== BGP_CONF_NAME) return;
    const taken = take(this.settings, change, parseBgpConf, asItWas);
    if (taken.changed) this.#options.onInputs({ settings: taken.value });
    this.#options.onChange('settings', change.key);
  }
}
