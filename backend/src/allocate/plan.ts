import { canonicalAddress, formatAddress, parseAddress, type Family } from '../domain/address.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { familyOf, without } from './assignments.ts';
import { choose, type Choice } from './choose.ts';
import { believedClaims, oursOf, ownAssignments, type ClaimsView } from './claims.ts';
import type { PoolSet } from './pool-set.ts';
import { notServed } from './served.ts';
import type { Interest } from './waiting.ts';

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
      /** What it will have beside one of the family that it lacks, if there is one: held back from younger Services until then. */
      readonly holds: readonly Assignment[];
      /** What could meet the wishes that aren't; undefined if all are met. */
      readonly waitsFor: Interest | undefined;
    };

/** All that a plan depends on besides the Service itself. */
export interface AllocateView extends ClaimsView {
  /** False: it was moved away from strangers so often that it has to stay with one for now. */
  mayMove(service: string): boolean;
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

interface FamilyPlan {
  readonly assignment: Assignment | undefined;
  /** What the Service has already, wanted or not. */
  readonly had: Assignment | undefined;
  /** What was found for it, should it have looked for something else. */
  readonly found?: Extract<Choice, { ok: true }>;
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
  if (choice.ok) return { assignment: choice.assignment, had: before, found: choice, failed: undefined };
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

/**
 * `others`: of the families that are not lacking, where what was found may be somebody else's before it is given. Only who asked for it
 * hears of that: thousands may have found the same.
 */
function waitsFor(
  service: Service,
  failures: readonly Extract<Choice, { ok: false }>[],
  others: readonly Extract<Choice, { ok: true }>[],
): Interest | undefined {
  if (failures.length === 0) return undefined;
  const before = service.claims ? [] : service.recorded.flatMap(({ ip }) => canonicalAddress(ip) ?? []);
  const pools = [...failures, ...others].flatMap((choice) => choice.pools ?? []);
  const wanted = service.wantedIPs.map(canonicalAddress);
  const found = others.map(({ assignment }) => assignment.ip).filter((ip) => wanted.includes(ip));
  const ips = new Set([...before, ...failures.flatMap(({ ip }) => ip ?? []), ...found]);
  const [family, second] = neededFamilies(service);
  const only = second === undefined ? { family } : {};
  const better = others.flatMap(({ pools: all = [], assignment }) =>
    [...new Set([assignment.pool, ...all])].map((pool) => ({ pool, family: familyOf(assignment) })),
  );
  const full = failures.flatMap((failure) => failure.full ?? []);
  const closed = failures.flatMap((failure) => failure.closed ?? []);
  return { pools: [...new Set(pools)], full, better, closed: [...new Set(closed)], ips: [...ips], ...only };
}

/** Whether nobody has it but the Service itself. */
function isIdle(holders: Iterable<string>, service: string): boolean {
  for (const key of holders) if (key !== service) return false;
  return true;
}

/** What the families' answers mean together (KEP-563): Require needs all, Prefer is content with one. */
function together(
  service: Service,
  plans: readonly FamilyPlan[],
  view: Pick<AllocateView, 'pools' | 'ledger'>,
): Decision {
  const assignments = plans.flatMap((plan) => plan.assignment ?? []);
  const failures = plans.flatMap(({ failed }) => failed ?? []);
  const failed = failures[0]?.finding;
  const required = service.familyPolicy !== 'PreferDualStack' || assignments.length === 0;
  const found =
    required && failures.every((failure) => mayEnd(failure, view.pools))
      ? plans.flatMap((plan) => plan.found ?? [])
      : [];
  const later = { served: true, waitsFor: waitsFor(service, failures, found) } as const;
  if (failed === undefined || !required) {
    const allocated = finding('Allocated', { ips: assignments.map(({ ip }) => ip).join(',') });
    const shown = failed !== undefined && UNMET_WISHES.has(failed.reason) ? failed : allocated;
    return { ...later, assignments, finding: shown, holds: [] };
  }
  const kept = plans.flatMap(({ had }) => had ?? []);
  // What others have and would share with it is not kept from those who could share it as well.
  const idle = found.filter(({ assignment: { ip } }) => isIdle(view.ledger.holders(ip), service.key));
  const holds = without(
    idle.map(({ assignment }) => assignment),
    kept,
  );
  return { ...later, assignments: kept, finding: failed, holds };
}

/** Whether a pool would give an address as soon as it has one again. */
function mayEnd({ full = [] }: Extract<Choice, { ok: false }>, pools: PoolSet): boolean {
  return full.some(({ pool, family }) => pools.allocatable(pool).some((range) => range.family === family));
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
  return together(service, plans, view);
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
