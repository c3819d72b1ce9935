/**
 * Why a Service has its address or not, is announced or not: one vocabulary for conditions, Events, metrics labels, the API and the
 * documentation. CamelCase, as Kubernetes' condition reasons are. Texts are made at the edges, by language.
 */
export const REASONS = [
  // Served at all?
  'NotLoadBalancer',
  'ForeignClass',
  'NotOptedIn',
  'OptedOut',
  'ServedByAnother',
  'Deleting',
  // Allocation
  'Allocated',
  'NoPoolMatches',
  'PoolNotFound',
  'PoolNotAllowed',
  'PoolDisabled',
  'PoolFull',
  'PoolResting',
  'PoolDeleting',
  'FamilyNotAvailable',
  'WantedAddressInvalid',
  'WantedAddressOutsidePools',
  'WantedAddressTaken',
  'WantedAddressOfNode',
  'WantedAddressInServiceRange',
  'WantedAddressOfSubnet',
  'WantedAddressInOlderPool',
  'WantedAddressResting',
  'SharingNotAgreed',
  'SharingPortsOverlap',
  'SharingPoliciesDiffer',
  // Announcing
  'Announced',
  'NoAddress',
  'NotInRecordedPool',
  'HeldByOlderService',
  'NoEndpoints',
  'NoLocalEndpoints',
  'AllNodesExcluded',
  'NoEligibleNode',
  'NoPeer',
  'NoPeerEstablished',
  'ProtocolNotSupported',
  'AddressProbing',
  'AddressConflict',
  // Nodes
  'NodeDeleting',
  'NodeExcluded',
  'NodeToBeDeleted',
  'NodeNetworkUnavailable',
  'NodeNotSelected',
  'NodeDead',
  'NodeNotReady',
  'NoLocalEndpoint',
  'NodeHasNoAddress',
] as const;

export type Reason = (typeof REASONS)[number];

/** A verdict with the facts that a text needs. */
export interface Finding {
  readonly reason: Reason;
  readonly params: Readonly<Record<string, string>>;
}

export function finding(reason: Reason, params: Readonly<Record<string, string>> = {}): Finding {
  return { reason, params };
}
