import { nodeAddress, pinnedAddresses, type Node, type NodeAddress } from '../../../domain/node.ts';
import { eraValue, NODE_KEYS } from '../../../resources/keys.ts';
import type * as kinds from '../../kinds.ts';

/** What Go's `strconv.ParseBool` calls true and false; Kubernetes' own controllers take an unreadable value of the label as true. */
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function isExcluded(labels: Readonly<Record<string, string>> | undefined): boolean {
  const value = labels?.[NODE_KEYS.excludeFromLoadBalancers];
  return value !== undefined && !FALSE.has(value);
}

function isTrue(node: kinds.Node, type: string): boolean {
  return node.status?.conditions?.find((candidate) => candidate.type === type)?.status === 'True';
}

function internalIPsOf(node: kinds.Node): NodeAddress[] {
  const addresses = (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return addresses.flatMap(({ address }) => nodeAddress(address) ?? []);
}

/** A Node as announcing sees it; equal in every field as long as nothing that matters changes, heartbeats least of all. */
export function toNode(node: kinds.Node): Node {
  const metadata = node.metadata ?? {};
  const { spec } = node;
  const internalIPs = internalIPsOf(node);
  return {
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    internalIPs,
    pinned: pinnedAddresses(eraValue(metadata.annotations, 'layer2'), internalIPs),
    ready: isTrue(node, 'Ready'),
    networkUnavailable: isTrue(node, 'NetworkUnavailable'),
    excluded: isExcluded(metadata.labels),
    toBeDeleted: spec?.taints?.some(({ key }) => key === NODE_KEYS.toBeDeletedTaint) === true,
    unschedulable: spec?.unschedulable === true,
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
