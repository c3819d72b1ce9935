import { formatAddress, parseAddress, type Address, type Family } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import type { Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { sharingProblem } from '../domain/sharing.ts';
import { findFree, findOwn, keeperOfAny, restsUntil, timeText, type FreeView } from './free.ts';
import { isAllowed } from './pool-set.ts';
import { whyNever } from './rules.ts';
import type { Lack } from './waiting.ts';

/** What choosing depends on besides the Service itself. */
export interface ChooseView extends FreeView {
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/** An address; or why not, and what could help. */
export type Choice =
  | {
      readonly ok: true;
      readonly assignment: Assignment;
      /** All pools that could be looked at. */
      readonly pools?: readonly string[];
    }
  | {
      readonly ok: false;
      readonly finding: Finding;
      /** All pools that were looked at, and those of them that have no address at the moment. */
      readonly pools?: readonly string[];
      readonly full?: readonly Lack[];
      /** Those of `pools` that don't let the Service in. */
      readonly closed?: readonly string[];
      /** The wanted address, where it is somebody else's at the moment. */
      readonly ip?: string;
    };

type PoolCheck = (pool: Pool, service: Service, family: Family, view: ChooseView) => Finding | undefined;

const POOL_CHECKS: readonly PoolCheck[] = [
  (pool, service, _family, view) =>
    isAllowed(pool, service, view.namespaces.get(service.namespace))
      ? undefined
      : finding('PoolNotAllowed', { pool: pool.name, service: service.key }),
  (pool) => (pool.deleting ? finding('PoolDeleting', { pool: pool.name }) : undefined),
  (pool) => (pool.disabled ? finding('PoolDisabled', { pool: pool.name }) : undefined),
  (pool, _service, family) =>
    pool.ranges.some((range) => range.family === family)
      ? undefined
      : finding('FamilyNotAvailable', { pool: pool.name, family }),
];

/** Why nothing new may come from this pool for this Service, fullness apart. */
function closed(pool: Pool, service: Service, family: Family, view: ChooseView): Finding | undefined {
  for (const check of POOL_CHECKS) {
    const found = check(pool, service, family, view);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** More say no more. */
const MAX_PORTS = 5;

function some(ports: readonly string[]): string {
  const more = ports.length > MAX_PORTS ? `, … (${ports.length})` : '';
  return `${ports.slice(0, MAX_PORTS).join(', ')}${more}`;
}

/** That nobody stands against the Service is not enough where an address is held back for an older one, or is only let go of. */
function keptFrom(ip: string, service: Service, view: ChooseView): Finding | undefined {
  const keeper = view.heldBack?.keptFrom(ip, service);
  const holder =
    keeper !== undefined && keeperOfAny(ip, view) === undefined ? keeper : view.leaving?.leftBy(ip, service.key);
  return holder === undefined ? undefined : finding('WantedAddressTaken', { ip, holder });
}

/** Why an address that others hold can't be shared with them, or one that is kept for others can't be had. */
function notShareable(ip: string, service: Service, view: ChooseView): Finding | undefined {
  const [holder] = view.ledger.rivals(ip, service).sort();
  if (holder === undefined) return keptFrom(ip, service, view);
  const theirs = view.ledger.sharing(holder);
  // Who asks for no sharing is told of none.
  if (service.sharing.key === undefined || theirs === undefined) return finding('WantedAddressTaken', { ip, holder });
  const common = service.sharing.ports.filter((port) => theirs.ports.includes(port));
  const problem = sharingProblem(service.sharing, theirs) ?? 'SharingNotAgreed';
  return finding(problem, { ip, holder, ...(problem === 'SharingPortsOverlap' ? { ports: some(common) } : {}) });
}

/** Somebody else had the address a short while ago: clients may still mean that one. */
function resting(ip: string, pool: Pool, service: Service, view: ChooseView): Choice | undefined {
  const release = view.ledger.lastHolder(ip);
  if (release === undefined || release.service === service.key) return undefined;
  const until = restsUntil(release, pool);
  if (until <= view.now) return undefined;
  const params = { ip, holder: release.service, pool: pool.name, until: timeText(until) };
  return { ok: false, finding: finding('WantedAddressResting', params), ip };
}

/** A host outside of the cluster uses the address. */
function inConflict(ip: string, pool: Pool, { pools }: ChooseView): Choice | undefined {
  const stranger = pools.strangers.get(ip);
  if (stranger === undefined) return undefined;
  return { ok: false, finding: finding('WantedAddressConflict', { ip, mac: stranger.mac, pool: pool.name }), ip };
}

/** The wanted address itself or the reason why not: a wish that can't be met is never answered with another address. */
function chooseWanted(address: Address, service: Service, view: ChooseView): Choice {
  const ip = formatAddress(address);
  const named = service.wantedPools;
  const having = view.pools.containing(address).filter(({ name }) => named.length === 0 || named.includes(name));
  const pool = having.find((candidate) => view.pools.reservation(candidate, address) === undefined) ?? having[0];
  if (pool === undefined) {
    const where = named.length > 0 ? { pool: named.join(',') } : {};
    return { ok: false, finding: finding('WantedAddressOutsidePools', { ip, ...where }) };
  }
  const found = closed(pool, service, address.family, view) ?? whyNever(pool, address, service, view.pools);
  if (found !== undefined) return { ok: false, finding: found };
  if (view.pools.reserved.isClusterIP(ip)) {
    return { ok: false, finding: finding('WantedAddressInServiceRange', { ip, range: ip, pool: pool.name }) };
  }
  const taken = notShareable(ip, service, view);
  if (taken !== undefined) return { ok: false, finding: taken, ip };
  const unusable = inConflict(ip, pool, view) ?? resting(ip, pool, service, view);
  return unusable ?? { ok: true, assignment: { pool: pool.name, ip } };
}

/** Named pools as named; else the pools bound to the Service by priority, then the default pool. */
function candidates(service: Service, view: ChooseView): Pool[] {
  if (service.wantedPools.length > 0) return service.wantedPools.flatMap((name) => view.pools.get(name) ?? []);
  return view.pools.candidates(service, view.namespaces.get(service.namespace));
}

function noCandidate(service: Service, family: Family, view: ChooseView): Choice {
  const [missing] = service.wantedPools;
  if (missing === undefined) return { ok: false, finding: finding('NoPoolMatches', { family }) };
  const reason = view.pools.unreadable.has(missing) ? 'PoolInvalid' : 'PoolNotFound';
  return { ok: false, finding: finding(reason, { pool: missing }) };
}

function chooseFrom(pool: Pool, service: Service, family: Family, view: ChooseView): Choice {
  const found = closed(pool, service, family, view);
  if (found !== undefined) return { ok: false, finding: found };
  const free = findFree(service, family, pool, view);
  return free.ok ? { ok: true, assignment: { pool: pool.name, ip: free.ip } } : free;
}

function chooseAny(service: Service, family: Family, view: ChooseView): Choice {
  const pools = candidates(service, view);
  const full: Lack[] = [];
  let first: Finding | undefined;
  for (const pool of pools) {
    const choice = chooseFrom(pool, service, family, view);
    if (choice.ok) return { ...choice, pools: pools.map(({ name }) => name) };
    if (choice.finding.reason === 'PoolFull' || choice.finding.reason === 'PoolResting')
      full.push({ pool: pool.name, family });
    // That a pool of the other family can't help goes without saying where another one could.
    if (first === undefined || first.reason === 'FamilyNotAvailable') first = choice.finding;
  }
  if (first === undefined) return noCandidate(service, family, view);
  const names = pools.map(({ name }) => name);
  const labels = view.namespaces.get(service.namespace);
  const shut = pools.filter((pool) => !isAllowed(pool, service, labels)).map(({ name }) => name);
  return { ok: false, finding: first, pools: names, full, closed: shut };
}

/** A Service that is created again gets its address again, from a pool that would not be its first by now as well. */
function chooseFormer(service: Service, family: Family, view: ChooseView): Choice | undefined {
  for (const pool of candidates(service, view)) {
    const ip = findOwn(service, family, pool, view);
    if (ip !== undefined && closed(pool, service, family, view) === undefined)
      return { ok: true, assignment: { pool: pool.name, ip } };
  }
  return undefined;
}

/** A record that came with the object (a restored backup, GitOps) is a wish: honoured where the pools' rules allow it, else ignored. */
function chooseRecorded(service: Service, family: Family, view: ChooseView): Choice | undefined {
  for (const { ip } of service.recorded) {
    const address = parseAddress(ip);
    if (address?.family !== family) continue;
    const choice = chooseWanted(address, service, view);
    if (choice.ok) return choice;
  }
  return undefined;
}

/** Chooses one address of a family for a Service that needs a new one. */
export function choose(service: Service, family: Family, view: ChooseView): Choice {
  const wanted = service.wantedIPs.map((text) => ({ text, address: parseAddress(text) }));
  const invalid = wanted.find(({ address }) => address === undefined);
  if (invalid !== undefined) return { ok: false, finding: finding('WantedAddressInvalid', { ip: invalid.text }) };
  const own = wanted.find(({ address }) => address?.family === family)?.address;
  if (own !== undefined) return chooseWanted(own, service, view);
  if (wanted.length > 0 && service.families.length === 1) {
    return { ok: false, finding: finding('WantedAddressOfOtherFamily', { ip: service.wantedIPs.join(', '), family }) };
  }
  return (
    chooseRecorded(service, family, view) ?? chooseFormer(service, family, view) ?? chooseAny(service, family, view)
  );
}
