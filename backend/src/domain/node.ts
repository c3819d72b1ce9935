import { formatAddress, parseAddress, parseRange, rangeContains, type Address } from './address.ts';
import type { Labels } from './selector.ts';

/** An address with its canonical text, which every route through the node repeats. */
export interface NodeAddress extends Address {
  readonly text: string;
}

/** Something that says that a node is about to go. */
export interface DrainSignal {
  /**
   * A deletion timestamp; the taint `ToBeDeletedByClusterAutoscaler` (KEP-3836: the drain signal); `spec.unschedulable`, which says so
   * only where the administrator wants it.
   */
  readonly kind: 'deleting' | 'toBeDeleted' | 'cordoned';
  /** Milliseconds since the epoch, by the clock of whoever gave the signal; undefined: the object doesn't say. */
  readonly since: number | undefined;
}

/** What announcing needs to know of a Kubernetes node. */
export interface Node {
  readonly name: string;
  readonly labels: Labels;
  /** Addresses of type InternalIP in the object's order. */
  readonly internalIPs: readonly NodeAddress[];
  /** Those of type ExternalIP: no Service may have one, and no route goes through it. */
  readonly externalIPs: readonly NodeAddress[];
  /** What the Node's annotation of either era pins as next hop, at most one per family; usually empty. */
  readonly pinned: readonly NodeAddress[];
  /** Condition Ready is True. */
  readonly ready: boolean;
  /** Condition NetworkUnavailable is True. */
  readonly networkUnavailable: boolean;
  /** `node.kubernetes.io/exclude-from-external-load-balancers`, parsed as a bool as Kubernetes does. */
  readonly excluded: boolean;
  /** Usually empty; at most one of each kind, in the order of `DrainSignal`. */
  readonly drainSignals: readonly DrainSignal[];
}

/** Node labels that name the rack, of both eras; the younger first. */
export const RACK_LABELS = ['openelb.kubesphere.io/rack', 'porter.kubesphere.io/rack'] as const;

export function rackOf({ labels }: Pick<Node, 'labels'>): string | undefined {
  return RACK_LABELS.map((key) => labels[key]).find((rack) => rack !== undefined);
}

/**
 * All addresses that are known to be a node's own, by canonical text, so that no Service may have one: routes go to pinned ones as well,
 * and an ExternalIP is no less its own than an InternalIP.
 */
export function nodesByAddress(nodes: Iterable<Node>): ReadonlyMap<string, string> {
  const all = [...nodes].flatMap(({ name, internalIPs, externalIPs, pinned }) =>
    [...internalIPs, ...externalIPs, ...pinned].map(({ text }) => [text, name] as const),
  );
  return new Map(all);
}

/** Whether it is one of those that traffic to a node may go to. @param text canonical */
export function isReachedAt({ internalIPs, pinned }: Node, text: string): boolean {
  return isAmong(internalIPs, text) || isAmong(pinned, text);
}

/** Asked of each node for each answer and each route: it makes nothing that V8 would have to collect. */
function isAmong(addresses: readonly NodeAddress[], text: string): boolean {
  for (const address of addresses) if (address.text === text) return true;
  return false;
}

/** Names of the nodes that are a router with this address. @param address canonical */
export function nodesAt(address: string, nodes: Iterable<Node>): string[] {
  const found: string[] = [];
  for (const node of nodes) if (isReachedAt(node, address)) found.push(node.name);
  return found;
}

export function nodeAddress(text: string): NodeAddress | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : { ...address, text: formatAddress(address) };
}

/** What OpenELB's Node annotation selects: the IP that it is, or the first InternalIP inside the prefix that it is. */
export function pinnedAddresses(annotation: string | undefined, internalIPs: readonly NodeAddress[]): NodeAddress[] {
  if (annotation === undefined) return [];
  const pinned = nodeAddress(annotation);
  if (pinned !== undefined) return [pinned];
  const range = parseRange(annotation);
  const selected = range.ok ? internalIPs.find((address) => rangeContains(range.value, address)) : undefined;
  return selected === undefined ? [] : [selected];
}
