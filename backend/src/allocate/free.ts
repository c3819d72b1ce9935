import { parseAddress, type Family } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import type { Service } from '../domain/service.ts';
import { familyOf } from './assignments.ts';
import type { HeldBack } from './held-back.ts';
import type { Leaving } from './leaving.ts';
import type { Ledger } from './ledger.ts';
import type { PoolSet } from './pool-set.ts';
import type { Release } from './released.ts';
import type { Aged, Lack } from './waiting.ts';

export interface FreeView {
  readonly pools: PoolSet;
  readonly ledger: Ledger;
  /** Milliseconds since the epoch: what was freed a short while ago may have to rest. */
  readonly now: number;
  /** Not given: nothing is held back for anybody. */
  readonly heldBack?: Pick<HeldBack, 'keptFrom' | 'of' | 'holdOf'>;
  /** Not given: nobody is about to let go of anything. */
  readonly leaving?: Pick<Leaving, 'leftBy'>;
}

/** An address for a Service, or why there is none. */
export type Found = { readonly ok: true; readonly ip: string } | { readonly ok: false; readonly finding: Finding };

/** When a freed address may be given to somebody else, in milliseconds since the epoch. */
export function restsUntil(release: Release, pool: Pool): number {
  return release.at + pool.reuseAfterSeconds * 1_000;
}

/** RFC 3339, whole seconds. */
export function timeText(at: number): string {
  return `${new Date(Math.ceil(at / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** When an address that nobody has may be given to a Service. */
function restedAt(ip: string, service: Aged, pool: Pool, { ledger }: Pick<FreeView, 'ledger'>): number {
  const release = ledger.lastHolder(ip);
  return release === undefined || release.service === service.key ? 0 : restsUntil(release, pool);
}

function givable(ip: string, pool: Pool, family: Family, { pools }: Pick<FreeView, 'pools'>): boolean {
  // Of two families the text tells, without the cost of parsing.
  if (ip.includes(':') !== (family === 'ipv6')) return false;
  const address = parseAddress(ip);
  return address !== undefined && pools.gives(pool, address);
}

/** Whether others who have an address, if any do, share it with the Service. */
function joinable(ip: string, service: Service, { ledger, leaving }: FreeView): boolean {
  return ledger.fits(ip, service) && leaving?.leftBy(ip, service.key) === undefined;
}

/** The lowest address of the pool that the Services of its sharing group have, and that it fits beside all of them. */
function shared(service: Service, family: Family, pool: Pool, view: FreeView): string | undefined {
  if (service.sharing.key === undefined) return undefined;
  for (const ip of view.ledger.sharedWith(service)) {
    if (joinable(ip, service, view) && givable(ip, pool, family, view)) return ip;
  }
  return undefined;
}

/** An address that is kept for the Service already, while the write that says so is under way. */
function kept(service: Service, family: Family, pool: Pool, view: FreeView): string | undefined {
  const all = view.ledger.assignments(service.key).filter((assignment) => assignment.pool === pool.name);
  return all.find(({ ip }) => givable(ip, pool, family, view) && joinable(ip, service, view))?.ip;
}

/** One that is held back for it until there is one of the other family. It rests like any other: its pool may ask for that since. */
function heldBack(service: Service, family: Family, pool: Pool, view: FreeView): string | undefined {
  const all = view.heldBack?.of(service.key).filter((assignment) => assignment.pool === pool.name);
  const isIts = (ip: string): boolean => givable(ip, pool, family, view) && joinable(ip, service, view);
  return all?.find(({ ip }) => isIts(ip) && restedAt(ip, service, pool, view) <= view.now)?.ip;
}

/** Whether others need it: those that ask for it, and for whom it is held back and no other one would do. */
function isWished(ip: string, service: string, view: FreeView): boolean {
  const any = keeperOfAny(ip, view);
  return view.ledger.isWishedByOthers(ip, any === undefined ? [service] : [service, any]);
}

/** The address that a Service of this name had before, if nobody has got it since, or only those that it shared it with have it still. */
export function findOwn(service: Service, family: Family, pool: Pool, view: FreeView): string | undefined {
  const { ledger } = view;
  const { key } = service;
  const given = ledger
    .ownReleased(pool.name, key)
    .filter((ip) => !isWished(ip, key, view) && joinable(ip, service, view));
  const left = ledger.leftBy(key).filter((ip) => ledger.isHeld(ip) && joinable(ip, service, view));
  return [...given, ...left].find((ip) => givable(ip, pool, family, view));
}

function fresh(family: Family, pool: Pool, { pools, ledger }: Pick<FreeView, 'pools' | 'ledger'>): string | undefined {
  for (const range of pools.allocatable(pool.name)) {
    if (range.family !== family) continue;
    const ip = ledger.lowestFresh(pool, range, (candidate, text) => pools.isSkipped(pool, candidate, text));
    if (ip !== undefined) return ip;
  }
  return undefined;
}

interface Rested {
  readonly ip?: string;
  /** There is one, and it has to rest. */
  readonly rests?: true;
}

/** The address that was given back longest ago and that nobody asks for but these, once it has rested. */
function rested(askers: readonly string[], family: Family, pool: Pool, view: FreeView): Rested {
  for (const release of view.ledger.oldestReleased(pool.name)) {
    const { ip } = release;
    if (!givable(ip, pool, family, view) || view.ledger.isWishedByOthers(ip, askers)) continue;
    return restsUntil(release, pool) <= view.now ? { ip } : { rests: true };
  }
  return {};
}

interface Search {
  readonly family: Family;
  readonly pool: Pool;
  readonly except?: string;
}

/** A free address that others only ask for: better than none. */
function wishedByOthers(service: Aged, { family, pool, except }: Search, view: FreeView): Rested {
  let rests = false;
  for (const ip of view.ledger.wishedFree()) {
    if (ip === except || !givable(ip, pool, family, view)) continue;
    if (view.heldBack?.keptFrom(ip, service) !== undefined) continue;
    if (restedAt(ip, service, pool, view) <= view.now) return { ip };
    rests = true;
  }
  return rests ? { rests } : {};
}

/**
 * For whom an address is held back that could as well be another free one of its pool: he neither asks for it nor had it before. So it is
 * there for who does, and for him the other one is held back instead.
 */
export function keeperOfAny(ip: string, view: FreeView): string | undefined {
  const hold = view.heldBack?.holdOf(ip);
  if (hold === undefined || hold.isAskedFor || view.ledger.lastHolder(ip)?.service === hold.service.key)
    return undefined;
  const { service, assignment } = hold;
  const pool = view.pools.get(assignment.pool);
  const family = familyOf(assignment);
  if (pool === undefined) return undefined;
  const another =
    fresh(family, pool, view) ??
    rested([], family, pool, view).ip ??
    wishedByOthers(service, { family, pool, except: ip }, view).ip;
  return another === undefined ? undefined : service.key;
}

/**
 * The address of a pool that a Service without wishes gets: the one that is kept for it, one that it may share, the one that is held back
 * for it, the one that it had before, one that nobody had yet, the one that nobody has had for longest, one that somebody else only asks
 * for. What is held back comes after what is shared, as a new leader, for whom nothing is held back yet, would share as well.
 */
export function findFree(service: Service, family: Family, pool: Pool, view: FreeView): Found {
  const now =
    kept(service, family, pool, view) ??
    shared(service, family, pool, view) ??
    heldBack(service, family, pool, view) ??
    findOwn(service, family, pool, view) ??
    fresh(family, pool, view);
  if (now !== undefined) return { ok: true, ip: now };
  const used = rested([service.key], family, pool, view);
  const last = used.ip === undefined ? wishedByOthers(service, { family, pool }, view) : used;
  if (last.ip !== undefined) return { ok: true, ip: last.ip };
  const rests = used.rests === true || last.rests === true;
  // Not until when: that is another time with each address that others get, and thousands may wait.
  return { ok: false, finding: finding(rests ? 'PoolResting' : 'PoolFull', { pool: pool.name, family }) };
}

/** Whether a pool has an address of a family that nobody has, that is held back for nobody and has rested. */
export function hasIdle({ pool: name, family }: Lack, view: FreeView): boolean {
  const pool = view.pools.get(name);
  if (pool === undefined) return false;
  const youngest = { key: '', createdAt: Infinity };
  const used = rested([], family, pool, view).ip ?? wishedByOthers(youngest, { family, pool }, view).ip;
  return (fresh(family, pool, view) ?? used) !== undefined;
}

/** Whether a pool has no address left, those that rest apart. */
export function isFull(pool: Pool, view: Pick<FreeView, 'pools' | 'ledger'>): boolean {
  const families = new Set(pool.ranges.map(({ family }) => family));
  return [...families].every((family) => {
    const released = [...view.ledger.oldestReleased(pool.name)].map(({ ip }) => ip);
    const used = [...released, ...view.ledger.wishedFree()];
    return fresh(family, pool, view) === undefined && !used.some((ip) => givable(ip, pool, family, view));
  });
}
