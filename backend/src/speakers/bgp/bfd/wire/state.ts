/** RFC 5880 section 4.1, in the order of their numbers. */
export const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

export type BfdStateName = (typeof BFD_STATES)[number];
