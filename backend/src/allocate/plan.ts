import { formatAddress, parseAddress, type Family } from '../domain/address.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { choose, poolsContaining, type PoolView } from './choose.ts';
import { notServed } from './served.ts';

/** What a Service's record should be, and why. */
export type Plan =
  /** None of ours: what we wrote before is taken back, anything else stays untouched. */
  | { readonly served: false; readonly finding: Finding }
  /** Ours: `assignments` is the whole desired record; `finding` says `Allocated` or what is missing. */
  | { readonly served: true; readonly assignments: readonly Assignment[]; readonly finding: Finding };

export interface AllocateView extends PoolView {
  /** Age decides between two Services that were given one address; the leader's own view of all Services. */
  createdAt(service: string): number | undefined;
}

function familyOf(assignment: Assignment): Family {
  return parseAddress(assignment.ip)?.family ?? 'ipv4';
}

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

/** Two Services with one address (two leaders for a moment): the older keeps it. */
function isOldestHolder(service: Service, ip: string, view: AllocateView): boolean {
  return view.ledger.holders(ip).every((holder) => {
    const createdAt = holder === service.key ? undefined : view.createdAt(holder);
    if (createdAt === undefined) return true;
    return service.createdAt < createdAt || (service.createdAt === createdAt && service.key < holder);
  });
}

/**
 * An address that a Service holds, with its true pool: the leader's own ledger knows best, since the record is the tenant's to edit;
 * a record that names no pool gives way to the pool that contains the address; a pool that shrank keeps its addresses.
 */
function settled(assignment: Assignment, known: readonly Assignment[], view: PoolView): Assignment {
  const own = known.find(({ ip }) => ip === assignment.ip);
  if (own !== undefined) return own;
  const address = view.pools.has(assignment.pool) ? undefined : parseAddress(assignment.ip);
  const [pool] = address === undefined ? [] : poolsContaining(address, view);
  return pool === undefined ? assignment : { ip: assignment.ip, pool: pool.name };
}

/** What a Service holds by its status, each address with its true pool; the ledger is made of this. */
export function heldAssignments(service: Service, view: PoolView): Assignment[] {
  const known = view.ledger.assignments(service.key);
  const held = service.held ? service.recorded.map((assignment) => settled(assignment, known, view)) : [];
  // An address without a record, in no pool and unknown to the ledger was written by somebody else over ours.
  return held.filter(({ pool }) => pool !== '');
}

/** What the Service holds of a family: by its status, then by reservations whose write is still under way. */
function heldOf(service: Service, family: Family, view: AllocateView): Assignment[] {
  const held = [...heldAssignments(service, view), ...view.ledger.assignments(service.key)];
  return held.filter((assignment) => familyOf(assignment) === family && isOldestHolder(service, assignment.ip, view));
}

interface FamilyPlan {
  readonly assignment: Assignment | undefined;
  readonly finding: Finding | undefined;
}

function planFamily(service: Service, family: Family, view: AllocateView): FamilyPlan {
  const held = heldOf(service, family, view);
  const wanted = held.find((assignment) => stillWanted(service, assignment));
  if (wanted !== undefined) return { assignment: wanted, finding: undefined };
  const choice = choose(service, family, view);
  if (choice.ok) return { assignment: choice.assignment, finding: undefined };
  // The old address stays until a new one is there: a wish that can't be met costs nothing.
  return { assignment: held[0], finding: choice.finding };
}

/** Said even where the Service is content with the other family: its owner asked for this very address. */
const UNMET_WISHES: ReadonlySet<Reason> = new Set([
  'WantedAddressInvalid',
  'WantedAddressOutsidePools',
  'WantedAddressTaken',
]);

/** What the families' answers mean together (KEP-563): Require needs all, Prefer is content with one. */
function together(service: Service, plans: readonly FamilyPlan[]): Plan {
  const assignments = plans.flatMap((plan) => plan.assignment ?? []);
  const failed = plans.find((plan) => plan.finding !== undefined)?.finding;
  const required = service.familyPolicy !== 'PreferDualStack' || assignments.length === 0;
  if (failed === undefined || !required) {
    const allocated = finding('Allocated', { ips: assignments.map(({ ip }) => ip).join(',') });
    return {
      served: true,
      assignments,
      finding: failed !== undefined && UNMET_WISHES.has(failed.reason) ? failed : allocated,
    };
  }
  const kept = assignments.filter(({ ip }) => service.held && service.recorded.some((record) => record.ip === ip));
  return { served: true, assignments: kept, finding: failed };
}

/** A Service whose status somebody else has overwritten holds nothing of ours any more, whatever our condition still says. */
function asItStands(service: Service, view: PoolView): Service {
  const overwritten = service.held && heldAssignments(service, view).length === 0;
  return overwritten ? { ...service, held: false, recorded: [] } : service;
}

/** The plan for one Service from the current state alone; deterministic, so that a new leader plans the same. */
export function plan(given: Service, view: AllocateView): Plan {
  const service = asItStands(given, view);
  const defaultPoolExists = [...view.pools.values()].some((pool) => pool.isDefault);
  const reason = notServed({ service, defaultPoolExists });
  if (reason !== undefined) return { served: false, finding: reason };
  const plans = neededFamilies(service).map((family) => planFamily(service, family, view));
  return together(service, plans);
}
