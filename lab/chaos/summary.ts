import type { ChaosReport } from './run.ts';

/** A run in a line: how much there was, and the worst that was seen. */
export function summary({ batches, faults, kinds, worst }: ChaosReport): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    `${faults} faults of ${kinds} kinds in ${batches} batches, everything held`,
    `longest route to a dead node ${seconds(worst.deadMs)} (allowed then: ${seconds(worst.allowedMs)})`,
    `longest way to rest ${seconds(worst.settleMs)}`,
    `most memory of a replica ${worst.worstMiB.toFixed(0)} MiB, most growth from rest to rest ${worst.worstGrowthMiB.toFixed(0)} MiB`,
  ].join('; ');
}
