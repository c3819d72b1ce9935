import {
  canonicalAddress,
  parseAddress,
  rangeContains,
  type Address,
  type AddressRange,
  type Family,
} from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { sameRanges } from '../domain/ranges.ts';
import type { Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { familyOf } from './assignments.ts';
import { isAllowed, whoMayUse, type PoolSet } from './pool-set.ts';
import { notServed } from './served.ts';

/** An address that a Service asks for, in canonical text. */
export interface Wish {
  readonly ip: string;
  readonly address: Address;
  /** It is granted only with an address of the other family, which may be any pool's. */
  readonly needsBoth: boolean;
}

function needsBoth({ familyPolicy, families }: Service): boolean {
  return familyPolicy === 'RequireDualStack' && families.length > 1;
}

/** What a family would be given if it could be: the wanted address, else those of the record, as `choose` has it. */
function ofFamily({ wantedIPs, recorded, families }: Service, family: string, held: readonly Assignment[]): string[] {
  const own = wantedIPs.find((text) => parseAddress(text)?.family === family);
  if (own !== undefined) return [own];
  if (wantedIPs.length > 0 && families.length === 1) return [];
  const inFamily = (ip: string): boolean => parseAddress(ip)?.family === family;
  // A record is for who has nothing.
  if (held.some(({ ip }) => inFamily(ip))) return [];
  return recorded.map(({ ip }) => ip).filter(inFamily);
}

/** The addresses that a Service asks for and has not, each once, whichever pools there are. `own`: what it has. */
export function wishesOf(service: Service, own: readonly Assignment[]): Wish[] {
  const { wantedIPs, recorded, families, familyPolicy } = service;
  const isOwn = (ip: string): boolean => own.some((assignment) => assignment.ip === ip);
  // Most Services ask for nothing or have what they ask for, as they write it.
  if (wantedIPs.every(isOwn) && recorded.every(({ ip }) => isOwn(ip))) return [];
  // One that can't be read is answered before all others.
  if (wantedIPs.some((text) => parseAddress(text) === undefined)) return [];
  const needed = familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
  const ips = new Set(
    needed.flatMap((family) => ofFamily(service, family, own).flatMap((text) => canonicalAddress(text) ?? [])),
  );
  return [...ips]
    .filter((ip) => !isOwn(ip))
    .flatMap((ip) => {
      const address = parseAddress(ip);
      return address === undefined ? [] : [{ ip, address, needsBoth: needsBoth(service) }];
    });
}

/** Whether a pool that the Service may draw on gives the address at all. */
function isOpen(service: Service, { address }: Wish, pools: PoolSet, labels: Labels | undefined): boolean {
  const named = service.wantedPools;
  const having = pools.containing(address).filter(({ name }) => named.length === 0 || named.includes(name));
  return having.some((pool) => isAllowed(pool, service, labels) && pools.reservation(pool, address) === undefined);
}

/** What there is for a Service. */
interface Chances {
  readonly pools: PoolSet;
  /** Those of its namespace. */
  readonly labels: Labels | undefined;
  /** Its wishes that a pool could grant. */
  readonly open: readonly Wish[];
}

function giving(service: Service, { pools, labels }: Chances): readonly Pool[] {
  const { wantedPools } = service;
  if (wantedPools.length === 0) return pools.candidates(service, labels);
  return wantedPools.flatMap((name) => pools.get(name) ?? []).filter((pool) => isAllowed(pool, service, labels));
}

/** Whether a Service may ever get an address of a family: the one that it asks for, or any if it asks for none. */
function isPossible(service: Service, family: Family, chances: Chances): boolean {
  const isOfFamily = (address: Address | undefined): boolean => address?.family === family;
  if (service.wantedIPs.some((text) => isOfFamily(parseAddress(text)))) {
    return chances.open.some(({ address }) => isOfFamily(address));
  }
  return giving(service, chances).some(({ name, disabled, deleting }) => {
    return !disabled && !deleting && chances.pools.allocatable(name).some((range) => range.family === family);
  });
}

/** Those that the pools as they are could grant, in canonical text. `own`: what it has; `labels`: those of the Service's namespace. */
export function openWishes(
  service: Service,
  { wishes, own }: { readonly wishes: readonly Wish[]; readonly own: readonly Assignment[] },
  pools: PoolSet,
  labels: Labels | undefined,
): string[] {
  if (wishes.length === 0) return [];
  if (notServed({ service, defaultPoolExists: pools.hasDefault }) !== undefined) return [];
  const open = wishes.filter((wish) => isOpen(service, wish, pools, labels));
  const lacking = service.families.filter((family) => own.every((assignment) => familyOf(assignment) !== family));
  const isVain = needsBoth(service) && !lacking.every((family) => isPossible(service, family, { pools, labels, open }));
  return isVain ? [] : open.map(({ ip }) => ip);
}

/** Whether an edit leaves alone for whom a pool is, if for anybody at the moment. */
function isForTheSame(was: Pool, is: Pool): boolean {
  return was.disabled === is.disabled && was.deleting === is.deleting && whoMayUse(was) === whoMayUse(is);
}

/** The ranges in which another set of pools may grant other wishes; undefined: anywhere. */
function changedRanges(before: PoolSet, after: PoolSet): readonly AddressRange[] | undefined {
  if (before.hasDefault !== after.hasDefault || before.reserved !== after.reserved) return undefined;
  const names = new Set([...before.pools.keys(), ...after.pools.keys()]);
  return [...names].flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    const alike = was !== undefined && is !== undefined && (was === is || isForTheSame(was, is));
    if (alike && sameRanges(before.allocatable(name), after.allocatable(name))) return [];
    return [...(was?.ranges ?? []), ...(is?.ranges ?? [])];
  });
}

/** What Services ask for and have not, also where no pool has it: an edit of pools may open it, or close it. */
export class Wishes {
  readonly #byService = new Map<string, readonly Wish[]>();

  set(service: string, wishes: readonly Wish[]): void {
    if (wishes.length === 0) this.#byService.delete(service);
    else this.#byService.set(service, wishes);
  }

  /** Keys of all Services with wishes. */
  keys(): string[] {
    return [...this.#byService.keys()];
  }

  /** Keys of those to be asked anew; the cost is that of the wishes, and next to nothing where no range changed. */
  concernedBy(before: PoolSet, after: PoolSet): string[] {
    if (this.#byService.size === 0) return [];
    const ranges = changedRanges(before, after);
    if (ranges === undefined) return this.keys();
    if (ranges.length === 0) return [];
    const isConcerned = ({ address, needsBoth: anywhere }: Wish): boolean =>
      anywhere || ranges.some((range) => rangeContains(range, address));
    return [...this.#byService].filter(([, wishes]) => wishes.some(isConcerned)).map(([key]) => key);
  }
}
