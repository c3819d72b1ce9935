import { unopened, type Unopened } from '../../announce/hearing.ts';
import { PoolSet } from '../../allocate/pool-set.ts';
import { Reserved } from '../../allocate/reserved.ts';
import { notServed } from '../../allocate/served.ts';
import type { ClusterView } from '../../cluster/watch/cluster-view.ts';
import type { AddressRange } from '../../domain/address.ts';
import { nodesByAddress, type Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import { poolOf, type Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { Clock } from '../../platform/ports.ts';
import { SERVICE_CONDITIONS } from '../../resources/keys.ts';
import type { Condition } from '../schemas/condition.ts';
import { conditionOf } from './conditions.ts';
import { ServiceIndex, type Entry, type Holder } from './service-index.ts';

/** What is read of the cluster: the view that the manager acts on. */
export type PictureView = Pick<
  ClusterView,
  | 'services'
  | 'serviceChanges'
  | 'termChanges'
  | 'clusterIPs'
  | 'namespaces'
  | 'nodes'
  | 'pools'
  | 'peers'
  | 'settings'
  | 'poolsInForce'
  | 'words'
  | 'unreadablePools'
  | 'serviceObject'
  | 'poolObject'
  | 'nodeObject'
  | 'peerObject'
  | 'settingsObject'
  | 'members'
  | 'passwords'
  | 'inputs'
>;

/** What keeps addresses from Services besides pools. */
export interface Reservations {
  /** The ranges of the cluster's own Service IPs. */
  readonly serviceRanges: () => readonly AddressRange[];
  /** Subnets of the links of all replicas' nodes, as far as they are known. */
  readonly subnets: () => readonly AddressRange[];
}

export interface PictureDeps extends Reservations {
  readonly clock: Clock;
  readonly view: PictureView;
}

/** How old may be what is made of all Services, or of all nodes, in milliseconds. */
const FRESH_MS = 500;

/** The cluster as every replica sees it: the same view gives the same answers. */
export class ClusterPicture {
  readonly view: PictureView;
  readonly #clock: Clock;
  readonly #reservations: Reservations;
  readonly #index: ServiceIndex;
  #indexedAt: number | undefined;
  #poolSet: { readonly at: number; readonly value: PoolSet } | undefined;
  #unopened: { readonly at: number; readonly value: ReadonlyMap<string, Unopened> } | undefined;

  constructor({ clock, view, ...reservations }: PictureDeps) {
    this.view = view;
    this.#reservations = reservations;
    this.#clock = clock;
    this.#index = new ServiceIndex({
      services: view.services,
      serviceChanges: view.serviceChanges,
      poolsInForce: () => view.poolsInForce(),
      entryOf: (service) => this.#entryOf(service),
    });
  }

  get index(): ServiceIndex {
    const now = this.#clock.now();
    if (this.#indexedAt === undefined || now - this.#indexedAt > FRESH_MS) {
      this.#index.refresh();
      this.#indexedAt = now;
    }
    return this.#index;
  }

  /** What pools may give, as the leader reckons. */
  get poolSet(): PoolSet {
    const now = this.#clock.now();
    if (this.#poolSet === undefined || now - this.#poolSet.at > FRESH_MS) {
      this.#poolSet = { at: now, value: this.poolSetWith(this.view.poolsInForce()) };
    }
    return this.#poolSet.value;
  }

  /** The same with other pools. */
  poolSetWith(pools: ReadonlyMap<string, Pool>): PoolSet {
    const nodes = nodesByAddress(this.view.nodes.values());
    const { serviceRanges, subnets } = this.#reservations;
    const { clusterIPs } = this.view;
    const reserved = new Reserved({ nodes, serviceRanges: serviceRanges(), subnets: subnets(), clusterIPs });
    return new PoolSet(pools, reserved, undefined, this.view.unreadablePools());
  }

  /** A session that is to have a password (RFC 2385) is not opened without it. */
  isUsable({ name, hasPassword }: Peer): boolean {
    return !hasPassword || this.view.passwords.passwords.has(name);
  }

  usablePeers(): Peer[] {
    return [...this.view.peers.values()].map(([, peer]) => peer).filter((peer) => this.isUsable(peer));
  }

  /** The peers that might be spoken with and that no replica opens a session with, by name. */
  get unopened(): ReadonlyMap<string, Unopened> {
    const now = this.#clock.now();
    if (this.#unopened === undefined || now - this.#unopened.at > FRESH_MS) {
      this.#unopened = { at: now, value: unopened(this.usablePeers(), this.#replicaNodes()) };
    }
    return this.#unopened.value;
  }

  /** Where nobody tells where replicas run it may be anywhere. */
  #replicaNodes(): (Node | undefined)[] {
    const { nodes } = this.view;
    const members = this.view.members();
    if (members.length === 0) return [undefined, ...nodes.values()];
    return members.map(({ node = '' }) => nodes.get(node));
  }

  /** A higher number as soon as any object is different that decides about addresses: Services of other types have addresses that pools must not give. */
  get revision(): number {
    return this.view.serviceChanges.revision + this.view.termChanges.revision;
  }

  holdersIn(pool: string): ReadonlyMap<string, readonly Holder[]> {
    return this.index.holders.get(pool) ?? new Map<string, readonly Holder[]>();
  }

  /** Why a Service is not ours; undefined: it is. */
  notServed(service: Service): Finding | undefined {
    return this.#entryFor(service).notServed;
  }

  allocated(service: Service): Condition | null {
    return this.#entryFor(service).allocated;
  }

  announced(service: Service): Condition | null {
    return this.#entryFor(service).announced;
  }

  poolOf(service: Service, ip: string): Pool | undefined {
    const recorded = service.recorded.find((assignment) => assignment.ip === ip);
    return poolOf(recorded ?? { ip, pool: '' }, this.view.poolsInForce());
  }

  /** What is asked of one Service is as new as the view. */
  #entryFor(service: Service): Entry {
    const known = this.#index.entries.get(service.key);
    const isAsNew = known?.service === service && this.#index.isMadeBy(this.view.poolsInForce());
    return isAsNew ? known : this.#entryOf(service);
  }

  #entryOf(service: Service): Entry {
    const { conditions } = this.view.serviceObject(service.key)?.status ?? {};
    const held = service.claims ? service.recorded : [];
    return {
      service,
      notServed: notServed({ service, defaultPoolExists: this.#hasDefault() }),
      allocated: conditionOf(conditions, SERVICE_CONDITIONS.allocated),
      announced: conditionOf(conditions, SERVICE_CONDITIONS.announced),
      held: held.map(({ ip }) => ({ ip, pool: this.poolOf(service, ip)?.name })),
    };
  }

  #hasDefault(): boolean {
    for (const { isDefault } of this.view.poolsInForce().values()) if (isDefault) return true;
    return false;
  }
}
