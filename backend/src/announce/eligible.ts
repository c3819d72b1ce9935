import type { Family } from '../domain/address.ts';
import type { Node } from '../domain/node.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { selects } from '../domain/selector.ts';
import type { FamilyEndpoints } from '../domain/service.ts';
import type { TrafficPolicy } from '../domain/traffic-policy.ts';
import type { AbleNode } from './drain.ts';
import { nextHop } from './next-hop.ts';
import type { NodeHealth } from './snapshot.ts';

export interface NodeQuestion {
  readonly node: Node;
  readonly health: NodeHealth;
  readonly pool: Pool;
  /** That of the address in question. */
  readonly family: Family;
  readonly trafficPolicy: TrafficPolicy;
  /** Those of the address' family. */
  readonly endpoints: FamilyEndpoints;
}

type NodeCheck = (question: NodeQuestion) => Finding | undefined;

/** KEP-1143: the label is a bool; `false` includes the node. */
function notExcluded({ node }: NodeQuestion): Finding | undefined {
  return node.excluded ? finding('NodeExcluded', { node: node.name }) : undefined;
}

function networkAvailable({ node }: NodeQuestion): Finding | undefined {
  return node.networkUnavailable ? finding('NodeNetworkUnavailable', { node: node.name }) : undefined;
}

function selectedByPool({ node, pool }: NodeQuestion): Finding | undefined {
  return selects(pool.nodeSelector, node.labels)
    ? undefined
    : finding('NodeNotSelected', { node: node.name, pool: pool.name });
}

/** A route of the family needs a next hop of the family; on Layer 2 the node's link is what counts, and its replica tells of that. */
function hasAddress({ node, family, pool }: NodeQuestion): Finding | undefined {
  if (pool.protocol === 'layer2') return undefined;
  return nextHop(node, family, []) === undefined ? finding('NodeHasNoAddress', { node: node.name, family }) : undefined;
}

/** A probe's verdict outranks the Ready condition, which lags by 40 s and more. */
export function alive({ node, health }: Pick<NodeQuestion, 'node' | 'health'>): Finding | undefined {
  if (health === 'dead') return finding('NodeDead', { node: node.name });
  if (health === 'unknown' && !node.ready) return finding('NodeNotReady', { node: node.name });
  return undefined;
}

/** KEP-1669: with `Local`, a node's terminating endpoints serve as long as they can. */
function hasLocalEndpoint({ node, trafficPolicy, endpoints }: NodeQuestion): Finding | undefined {
  if (trafficPolicy === 'Cluster') return undefined;
  const local = endpoints.ready.includes(node.name) || endpoints.serving.includes(node.name);
  return local ? undefined : finding('NoLocalEndpoint', { node: node.name });
}

/** In the order in which an operator would ask: the first finding is the one that is shown. */
const NODE_CHECKS: readonly NodeCheck[] = [
  notExcluded,
  networkAvailable,
  selectedByPool,
  hasAddress,
  alive,
  hasLocalEndpoint,
];

/** Why a node can't take traffic for an address, or undefined if it can; one that is being drained can (`drain.ts`). */
export function ineligible(question: NodeQuestion): Finding | undefined {
  for (const check of NODE_CHECKS) {
    const found = check(question);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Whether nodes that don't answer probes can be held against those that do. A single one that answers may be the node of the replica that
 * asks: where a firewall keeps the health port from all others, each replica hears its own.
 */
export function probesTell(health: ReadonlyMap<string, NodeHealth>): boolean {
  let answering = 0;
  for (const each of health.values()) {
    if (each === 'alive') answering += 1;
    if (answering > 1) return true;
  }
  return false;
}

/**
 * Of a node that can take traffic, how sure that is: what a drain asks.
 *
 * @param tell `probesTell`
 */
export function ableNode({ node, health, trafficPolicy, endpoints }: NodeQuestion, tell: boolean): AbleNode {
  const ready = trafficPolicy === 'Cluster' || endpoints.ready.includes(node.name);
  return { node, alive: tell && health === 'alive', ready };
}
