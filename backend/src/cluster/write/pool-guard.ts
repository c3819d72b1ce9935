import { isDeepStrictEqual } from 'node:util';
import type { Exceptions } from '../../allocate/exceptions.ts';
import type { Ledger } from '../../allocate/ledger.ts';
import { parseAddress, parseRange, rangeContains, type Address, type AddressRange } from '../../domain/address.ts';
import { holds, MAX_HELD_NAMESPACES, type Pool } from '../../domain/pool.ts';
import type { Assignment } from '../../domain/service.ts';
import { heldNamespaces, heldRanges } from '../../report/eip-status.ts';
import { POOL_FINALIZER } from '../../resources/keys.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { isConflict, isNotFound } from '../errors.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { LEADER_WRITE_TIMEOUT_MS, patchFenced } from './apply-status.ts';

export interface PoolGuardDeps {
  readonly api: Kube;
  readonly view: Pick<ClusterView, 'pools' | 'poolObject' | 'namespaces'>;
  /** What is held already; the addresses in question may be in it or not. */
  readonly ledger: Pick<Ledger, 'holdersOf'>;
  readonly exceptions: Pick<Exceptions, 'of'>;
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
}

/** What a successful patch returned, until the watch has brought it. */
interface Written {
  /** Versions that our writes since have replaced. */
  readonly before: readonly string[];
  readonly object: Eip;
}

/** An address that a Service of this namespace is to get. */
interface Gift extends Assignment {
  readonly namespace: string;
}

const YES = Promise.resolve(true);
const NO = Promise.resolve(false);
/** The write under way may be too early for an address, the one after that has it. */
const MAX_WRITES = 3;

/**
 * Sees to it that a pool's object says what is given of it before it is given: the finalizer, so that a pool in use is never gone;
 * `status.addresses`, so that no edit of the pool takes the address away; and `status.namespaces`, so that the next leader believes the
 * holding whatever has become of the pool and of the namespace's labels. All is there already but for a namespace's first Service.
 */
export class PoolGuard {
  readonly #deps: PoolGuardDeps;
  readonly #written = new Map<string, Written>();
  readonly #writing = new Map<string, Promise<boolean>>();
  readonly #waiting = new Map<string, Set<Gift>>();
  readonly #ranges = new WeakMap<Eip, readonly AddressRange[]>();

  constructor(deps: PoolGuardDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with true once these addresses may be given, and with false where that must be decided anew: a pool is gone, can't be read
   * or is being deleted, somebody else wrote it, or this replica may not write. Pass only what a Service doesn't hold yet: what it holds
   * stays with it whatever becomes of the pool. Rejects with what the API answered otherwise; at most one write per pool is under way.
   */
  ensure(namespace: string, assignments: readonly Assignment[]): Promise<boolean> {
    const gifts = assignments.map((assignment) => ({ ...assignment, namespace }));
    const missing = gifts.filter((gift) => this.#says(gift) !== 'yes');
    if (missing.length === 0) return YES;
    if (missing.some((gift) => this.#says(gift) === 'never')) return NO;
    return this.#ensureAll(missing);
  }

  async #ensureAll(missing: readonly Gift[]): Promise<boolean> {
    const answers = await Promise.all(missing.map(async (gift) => await this.#ensureOne(gift)));
    return answers.every(Boolean);
  }

  async #ensureOne(gift: Gift): Promise<boolean> {
    const { pool } = gift;
    const waiting = this.#waiting.get(pool) ?? new Set();
    this.#waiting.set(pool, waiting.add(gift));
    try {
      for (let writes = 0; this.#says(gift) === 'not yet'; writes += 1) {
        if (writes === MAX_WRITES) throw new Error(`Eip ${pool} does not keep its status: is its CRD up to date?`);
        if (!(await this.#write(pool))) return false;
      }
      return this.#says(gift) === 'yes';
    } finally {
      waiting.delete(gift);
      if (waiting.size === 0) this.#waiting.delete(pool);
    }
  }

  #says({ pool, ip, namespace }: Gift): 'yes' | 'not yet' | 'never' {
    const object = this.#current(pool);
    const address = parseAddress(ip);
    if (object === undefined || address === undefined || object.metadata?.deletionTimestamp !== undefined)
      return 'never';
    const covered = this.#rangesOf(object).some((range) => rangeContains(range, address));
    const inForce = this.#deps.view.pools.get(pool)?.value;
    if (covered && isGuarded(object) && remembers(object, namespace)) return 'yes';
    return hasAddress(inForce, address) ? 'not yet' : 'never';
  }

  #rangesOf(object: Eip): readonly AddressRange[] {
    const known = this.#ranges.get(object);
    if (known !== undefined) return known;
    const parsed = (object.status?.addresses ?? []).map(parseRange);
    const ranges = parsed.flatMap((range) => (range.ok ? [range.value] : []));
    this.#ranges.set(object, ranges);
    return ranges;
  }

  /** The object as we know it best: our own write comes back by the watch a moment after it was answered. */
  #current(pool: string): Eip | undefined {
    const seen = this.#deps.view.poolObject(pool);
    const written = this.#written.get(pool);
    if (written === undefined) return seen;
    if (seen !== undefined && written.before.includes(seen.metadata?.resourceVersion ?? '')) return written.object;
    this.#written.delete(pool);
    return seen;
  }

  async #write(pool: string): Promise<boolean> {
    const underWay = this.#writing.get(pool);
    if (underWay !== undefined) return await underWay;
    const writing = this.#patch(pool).finally(() => this.#writing.delete(pool));
    this.#writing.set(pool, writing);
    return await writing;
  }

  async #patch(name: string): Promise<boolean> {
    const object = this.#current(name);
    const pool = this.#deps.view.pools.get(name)?.value;
    if (object === undefined || pool === undefined || !this.#deps.mayWrite()) return false;
    try {
      await this.#cover(await this.#mark(object, name), pool);
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  async #mark(object: Eip, name: string): Promise<Eip> {
    const finalizers = poolFinalizers(object, true);
    return finalizers === undefined ? object : await this.#send(name, object, { metadata: { finalizers } });
  }

  async #cover(object: Eip, pool: Pool): Promise<void> {
    const { ledger, exceptions, view } = this.#deps;
    // What somebody waits for goes into the next write, whoever makes it.
    const waiting = [...(this.#waiting.get(pool.name) ?? [])];
    const addresses = heldRanges(pool, [...exceptions.of(pool.name), ...waiting.map(({ ip }) => ip)]);
    const holding = ledger.holdersOf(pool.name)?.namespaces() ?? [];
    const found = new Set([...holding, ...waiting.map(({ namespace }) => namespace)]);
    const status = { addresses, namespaces: heldNamespaces(pool, found, view.namespaces) };
    const { addresses: covered, namespaces: named } = object.status ?? {};
    if (isDeepStrictEqual({ addresses: covered, namespaces: named }, status)) return;
    await this.#send(pool.name, object, { fields: { status }, subresource: 'status' });
  }

  async #send(name: string, object: Eip, patch: Omit<Parameters<typeof patchFenced>[3], 'type'>): Promise<Eip> {
    const sent = { ...patch, type: 'merge', timeoutMs: LEADER_WRITE_TIMEOUT_MS } as const;
    const written = await patchFenced(this.#deps.api, eips, object, sent);
    const before = [...(this.#written.get(name)?.before ?? []), object.metadata?.resourceVersion ?? ''];
    this.#written.set(name, { before, object: written });
    return written;
  }
}

function hasAddress(pool: Pool | undefined, address: Address): boolean {
  return pool !== undefined && holds(pool, address);
}

function isGuarded(object: Eip): boolean {
  return object.metadata?.finalizers?.includes(POOL_FINALIZER) === true;
}

/** Whether a Service of the namespace keeps its address whatever the pool's rules say of the namespace later. */
function remembers(object: Eip, namespace: string): boolean {
  const { namespaces = [] } = object.status ?? {};
  // A full list has no place for it.
  return namespaces.length >= MAX_HELD_NAMESPACES || namespaces.includes(namespace);
}

/** The finalizers that a pool's object should have, with those of others; undefined if it has them. */
export function poolFinalizers(object: Eip, inUse: boolean): string[] | undefined {
  const { finalizers = [], deletionTimestamp } = object.metadata ?? {};
  const guarded = isGuarded(object);
  const deleting = deletionTimestamp !== undefined;
  if (deleting && guarded && !inUse) return finalizers.filter((finalizer) => finalizer !== POOL_FINALIZER);
  // The API server takes no new finalizers any more once an object is being deleted.
  if (!deleting && !guarded && inUse) return [...finalizers, POOL_FINALIZER];
  return undefined;
}
