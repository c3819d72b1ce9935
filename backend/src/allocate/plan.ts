import { canonicalAddress, formatAddress, parseAddress, type Family } from '../domain/address.ts';
import { poolOf, type Pool } from '../domain/pool.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { familyOf, without } from './assignments.ts';
import { isBelieved } from './believed.ts';
import { choose, type Choice, type ChooseView } from './choose.ts';
import type { PoolSet } from './pool-set.ts';
import type { Inherited, recordOf } from './inheritance.ts';
import { notServed } from './served.ts';
import { byServiceAge, type Interest } from './waiting.ts';

/** What a Service's record should be, and why. */
export type Plan = Decision & {
  /** Which of the addresses that stand in its status are ours, so that we may take them back; others are another load balancer's. */
  readonly ours: readonly string[];
};

type Decision =
  /** None of ours: what we wrote before is taken back, anything else stays untouched. */
  | { readonly served: false; readonly finding: Finding }
  /** Ours: `assignments` is the whole desired record; `finding` says `Allocated` or what is missing. */
  | {
      readonly served: true;
      readonly assignments: readonly Assignment[];
      readonly finding: Finding;
      /** What could meet the wishes that aren't; undefined if all are met. */
      readonly waitsFor: Interest | undefined;
    };

export interface AllocateView extends ChooseView {
  /**
   * Believes what Services claim, as far as the pools allow: at the beginning of a term of office, while another leader's writes may still
   * show up. Afterwards only the ledger knows what was given, and anything else was written by somebody else.
   */
  readonly adopting: boolean;
  /** The pools by whose rules that is judged, those of `pools` without what other replicas can't know. */
  rules(): PoolSet;
  /** A Service gets another address instead of this one, and the write that says so has not succeeded yet. */
  isLeaving(service: string, ip: string): boolean;
  /** False: it was moved away from strangers so often that it has to stay with one for now. */
  mayMove(service: string): boolean;
  /** What the pools' statuses said of a Service and an address when the term of office began. */
  recordOf(service: string, assignment: Assignment): ReturnType<typeof recordOf>;
  /** Whether the pool's status names a holder of the address by now. */
  isNamedNow(service: string, ip: string): boolean;
  /** Whether the pool's status names the Service for an address that it is said to have. */
  isNamed(service: string, assignment: Assignment): boolean;
  /** Whether that status may by now not name all who keep what its pool's rules would not give. */
  mayOmitNow(pool: string): boolean;
  /** Whether the Service had the address when the term of office began. */
  inherited(service: string, ip: string): Inherited | undefined;
  /** A pool's status may not name all who keep what its rules as they are now would not give. */
  mayOmit(pool: string): boolean;
  /** When a Service was made, in milliseconds since the epoch: of two with one address the older keeps it. */
  createdAt(service: string): number | undefined;
}

/** Of a canonical address; parsing each would take most of the time of a plan. */
function neededFamilies(service: Service): readonly Family[] {
  return service.familyPolicy === 'SingleStack' ? service.families.slice(0, 1) : service.families;
}

/** Whether the Service's own wishes still allow the address; nobody else's wishes move it. */
function stillWanted(service: Service, assignment: Assignment): boolean {
  if (service.wantedPools.length > 0 && !service.wantedPools.includes(assignment.pool)) return false;
  const wanted = service.wantedIPs.map(parseAddress);
  const sameFamily = wanted.filter((address) => address?.family === familyOf(assignment));
  if (sameFamily.length > 0)
    return sameFamily.some((address) => address !== undefined && formatAddress(address) === assignment.ip);
  // A wish that reads as no address of a family in use is no consent: it is asked for again, and the reason is said.
  return wanted.length === 0 || (service.families.length > 1 && !wanted.includes(undefined));
}

/**
 * Whether a host outside of the cluster uses the address, found before anybody could reach the Service there: it gets another one,
 * unless it asks for this very address. What was announced once is sticky, also while a stranger keeps it from being announced again.
 */
export function isToBeReplaced(service: Service, { ip }: Assignment, pools: PoolSet): boolean {
  if (service.announcedBefore || pools.strangers.get(ip)?.announced !== false) return false;
  return service.wantedIPs.every((wanted) => canonicalAddress(wanted) !== ip);
}

function isOlder(service: Service, rival: string, view: AllocateView): boolean {
  const createdAt = view.createdAt(rival);
  return createdAt === undefined || byServiceAge(service, { key: rival, createdAt }) < 0;
}

/**
 * Whether a Service whose status claims an address has it rather than a holder that can't share it: two leaders gave it, or somebody
 * wrote the status. The older keeps it, with two exceptions, in which one of the two can't have been given it:
 * - a pool's status, which tenants can't write, names one of them and not the other;
 * - one of them had it when the term began, and the other one says so since. The leader before, whose last writes these would be, knew
 *   of the first, and gives no address twice.
 * All of this stands in the objects, or is put right there at once, so that every leader decides alike.
 */
function outlives(service: Service, assignment: Assignment, view: AllocateView): boolean {
  const { ip } = assignment;
  const isNamed = view.recordOf(service.key, assignment) === 'named';
  return view.ledger.rivals(ip, service).every((rival) => {
    const inherited = view.inherited(rival, ip);
    // One of these writes moved it, another one gave on what it had: the ledger has yet to follow.
    if (inherited === 'let go') return true;
    const isRivalNamed = view.recordOf(rival, assignment) === 'named';
    if (inherited === 'kept' && !(isNamed && isRivalNamed)) return isNamed;
    return (isNamed || !view.isNamedNow(rival, ip)) && isOlder(service, rival, view);
  });
}

/** Whether two versions of one Service share under the same terms. */
export function sameTerms(a: SharingTerms, b: SharingTerms | undefined): boolean {
  if (b === undefined || a === b) return a === b;
  if (a.key !== b.key || a.trafficPolicy !== b.trafficPolicy || a.selector !== b.selector) return false;
  return a.ports.length === b.ports.length && a.ports.every((port, i) => port === b.ports[i]);
}

/**
 * Whether a Service may keep an address that the ledger gave it. Only its own edit can end that: new ports or policies that don't go
 * with those of the others that share the address.
 */
function isTenable(service: Service, ip: string, view: AllocateView): boolean {
  const asBefore = sameTerms(service.sharing, view.ledger.sharing(service.key)) && !view.isLeaving(service.key, ip);
  return asBefore || view.ledger.rivals(ip, service).length === 0;
}

/**
 * An address that stands in a status, with its true pool, or undefined if it can't be ours: a record that names no pool was written by
 * somebody else over ours, one that its pool has not by a forger. Where the pool is gone it is kept, and not announced, until there is
 * one again. `pool`: where the address is.
 */
function settled(
  { ip, pool: recorded }: Assignment,
  pool: Pool | undefined,
  view: AllocateView,
): Assignment | undefined {
  if (pool !== undefined) return { ip, pool: pool.name };
  return recorded === '' || view.pools.get(recorded) !== undefined ? undefined : { ip, pool: recorded };
}

/** What stands in the status and is unknown to the ledger. */
function adopted(service: Service, assignment: Assignment, view: AllocateView): Assignment[] {
  if (!view.adopting) return [];
  const pool = poolOf(assignment, view.pools.pools);
  const own = settled(assignment, pool, view);
  if (own === undefined) return [];
  const record = view.recordOf(service.key, own);
  if (record === 'another') return [];
  const isNamed = record === 'named';
  const labels = view.namespaces.get(service.namespace);
  const evidence = { pools: view.rules(), labels, isNamed, mayOmit: pool !== undefined && view.mayOmit(pool.name) };
  if (!isBelieved({ service, ip: own.ip, pool }, evidence)) return [];
  return outlives(service, own, view) ? [own] : [];
}

/**
 * What was adopted while no pool had it, as the pools are now: with its true pool, or undefined if it can't be the Service's. It is
 * judged as it would be if it turned up now: of a pool that was not there nobody can have anything but by its rules or its status.
 */
export function proven(service: Service, assignment: Assignment, view: AllocateView): Assignment | undefined {
  const pool = poolOf(assignment, view.pools.pools);
  const own = settled(assignment, pool, view);
  if (own === undefined) return undefined;
  const labels = view.namespaces.get(service.namespace);
  const isNamed = view.isNamed(service.key, own);
  const evidence = { pools: view.rules(), labels, isNamed, mayOmit: pool !== undefined && view.mayOmitNow(pool.name) };
  return isBelieved({ service, ip: own.ip, pool }, evidence) ? own : undefined;
}

/** What a Service claims by its status and is believed to have, each address with its true pool; the ledger is made of this. */
export function believedClaims(service: Service, view: AllocateView): Assignment[] {
  if (!service.claims) return [];
  const known = view.ledger.assignments(service.key);
  return service.recorded.flatMap((assignment) => {
    const own = known.find(({ ip }) => ip === assignment.ip);
    if (own === undefined) return adopted(service, assignment, view);
    return isTenable(service, own.ip, view) ? [own] : [];
  });
}

/**
 * Whether an address that stands in a status beside our condition is one that we wrote there. Less is asked than of one that is to
 * stay: what is taken back need be neither believed nor tenable. The record is the tenant's to edit, but so is the finalizer.
 */
function isOurs(key: string, assignment: Assignment, view: AllocateView): boolean {
  const { ip, pool } = assignment;
  if (pool !== '' || view.ledger.assignments(key).some((known) => known.ip === ip)) return true;
  return view.adopting && poolOf(assignment, view.pools.pools) !== undefined;
}

function oursOf({ key, claims, recorded }: Service, view: AllocateView): string[] {
  return claims ? recorded.filter((assignment) => isOurs(key, assignment, view)).map(({ ip }) => ip) : [];
}

/** What the Service has: by its status, then by what we wrote there, should somebody have written over it. */
function ownAssignments(service: Service, byStatus: readonly Assignment[], view: AllocateView): Assignment[] {
  const written = view.ledger.written(service.key).filter(({ ip }) => isTenable(service, ip, view));
  return [...byStatus, ...without(written, byStatus)];
}

interface FamilyPlan {
  readonly assignment: Assignment | undefined;
  /** What the Service has already, wanted or not. */
  readonly had: Assignment | undefined;
  /** Why the wish is not met. */
  readonly failed: Extract<Choice, { ok: false }> | undefined;
}

function planFamily(service: Service, family: Family, all: readonly Assignment[], view: AllocateView): FamilyPlan {
  const had = all.filter((assignment) => familyOf(assignment) === family);
  const wanted = had.filter((assignment) => stillWanted(service, assignment));
  const good = wanted.find((assignment) => !isToBeReplaced(service, assignment, view.pools));
  const kept = good ?? (view.mayMove(service.key) ? undefined : wanted[0]);
  if (kept !== undefined) return { assignment: kept, had: kept, failed: undefined };
  const choice = choose(service, family, view);
  // What takes the place of an address that can't be announced counts as had: it need not wait for the other family.
  const before = choice.ok && wanted.length > 0 ? choice.assignment : had[0];
  if (choice.ok) return { assignment: choice.assignment, had: before, failed: undefined };
  // The old address stays until a new one is there: a wish that can't be met costs nothing.
  return { assignment: had[0], had: had[0], failed: choice };
}

/** Said even where the Service is content with the other family: its owner asked for this very address. */
const UNMET_WISHES: ReadonlySet<Reason> = new Set([
  'WantedAddressInvalid',
  'WantedAddressOfOtherFamily',
  'WantedAddressOutsidePools',
  'WantedAddressTaken',
  'WantedAddressOfNode',
  'WantedAddressInServiceRange',
  'WantedAddressOfSubnet',
  'WantedAddressInOlderPool',
  'WantedAddressConflict',
  'WantedAddressResting',
  'SharingNotAgreed',
  'SharingPortsOverlap',
  'SharingPoliciesDiffer',
]);

function waitsFor(service: Service, failures: readonly Extract<Choice, { ok: false }>[]): Interest | undefined {
  if (failures.length === 0) return undefined;
  const before = service.claims ? [] : service.recorded.flatMap(({ ip }) => canonicalAddress(ip) ?? []);
  const pools = failures.flatMap((failure) => failure.pools ?? []);
  const ips = new Set([...before, ...failures.flatMap(({ ip }) => ip ?? [])]);
  const [family, second] = neededFamilies(service);
  const only = second === undefined ? { family } : {};
  const full = failures.flatMap((failure) => failure.full ?? []);
  const closed = failures.flatMap((failure) => failure.closed ?? []);
  return { pools: [...new Set(pools)], full, closed: [...new Set(closed)], ips: [...ips], ...only };
}

/** What the families' answers mean together (KEP-563): Require needs all, Prefer is content with one. */
function together(service: Service, plans: readonly FamilyPlan[]): Decision {
  const assignments = plans.flatMap((plan) => plan.assignment ?? []);
  const failures = plans.flatMap(({ failed }) => failed ?? []);
  const later = { served: true, waitsFor: waitsFor(service, failures) } as const;
  const failed = failures[0]?.finding;
  const required = service.familyPolicy !== 'PreferDualStack' || assignments.length === 0;
  if (failed === undefined || !required) {
    const allocated = finding('Allocated', { ips: assignments.map(({ ip }) => ip).join(',') });
    const shown = failed !== undefined && UNMET_WISHES.has(failed.reason) ? failed : allocated;
    return { ...later, assignments, finding: shown };
  }
  const kept = plans.flatMap(({ had }) => had ?? []);
  return { ...later, assignments: kept, finding: failed };
}

/** A Service whose status somebody else has written has nothing of ours, whatever condition it carries. */
function withoutClaims(service: Service, ours: readonly string[]): Service {
  // What is ours, and lost to an older Service, is no sign of another load balancer.
  return { ...service, claims: false, ingressIPs: service.ingressIPs.filter((ip) => !ours.includes(ip)) };
}

function decide(given: Service, ours: readonly string[], view: AllocateView): Decision {
  const byStatus = believedClaims(given, view);
  const service = given.claims && byStatus.length === 0 ? withoutClaims(given, ours) : given;
  const reason = notServed({ service, defaultPoolExists: view.pools.hasDefault });
  if (reason !== undefined) return { served: false, finding: reason };
  const own = ownAssignments(service, byStatus, view);
  const plans = neededFamilies(service).map((family) => planFamily(service, family, own, view));
  return together(service, plans);
}

/** The plan for one Service from the current state alone; deterministic, so that a new leader plans the same. */
export function plan(given: Service, view: AllocateView): Plan {
  const ours = oursOf(given, view);
  return { ...decide(given, ours, view), ours };
}

/** For comparing what is said of a Service with what was. */
export function said(planned: Plan): string {
  return JSON.stringify([planned.finding.reason, planned.finding.params]);
}
