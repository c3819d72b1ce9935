import { nodeAddress, pinnedAddresses, type DrainSignal, type Node, type NodeAddress } from '../../../domain/node.ts';
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

function addressesOf(node: kinds.Node, wanted: 'InternalIP' | 'ExternalIP'): NodeAddress[] {
  const addresses = (node.status?.addresses ?? []).filter(({ type }) => type === wanted);
  return addresses.flatMap(({ address }) => nodeAddress(address) ?? []);
}

/** Undefined where there is none, or none that can be read. */
function time(text: string | undefined): number | undefined {
  const parsed = Date.parse(text ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** What the cluster autoscaler writes as its taint's value: `fmt.Sprint(time.Now().Unix())`. */
const UNIX_SECONDS = /^\d{9,11}$/;

function unixTime(text: string | undefined): number | undefined {
  return UNIX_SECONDS.test(text ?? '') ? Number(text) * 1_000 : undefined;
}

/**
 * What says that the node is about to go. The time of a cordon is that of the taint which follows it, so that all replicas find the
 * same one, whenever they started.
 */
function drainSignalsOf({ metadata, spec }: kinds.Node): DrainSignal[] {
  const taints = new Map(spec?.taints?.map((taint) => [taint.key, taint]));
  const toBeDeleted = taints.get(NODE_KEYS.toBeDeletedTaint);
  const signals: DrainSignal[] = [];
  if (metadata?.deletionTimestamp !== undefined)
    signals.push({ kind: 'deleting', since: time(metadata.deletionTimestamp) });
  if (toBeDeleted !== undefined)
    signals.push({ kind: 'toBeDeleted', since: time(toBeDeleted.timeAdded) ?? unixTime(toBeDeleted.value) });
  if (spec?.unschedulable === true)
    signals.push({ kind: 'cordoned', since: time(taints.get(NODE_KEYS.unschedulableTaint)?.timeAdded) });
  return signals;
}

/** A Node as announcing sees it; equal in every field as long as nothing that matters changes, heartbeats least of all. */
export function toNode(node: kinds.Node): Node {
  const metadata = node.metadata ?? {};
  const internalIPs = addressesOf(node, 'InternalIP');
  return {
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    internalIPs,
    externalIPs: addressesOf(node, 'ExternalIP'),
    pinned: pinnedAddresses(eraValue(metadata.annotations, 'layer2'), internalIPs),
    ready: isTrue(node, 'Ready'),
    networkUnavailable: isTrue(node, 'NetworkUnavailable'),
    excluded: isExcluded(metadata.labels),
    drainSignals: drainSignalsOf(node),
  };
}
