import type { FamilyEndpoints } from '../domain/service.ts';
import { Sharers } from '../domain/sharers.ts';
import { sharingProblem } from '../domain/sharing.ts';
import type { HoldingService } from './snapshot.ts';

/** Timestamps have whole seconds: of one age the first by name, as the allocator lets it keep the address. */
function byAge(a: HoldingService, b: HoldingService): number {
  return a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1);
}

/** The Services that hold one address, each part oldest first. */
export interface Holders {
  /** The oldest, and those that may share the address with it and with each other: it is announced for them. */
  readonly group: readonly HoldingService[];
  /** The rest, which wait until the leader has given them another address. */
  readonly younger: readonly HoldingService[];
}

/** Of more than this each is compared with what the others take, and not with each of them: tenants may make thousands. */
const MANY = 32;

/**
 * Whom an address that several Services hold is announced for. Each, in the order of age, joins if it may share with all that have
 * joined: an older one is never pushed out by a younger one, and every replica finds the same group from the same Services.
 */
export function groupHolders(holders: readonly HoldingService[]): Holders {
  const group: HoldingService[] = [];
  const younger: HoldingService[] = [];
  const joined = holders.length > MANY ? new Sharers() : undefined;
  for (const service of [...holders].sort(byAge)) {
    const joins =
      joined?.fit(service.sharing) ??
      group.every((member) => sharingProblem(member.sharing, service.sharing) === undefined);
    (joins ? group : younger).push(service);
    if (joins) joined?.add(service.sharing);
  }
  return { group, younger };
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

/** The endpoints of Services that share an address: a node that can answer for one of them takes its traffic. */
export function joinEndpoints(endpoints: readonly FamilyEndpoints[]): FamilyEndpoints {
  const [only] = endpoints;
  if (only !== undefined && endpoints.length === 1) return only;
  return {
    ready: union(endpoints.map(({ ready }) => ready)),
    serving: union(endpoints.map(({ serving }) => serving)),
    any: endpoints.some(({ any }) => any),
  };
}
