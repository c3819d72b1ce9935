import type { Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';
import { neededFamilies } from './plan.ts';
import type { Waiting } from './waiting.ts';

/** Nothing but its pools decides what such a Service gets: it has nothing, had nothing, and asks for no address of its own. */
function isPlain(service: Service, ledger: Ledger): boolean {
  const { key, held, recorded, wantedIPs, sharing } = service;
  const hasWishes = held || recorded.length > 0 || wantedIPs.length > 0 || sharing.key !== undefined;
  return !hasWishes && neededFamilies(service).length === 1 && ledger.assignments(key).length === 0;
}

/**
 * Text that is equal for two Services that wait only if an edit of pools, which leaves alone who may use them, helps both or neither:
 * they look to the same pools, which fail them for the same reasons. Undefined for a Service that is like no other.
 */
export function situation(
  service: Service,
  { waiting, ledger, said }: { readonly waiting: Waiting; readonly ledger: Ledger; readonly said: string | undefined },
): string | undefined {
  const interest = waiting.interestOf(service.key);
  if (interest === undefined || said === undefined || !isPlain(service, ledger)) return undefined;
  if (interest.pools.some((pool) => ledger.ownReleased(pool, service.key).length > 0)) return undefined;
  return `${neededFamilies(service).join()} ${interest.text} ${said}`;
}

/** Whether an edit of these pools may help. A record of addresses that a Service has not is a wish for these, whichever pools they are in. */
export function mayBeHelpedBy(pools: ReadonlySet<string>, service: Service, waiting: Waiting): boolean {
  return service.recorded.length > 0 || waiting.mayBeHelpedBy(pools, service.key);
}
