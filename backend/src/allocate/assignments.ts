import type { Family } from '../domain/address.ts';
import type { Assignment } from '../domain/service.ts';

/** In the same order. */
export function sameAssignments(a: readonly Assignment[], b: readonly Assignment[]): boolean {
  return a.length === b.length && a.every(({ pool, ip }, i) => pool === b[i]?.pool && ip === b[i].ip);
}

/** The names of their pools. */
export function poolsOf(assignments: readonly Assignment[]): Set<string> {
  return new Set(assignments.map(({ pool }) => pool));
}

/** Those of `some` that `others` has not. */
export function without(some: readonly Assignment[], others: readonly Assignment[]): Assignment[] {
  return some.filter(({ pool, ip }) => !others.some((other) => other.pool === pool && other.ip === ip));
}

/** Of two families the canonical text tells. */
export function familyOf({ ip }: Assignment): Family {
  return ip.includes(':') ? 'ipv6' : 'ipv4';
}
