/** Why a packet is not taken, each a label of a counter: the checks of RFC 5880 section 6.8.6, in their order. */
export const DROP_REASONS = [
  /** Shorter than the mandatory section. */
  'truncated',
  'version',
  /** The length field is less than it can be, or more than what came. */
  'length',
  'detect-multiplier',
  'multipoint',
  /** The sender's discriminator is zero. */
  'my-discriminator',
  /** It names no session of ours though its state says that the sender knows one. */
  'your-discriminator',
  /** It is authenticated, which no session of ours is (section 6.7). */
  'authenticated',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

export interface Drop {
  readonly kind: 'drop';
  readonly reason: DropReason;
}

// Made once: a flood of bad packets allocates nothing.
const DROPS = new Map<DropReason, Drop>(DROP_REASONS.map((reason) => [reason, { kind: 'drop', reason }]));

export function drop(reason: DropReason): Drop {
  return DROPS.get(reason) ?? { kind: 'drop', reason };
}
