import { conflictsOfOne } from '../domain/pool.ts';
import type { ConflictReport } from '../engine/messages.ts';
import type { EipConflict } from '../resources/eip.ts';

const MAX_MAC = 64;
/** The most entries of nodes' kernels. */
const MAX_BY_NODES = 8;

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

/** A stranger at an address that is not announced keeps its Service from being reached; one beside us does half the harm, a node little. */
function weight({ node, announced }: ConflictReport): number {
  if (node !== undefined) return 2;
  return announced ? 1 : 0;
}

function firstOfEach(conflicts: readonly ConflictReport[], keyOf: 'ip' | 'node'): ConflictReport[] {
  const first = new Map<string | undefined, ConflictReport>();
  for (const conflict of conflicts) if (!first.has(conflict[keyOf])) first.set(conflict[keyOf], conflict);
  return [...first.values()];
}

/** Each node once as long as there are others to name: what is to be done is done on the node, for all addresses. */
function examples(byNodes: readonly ConflictReport[]): ConflictReport[] {
  return [...new Set([...firstOfEach(byNodes, 'node'), ...byNodes])].slice(0, MAX_BY_NODES);
}

/** The most that do harm now, and with them those of addresses that are free to be given again, which up to half of the room is for. */
function chosen(heard: readonly ConflictReport[], left: readonly ConflictReport[], most: number): ConflictReport[] {
  const byHarm = [...heard].sort((a, b) => weight(a) - weight(b));
  const reserved = left.slice(0, Math.floor(most / 2));
  const all = firstOfEach([...reserved, ...byHarm, ...left], 'ip');
  const byStrangers = all.filter(({ node }) => node === undefined);
  return [...byStrangers, ...examples(all.filter(({ node }) => node !== undefined))].slice(0, most);
}

/**
 * One replica's entries in `Eip.status.conflicts`, by name of the pool: one per address, and no more than its share of what an object
 * should have to carry. Those that do most harm go first, of like ones those that are given first.
 * @param replicas how many write into the same status
 * @param left strangers at addresses that no Service has any more: the leader must not give these again
 */
export function eipConflicts(
  heard: readonly ConflictReport[],
  { replica, replicas }: { readonly replica: string; readonly replicas: number },
  left: readonly ConflictReport[] = [],
): ReadonlyMap<string, readonly EipConflict[]> {
  const [heardByPool, leftByPool] = [heard, left].map((all) => Map.groupBy(all, ({ pool }) => pool));
  const most = conflictsOfOne(replicas);
  const pools = new Set([...heard, ...left].map(({ pool }) => pool));
  return new Map(
    [...pools].map((pool) => {
      const ofPool = chosen(heardByPool?.get(pool) ?? [], leftByPool?.get(pool) ?? [], most);
      return [pool, ofPool.map((conflict) => entry(conflict, replica))];
    }),
  );
}
