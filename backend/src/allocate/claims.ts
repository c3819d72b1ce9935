import { poolOf, type Pool } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { without } from './assignments.ts';
import { isBelieved } from './believed.ts';
import type { ChooseView } from './choose.ts';
import type { Inherited, recordOf } from './inheritance.ts';
import type { PoolSet } from './pool-set.ts';
import { byServiceAge } from './waiting.ts';

/** What is known of the addresses that Services claim to have, from elsewhere. */
export interface Testimony {
  /**
   * Believes what Services claim, as far as the pools allow: at the beginning of a term of office, while another leader's writes may still
   * show up. Afterwards only the ledger knows what was given, and anything else was written by somebody else.
   */
  readonly adopting: boolean;
  /** The pools by whose rules that is judged, those that addresses are given from without what other replicas can't know. */
  rules(): PoolSet;
  /** What the pools' statuses said of a Service and an address when the term of office began. */
  recordOf(service: string, assignment: Assignment): ReturnType<typeof recordOf>;
  /** A pool's status may not have told of all who keep what its rules as they are now would not give. */
  mayOmit(pool: string): boolean;
  /** Whether the pool's status tells by now that the Service has an address which it is said to have. */
  isNamed(service: string, assignment: Assignment): boolean;
  /** The same of a holder of the address. */
  isNamedNow(service: string, ip: string): boolean;
  /** Whether that status may by now not tell of all who keep what its pool's rules would not give. */
  mayOmitNow(pool: string): boolean;
  /** Whether the Service had the address when the term of office began. */
  inherited(service: string, ip: string): Inherited | undefined;
  /** A Service gets another address instead of this one, and the write that says so has not succeeded yet. */
  isLeaving(service: string, ip: string): boolean;
  /** When a Service was made, in milliseconds since the epoch: of two with one address the older keeps it. */
  createdAt(service: string): number | undefined;
}

/** What the belief in a claim depends on. */
export interface ClaimsView extends ChooseView {
  readonly testimony: Testimony;
}

function isOlder(service: Service, rival: string, view: ClaimsView): boolean {
  const createdAt = view.testimony.createdAt(rival);
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
function outlives(service: Service, assignment: Assignment, view: ClaimsView): boolean {
  const { ip } = assignment;
  const isNamed = view.testimony.recordOf(service.key, assignment) === 'named';
  return view.ledger.rivals(ip, service).every((rival) => {
    const inherited = view.testimony.inherited(rival, ip);
    // One of these writes moved it, another one gave on what it had: the ledger has yet to follow.
    if (inherited === 'let go') return true;
    const isRivalNamed = view.testimony.recordOf(rival, assignment) === 'named';
    if (inherited === 'kept' && !(isNamed && isRivalNamed)) return isNamed;
    return (isNamed || !view.testimony.isNamedNow(rival, ip)) && isOlder(service, rival, view);
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
function isTenable(service: Service, ip: string, view: ClaimsView): boolean {
  const asBefore =
    sameTerms(service.sharing, view.ledger.sharing(service.key)) && !view.testimony.isLeaving(service.key, ip);
  return asBefore || view.ledger.fits(ip, service);
}

/**
 * An address that stands in a status, with its true pool, or undefined if it can't be ours: a record that names no pool was written by
 * somebody else over ours, one that its pool has not by a forger. Where the pool is gone it is kept, and not announced, until there is
 * one again. `pool`: where the address is.
 */
function settled({ ip, pool: recorded }: Assignment, pool: Pool | undefined, view: ClaimsView): Assignment | undefined {
  if (pool !== undefined) return { ip, pool: pool.name };
  return recorded === '' || view.pools.get(recorded) !== undefined ? undefined : { ip, pool: recorded };
}

/** What stands in the status and is unknown to the ledger. */
function adopted(service: Service, assignment: Assignment, view: ClaimsView): Assignment[] {
  if (!view.testimony.adopting) return [];
  const pool = poolOf(assignment, view.pools.pools);
  const own = settled(assignment, pool, view);
  if (own === undefined) return [];
  const record = view.testimony.recordOf(service.key, own);
  if (record === 'another') return [];
  const isNamed = record === 'named';
  const labels = view.namespaces.get(service.namespace);
  const evidence = {
    pools: view.testimony.rules(),
    labels,
    isNamed,
    mayOmit: pool !== undefined && view.testimony.mayOmit(pool.name),
  };
  if (!isBelieved({ service, ip: own.ip, pool }, evidence)) return [];
  return outlives(service, own, view) ? [own] : [];
}

/**
 * What was adopted while no pool had it, as the pools are now: with its true pool, or undefined if it can't be the Service's. It is
 * judged as it would be if it turned up now: of a pool that was not there nobody can have anything but by its rules or its status.
 */
export function proven(service: Service, assignment: Assignment, view: ClaimsView): Assignment | undefined {
  const pool = poolOf(assignment, view.pools.pools);
  const own = settled(assignment, pool, view);
  if (own === undefined) return undefined;
  const labels = view.namespaces.get(service.namespace);
  const isNamed = view.testimony.isNamed(service.key, own);
  const evidence = {
    pools: view.testimony.rules(),
    labels,
    isNamed,
    mayOmit: pool !== undefined && view.testimony.mayOmitNow(pool.name),
  };
  return isBelieved({ service, ip: own.ip, pool }, evidence) ? own : undefined;
}

/** What a Service claims by its status and is believed to have, each address with its true pool; the ledger is made of this. */
export function believedClaims(service: Service, view: ClaimsView): Assignment[] {
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
function isOurs(key: string, assignment: Assignment, view: ClaimsView): boolean {
  const { ip, pool } = assignment;
  if (pool !== '' || view.ledger.assignments(key).some((known) => known.ip === ip)) return true;
  return view.testimony.adopting && poolOf(assignment, view.pools.pools) !== undefined;
}

export function oursOf({ key, claims, recorded }: Service, view: ClaimsView): string[] {
  return claims ? recorded.filter((assignment) => isOurs(key, assignment, view)).map(({ ip }) => ip) : [];
}

/** What the Service has: by its status, then by what we wrote there, should somebody have written over it. */
export function ownAssignments(service: Service, byStatus: readonly Assignment[], view: ClaimsView): Assignment[] {
  const written = view.ledger.written(service.key).filter(({ ip }) => isTenable(service, ip, view));
  return [...byStatus, ...without(written, byStatus)];
}
