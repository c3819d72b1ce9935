/** Why a frame is not taken, each a label of a counter. RFC 826, RFC 4861 sections 7.1.1 and 7.1.2, RFC 8200. */
export const DROP_REASONS = [
  /** Shorter than its headers say, or than they need to be. */
  'truncated',
  /** Carries an IEEE 802.1Q or 802.1ad tag: it belongs to another link. */
  'vlan-tagged',
  'ether-type',
  /** The sender's MAC is zero or a group's, which nobody can have. */
  'source-mac',
  'arp-hardware',
  'arp-protocol',
  'arp-operation',
  /** The sender's IP is multicast, broadcast or loopback. */
  'arp-sender',
  'ipv6-version',
  'not-icmpv6',
  /** Not 255: it came through a router. */
  'hop-limit',
  'checksum',
  'icmp-type',
  'icmp-code',
  'multicast-source',
  'multicast-target',
  /** A neighbour discovery option of no length, or one that runs over the end. */
  'option',
  /** A solicitation from `::` that isn't sent to a solicited-node group, or that names a link-layer address. */
  'unspecified-source',
  /** An advertisement to a group that says it was solicited. */
  'solicited-multicast',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

export interface Drop {
  readonly kind: 'drop';
  readonly reason: DropReason;
}

// Made once: a flood of bad frames allocates nothing.
const DROPS = new Map<DropReason, Drop>(DROP_REASONS.map((reason) => [reason, { kind: 'drop', reason }]));

export function drop(reason: DropReason): Drop {
  return DROPS.get(reason) ?? { kind: 'drop', reason };
}
