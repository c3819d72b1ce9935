import type { Surroundings } from '../inputs.ts';

/** No speaker, no probes, no drains. */
export const NOTHING_AROUND: Surroundings = {
  protocols: new Set(),
  health: new Map(),
  gone: new Map(),
  drains: new Map(),
};
