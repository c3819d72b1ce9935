import { parseAddress } from '../domain/address.ts';
import type { Assignment } from '../domain/service.ts';
import type { PoolSet } from './pool-set.ts';
import { byServiceAge, type Aged, type Waiting } from './waiting.ts';

/** What became free, or may be shared anew. */
export interface Offer {
  /** By address, as long as it is to be had. */
  readonly open: Map<string, Assignment>;
  /** Those who share with each other, and may fit beside others of their own by now. */
  readonly groups: ReadonlySet<string>;
}

/** Somebody whom an offer may be for. */
export interface Taker {
  readonly key: string;
  /** The addresses of it that may be for it. */
  readonly ips: readonly string[];
  /** It is of one of the groups. */
  readonly isMember: boolean;
}

/** Services in order of age, all of which something may be for; no address: it is for members of a group. */
interface Line {
  readonly services: readonly Aged[];
  readonly ip?: string;
  next: number;
}

/**
 * Whom an offer may be for, oldest first, each once, however many of the addresses it may take: of who needs one and who needs two the
 * older comes first. What is to be had no more is offered to nobody else.
 */
export function* inTurn(offer: Offer, pools: PoolSet, waiting: Waiting): IterableIterator<Taker> {
  const lines: Line[] = [...offer.open.values()].flatMap((assignment) => {
    return linesOf(assignment, pools, waiting).map((services) => ({ services, ip: assignment.ip, next: 0 }));
  });
  for (const group of offer.groups) lines.push({ services: waiting.membersOf(group), next: 0 });
  for (;;) {
    const left = lines.filter(({ ip }) => ip === undefined || offer.open.has(ip));
    const key = oldest(left)?.key;
    if (key === undefined) return;
    const its = left.filter(({ services, next }) => services[next]?.key === key);
    for (const line of its) line.next += 1;
    yield { key, ips: its.flatMap(({ ip }) => ip ?? []), isMember: its.some(({ ip }) => ip === undefined) };
  }
}

function oldest(lines: readonly Line[]): Aged | undefined {
  let first: Aged | undefined;
  for (const { services, next } of lines) {
    const head = services[next];
    if (head !== undefined && (first === undefined || byServiceAge(head, first) < 0)) first = head;
  }
  return first;
}

/**
 * Who may take an address that became free: of the pool that has it by now, which by an edit may be another than the one that it was held
 * back of. Where that doesn't give it, as a stranger or a node has it, or it is a buggy one, it is at most for who asks for it.
 */
function linesOf(assignment: Assignment, pools: PoolSet, waiting: Waiting): (readonly Aged[])[] {
  const { ip } = assignment;
  const [pool, address] = [pools.get(pools.homeOf(assignment) ?? ''), parseAddress(ip)];
  const wanters = waiting.wantersOf(ip);
  if (pool === undefined || address === undefined || !pools.gives(pool, address)) return [wanters];
  return [waiting.takersOf({ pool: pool.name, family: address.family }), wanters];
}
