import { isDeepStrictEqual } from 'node:util';
import type { DrainPhase } from '../announce/drain.ts';
import { alive } from '../announce/eligible.ts';
import type { HoldingService, NodeHealth, Snapshot } from '../announce/snapshot.ts';
import { parseAddress } from '../domain/address.ts';
import type { Node } from '../domain/node.ts';
import type { BgpSettings, Peer } from '../domain/peer.ts';
import { holds, type Pool, type Protocol } from '../domain/pool.ts';
import type { Assignment, ServiceEndpoints } from '../domain/service.ts';
import { KeyedSets } from './keyed-sets.ts';
import type { Changes, InputDelta } from './messages.ts';

/** What a delta touches: single addresses, or so much that everything is decided anew. */
export interface Touched {
  readonly addresses: ReadonlySet<string>;
  readonly everything: boolean;
  readonly peers: boolean;
}

/** What a decision depends on and no delta tells. */
export type Surroundings = Pick<Snapshot, 'protocols' | 'health' | 'gone' | 'drains'>;

function put<T>(into: Map<string, T>, key: string, value: T | null): void {
  if (value === null) into.delete(key);
  else into.set(key, value);
}

function merge<T>(into: Map<string, T>, changes: Changes<T> | undefined): number {
  for (const [key, value] of changes ?? []) put(into, key, value);
  return changes?.size ?? 0;
}

/**
 * Which namespaces have addresses of a pool is for those who believe a holding, and what replicas have heard on links for those who
 * give addresses; announcing doesn't ask.
 */
function announcesAlike(a: Pool | undefined, b: Pool | null): boolean {
  if (a === undefined || b === null) return false;
  const rest = { heldNamespaces: [], conflicts: [] };
  return isDeepStrictEqual({ ...a, ...rest }, { ...b, ...rest });
}

/**
 * The engine's copy of its inputs, with indexes from an address to the Services that hold it and from a pool to those whose record
 * names it.
 */
export class Inputs implements Snapshot {
  readonly services = new Map<string, HoldingService>();
  readonly endpoints = new Map<string, ServiceEndpoints>();
  readonly nodes = new Map<string, Node>();
  readonly pools = new Map<string, Pool>();
  readonly peers = new Map<string, Peer>();
  readonly passwords = new Map<string, string>();
  readonly gone: ReadonlyMap<string, Node>;
  readonly health: ReadonlyMap<string, NodeHealth>;
  readonly drains: ReadonlyMap<string, DrainPhase>;
  readonly protocols: ReadonlySet<Protocol>;
  settings: BgpSettings | null = null;
  readonly #byAddress = new KeyedSets();
  readonly #byPool = new KeyedSets();
  /** Services with an address that the pool of their record doesn't have: any other pool may turn out to have it. */
  readonly #strays = new Set<string>();

  /** @param surroundings always as they are now */
  constructor(surroundings: Surroundings) {
    this.protocols = surroundings.protocols;
    this.health = surroundings.health;
    this.gone = surroundings.gone;
    this.drains = surroundings.drains;
  }

  /** Those that are gone and may take traffic yet, too. */
  allNodes(): Node[] {
    return [...this.nodes.values(), ...this.gone.values()];
  }

  /** Names of the nodes that take no traffic because they are dead or not Ready. */
  barred(): string[] {
    const isBarred = (node: Node): boolean =>
      alive({ node, health: this.health.get(node.name) ?? 'unknown' }) !== undefined;
    return this.allNodes()
      .filter(isBarred)
      .map(({ name }) => name);
  }

  /** While nodes are being drained, the names of those that answer probes: a drain asks whether the others are as good. */
  answering(): string[] {
    if (this.drains.size === 0) return [];
    const nodes = [...this.nodes.keys(), ...this.gone.keys()];
    return nodes.filter((name) => this.health.get(name) === 'alive');
  }

  /** The peers that a session can be had with: a router that asks for a password (RFC 2385) must not be spoken to without one. */
  usablePeers(): Peer[] {
    return [...this.peers.values()].filter(({ name, hasPassword }) => !hasPassword || this.passwords.has(name));
  }

  /** The Services that hold an address. */
  holders(ip: string): HoldingService[] {
    return [...this.#byAddress.get(ip)].flatMap((key) => this.services.get(key) ?? []);
  }

  addresses(): IterableIterator<string> {
    return this.#byAddress.keys();
  }

  apply(delta: InputDelta): Touched {
    const addresses = new Set<string>();
    this.#applyPools(delta.pools, addresses);
    this.#applyServices(delta.services, addresses);
    merge(this.endpoints, delta.endpoints);
    for (const key of delta.endpoints?.keys() ?? []) this.#touch(key, addresses);
    const everything = merge(this.nodes, delta.nodes) > 0;
    const merged = merge(this.peers, delta.peers) + merge(this.passwords, delta.passwords);
    const peers = merged > 0 || delta.settings !== undefined;
    if (delta.settings !== undefined) this.settings = delta.settings;
    return { addresses, everything, peers };
  }

  /** A pool touches the addresses recorded in it, and those that lie in no pool of their record. */
  #applyPools(changes: Changes<Pool> | undefined, addresses: Set<string>): void {
    const concerned = new Set<string>();
    for (const [name, pool] of changes ?? []) {
      const alike = announcesAlike(this.pools.get(name), pool);
      put(this.pools, name, pool);
      if (!alike) for (const key of [...this.#byPool.get(name), ...this.#strays]) concerned.add(key);
    }
    for (const key of concerned) {
      this.#touch(key, addresses);
      this.#judgeRecord(key);
    }
  }

  #applyServices(changes: Changes<HoldingService> | undefined, addresses: Set<string>): void {
    for (const [key, service] of changes ?? []) {
      this.#touch(key, addresses);
      this.#unindex(key);
      put(this.services, key, service);
      this.#index(key);
      this.#touch(key, addresses);
    }
  }

  #index(key: string): void {
    for (const { ip, pool } of this.#assignments(key)) {
      this.#byAddress.add(ip, key);
      this.#byPool.add(pool, key);
    }
    this.#judgeRecord(key);
  }

  #unindex(key: string): void {
    for (const { ip, pool } of this.#assignments(key)) {
      this.#byAddress.delete(ip, key);
      this.#byPool.delete(pool, key);
    }
  }

  #judgeRecord(key: string): void {
    if (this.#assignments(key).every((assignment) => this.#liesInRecorded(assignment))) this.#strays.delete(key);
    else this.#strays.add(key);
  }

  #liesInRecorded({ ip, pool: name }: Assignment): boolean {
    const pool = this.pools.get(name);
    const address = parseAddress(ip);
    return pool !== undefined && address !== undefined && holds(pool, address);
  }

  #touch(key: string, addresses: Set<string>): void {
    for (const { ip } of this.#assignments(key)) addresses.add(ip);
  }

  #assignments(key: string): readonly Assignment[] {
    return this.services.get(key)?.assignments ?? [];
  }
}
