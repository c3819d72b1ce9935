import { formatAddress, parseAddress, rangeContains, type Address, type Family } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { selects, type Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';

/** What choosing depends on besides the Service itself. */
export interface PoolView {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly ledger: Ledger;
}

export type Choice =
  { readonly ok: true; readonly assignment: Assignment } | { readonly ok: false; readonly finding: Finding };

function isBound(pool: Pool): boolean {
  const byLabels = pool.namespaceSelector !== undefined && Object.keys(pool.namespaceSelector).length > 0;
  return pool.namespaces.length > 0 || byLabels || pool.serviceSelector !== undefined;
}

function namespaceMatches(pool: Pool, service: Service, view: PoolView): boolean {
  const byLabels = pool.namespaceSelector !== undefined && Object.keys(pool.namespaceSelector).length > 0;
  if (pool.namespaces.length === 0 && !byLabels) return true;
  if (pool.namespaces.includes(service.namespace)) return true;
  const labels = view.namespaces.get(service.namespace);
  return (
    byLabels &&
    labels !== undefined &&
    selects({ matchLabels: pool.namespaceSelector ?? {}, matchExpressions: [] }, labels)
  );
}

/** A pool's selectors are a boundary: who is outside gets nothing from it, by name or by address neither. */
export function isAllowed(pool: Pool, service: Service, view: PoolView): boolean {
  return namespaceMatches(pool, service, view) && selects(pool.serviceSelector, service.labels);
}

/** Lower priority value first; then the older pool; then by name, so that every leader chooses alike. */
function byPreference(a: Pool, b: Pool): number {
  return a.priority - b.priority || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

type PoolCheck = (pool: Pool, service: Service, family: Family, view: PoolView) => Finding | undefined;

const POOL_CHECKS: readonly PoolCheck[] = [
  (pool, service, _family, view) =>
    isAllowed(pool, service, view) ? undefined : finding('PoolNotAllowed', { pool: pool.name, service: service.key }),
  (pool) => (pool.deleting ? finding('PoolDeleting', { pool: pool.name }) : undefined),
  (pool) => (pool.disabled ? finding('PoolDisabled', { pool: pool.name }) : undefined),
  (pool, _service, family) =>
    pool.ranges.some((range) => range.family === family)
      ? undefined
      : finding('FamilyNotAvailable', { pool: pool.name, family }),
];

/** Why nothing new may come from this pool for this Service, fullness apart. */
function closed(pool: Pool, service: Service, family: Family, view: PoolView): Finding | undefined {
  for (const check of POOL_CHECKS) {
    const found = check(pool, service, family, view);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The pools that an address lies in, most preferred first: more than one only where pools overlap. */
export function poolsContaining(address: Address, view: PoolView): Pool[] {
  return [...view.pools.values()]
    .filter((pool) => pool.ranges.some((range) => rangeContains(range, address)))
    .sort(byPreference);
}

function heldByOther(ip: string, service: Service, view: PoolView): string | undefined {
  return view.ledger.holders(ip).find((holder) => holder !== service.key);
}

/** The wanted address itself or the reason why not: a wish that can't be met is never answered with another address. */
function chooseWanted(address: Address, service: Service, view: PoolView): Choice {
  const ip = formatAddress(address);
  const named = service.wantedPools;
  const pool = poolsContaining(address, view).find(({ name }) => named.length === 0 || named.includes(name));
  if (pool === undefined) {
    return {
      ok: false,
      finding: finding('WantedAddressOutsidePools', { ip, ...(named.length > 0 ? { pool: named.join(',') } : {}) }),
    };
  }
  const found = closed(pool, service, address.family, view);
  if (found !== undefined) return { ok: false, finding: found };
  const holder = heldByOther(ip, service, view);
  if (holder !== undefined) return { ok: false, finding: finding('WantedAddressTaken', { ip, holder }) };
  return { ok: true, assignment: { pool: pool.name, ip } };
}

/** Named pools as named; else the pools bound to the Service by priority, then the default pool. */
function candidates(service: Service, view: PoolView): Pool[] {
  if (service.wantedPools.length > 0) return service.wantedPools.flatMap((name) => view.pools.get(name) ?? []);
  const all = [...view.pools.values()].sort(byPreference);
  const bound = all.filter((pool) => isBound(pool) && isAllowed(pool, service, view));
  return [...bound, ...all.filter((pool) => pool.isDefault && !bound.includes(pool) && isAllowed(pool, service, view))];
}

function chooseAny(service: Service, family: Family, view: PoolView): Choice {
  const missing = service.wantedPools.find((name) => !view.pools.has(name));
  const from = candidates(service, view);
  if (from.length === 0) {
    const reason =
      missing === undefined ? finding('NoPoolMatches', { family }) : finding('PoolNotFound', { pool: missing });
    return { ok: false, finding: reason };
  }
  let first: Finding | undefined;
  for (const pool of from) {
    const found = closed(pool, service, family, view);
    const free = found === undefined ? view.ledger.lowestFree(pool, family) : undefined;
    if (free !== undefined) return { ok: true, assignment: { pool: pool.name, ip: formatAddress(free) } };
    // That a pool of the other family can't help goes without saying where another one could.
    if (first === undefined || first.reason === 'FamilyNotAvailable')
      first = found ?? finding('PoolFull', { pool: pool.name, family });
  }
  return { ok: false, finding: first ?? finding('NoPoolMatches', { family }) };
}

/** A record that came with the object (a restored backup, GitOps) is a wish: honoured where the pools' rules allow it, else ignored. */
function chooseRecorded(service: Service, family: Family, view: PoolView): Choice | undefined {
  for (const { ip } of service.recorded) {
    const address = parseAddress(ip);
    if (address?.family !== family) continue;
    const choice = chooseWanted(address, service, view);
    if (choice.ok) return choice;
  }
  return undefined;
}

/** Chooses one address of a family for a Service that needs a new one. */
export function choose(service: Service, family: Family, view: PoolView): Choice {
  const wanted = service.wantedIPs.map((text) => ({ text, address: parseAddress(text) }));
  const invalid = wanted.find(({ address }) => address === undefined);
  if (invalid !== undefined) return { ok: false, finding: finding('WantedAddressInvalid', { ip: invalid.text }) };
  const own = wanted.find(({ address }) => address?.family === family)?.address;
  if (own !== undefined) return chooseWanted(own, service, view);
  if (wanted.length > 0 && service.families.length === 1) {
    return { ok: false, finding: finding('FamilyNotAvailable', { ip: service.wantedIPs.join(','), family }) };
  }
  return chooseRecorded(service, family, view) ?? chooseAny(service, family, view);
}
