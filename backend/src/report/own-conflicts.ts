import { MAX_CONFLICTS } from '../domain/pool.ts';
import type { ConflictReport } from '../engine/messages.ts';
import type { EipConflict } from '../resources/eip.ts';

const MAX_MAC = 64;

function entry({ ip, mac, link, node, announced, since }: ConflictReport, replica: string): EipConflict {
  return {
    replica,
    ip,
    mac: mac.slice(0, MAX_MAC),
    link,
    ...(node === undefined ? {} : { node }),
    announced,
    since,
  };
}

/**
 * One replica's entries in `Eip.status.conflicts`, by name of the pool: one per address, the first of them where there are more than
 * an object should have to carry.
 */
export function eipConflicts(
  conflicts: readonly ConflictReport[],
  replica: string,
): ReadonlyMap<string, readonly EipConflict[]> {
  const pools = new Map<string, Map<string, EipConflict>>();
  for (const conflict of conflicts) {
    const entries = pools.get(conflict.pool) ?? new Map<string, EipConflict>();
    pools.set(conflict.pool, entries);
    if (!entries.has(conflict.ip) && entries.size < MAX_CONFLICTS) entries.set(conflict.ip, entry(conflict, replica));
  }
  return new Map([...pools].map(([pool, entries]) => [pool, [...entries.values()]]));
}
