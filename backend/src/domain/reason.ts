/**
 * Why a Service has its address or not, is announced or not: one vocabulary for conditions, Events, metrics labels, the API and the
 * documentation. CamelCase, as Kubernetes' condition reasons are. Texts are made at the edges, by language.
 */
export const REASON_GROUPS = {
  /** Whether a Service is ours at all. Who is not ours gets no condition of ours. */
  served: ['NotLoadBalancer', 'ForeignClass', 'NotOptedIn', 'OptedOut', 'ServedByAnother', 'Deleting'],
  /** Whether it has its addresses: the condition `Allocated`. */
  allocation: [
    'Allocated',
    'NoPoolMatches',
    'PoolNotFound',
    'PoolInvalid',
    'PoolNotAllowed',
    'PoolDisabled',
    'PoolFull',
    'PoolResting',
    'PoolDeleting',
    'FamilyNotAvailable',
    'WantedAddressInvalid',
    'WantedAddressOfOtherFamily',
    'WantedAddressOutsidePools',
    'WantedAddressTaken',
    'WantedAddressOfNode',
    'WantedAddressInServiceRange',
    'WantedAddressOfSubnet',
    'WantedAddressInOlderPool',
    'WantedAddressConflict',
    'WantedAddressResting',
    'SharingNotAgreed',
    'SharingPortsOverlap',
    'SharingPoliciesDiffer',
    'AddressReplaced',
  ],
  /** What of a Service's annotations is not honoured: the condition `Allocated` says so at its end. */
  input: ['WantedAddressesIgnored', 'NamedPoolsIgnored', 'SharingKeyIgnored'],
  /** Whether an address of it is announced: the condition `Announced`. */
  announcing: [
    'Announced',
    'NoAddress',
    'NotInRecordedPool',
    'HeldByOlderService',
    'NoEndpoints',
    'SharerWithoutEndpoints',
    'NoLocalEndpoints',
    'AllNodesExcluded',
    'NoEligibleNode',
    'NoPeer',
    'NoPeerEstablished',
    'ProtocolNotSupported',
    'AnnouncedForNode',
    'NoReplicaOnLink',
    'NodeNotMet',
    'AddressProbing',
    'AddressConflict',
    'AddressTaken',
    'AddressContested',
    'AnsweredByNode',
  ],
  /** Why a node takes no traffic for an address. */
  nodes: [
    'NodeDeleting',
    'NodeExcluded',
    'NodeToBeDeleted',
    'NodeCordoned',
    'NodeNetworkUnavailable',
    'NodeNotSelected',
    'NodeDead',
    'NodeNotReady',
    'NoLocalEndpoint',
    'NodeHasNoAddress',
  ],
} as const;

export type ReasonGroup = keyof typeof REASON_GROUPS;
export type Reason = (typeof REASON_GROUPS)[ReasonGroup][number];

export const REASONS: readonly Reason[] = Object.values(REASON_GROUPS).flat();

/** A verdict with the facts that a text needs. */
export interface Finding {
  readonly reason: Reason;
  readonly params: Readonly<Record<string, string>>;
}

export function finding(reason: Reason, params: Readonly<Record<string, string>> = {}): Finding {
  return { reason, params };
}
