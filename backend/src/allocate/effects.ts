/** What a step means for others. */
export interface Effects {
  /** Keys of Services to plan anew, in this order. */
  readonly again: readonly string[];
  /** Names of the pools of which addresses were given or freed. */
  readonly pools: ReadonlySet<string>;
}

export const NO_POOLS: ReadonlySet<string> = new Set();
