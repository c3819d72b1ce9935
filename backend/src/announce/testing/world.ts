/** A small world to decide in: three nodes, a pool for both families, and one Service that has the address `IP`. */
import type { Node } from '../../domain/node.ts';
import type { Pool, Protocol } from '../../domain/pool.ts';
import type { ServiceEndpoints } from '../../domain/service.ts';
import { aNode, aPool, endpointsOn, sharingTerms } from '../../domain/testing/builders.ts';
import type { DrainPhase } from '../drain.ts';
import type { HoldingService, NodeHealth, Snapshot } from '../snapshot.ts';

export const IP = '192.0.2.1';
export const POOL = aPool('public', ['192.0.2.0/24', '2001:db8:cafe::/64']);
export const N1 = aNode('n1', ['10.0.0.1', '2001:db8::1']);
export const N2 = aNode('n2', ['10.0.0.2', '2001:db8::2']);
export const N3 = aNode('n3', ['10.0.0.3', '2001:db8::3']);

/** A Service that has `IP` from `POOL`, Cluster, and shares with nobody. */
export function holding(key: string, rest: Partial<HoldingService> = {}): HoldingService {
  return {
    key,
    uid: `uid-${key}`,
    createdAt: 1_000,
    trafficPolicy: 'Cluster',
    sharing: sharingTerms(),
    assignments: [{ pool: 'public', ip: IP }],
    announcedBefore: true,
    ...rest,
  };
}

export const WEB = holding('shop/web');

export interface World {
  /** Those of `WEB`. */
  readonly endpoints?: ServiceEndpoints;
  readonly nodes?: readonly Node[];
  readonly pools?: readonly Pool[];
  readonly health?: Readonly<Record<string, NodeHealth>>;
  readonly gone?: readonly Node[];
  readonly drains?: Readonly<Record<string, DrainPhase>>;
  readonly protocols?: readonly Protocol[];
}

export function snapshot(world: World): Snapshot {
  const { endpoints = endpointsOn(['n1']), nodes = [N1, N2, N3], pools = [POOL], health = {} } = world;
  const { gone = [], drains = {} } = world;
  const byName = (list: readonly Node[]): Map<string, Node> => new Map(list.map((node) => [node.name, node]));
  return {
    services: new Map(),
    endpoints: new Map([[WEB.key, endpoints]]),
    nodes: byName(nodes),
    gone: byName(gone),
    drains: new Map(Object.entries(drains)),
    pools: new Map(pools.map((pool) => [pool.name, pool])),
    health: new Map(Object.entries(health)),
    protocols: new Set(world.protocols ?? ['bgp']),
  };
}
