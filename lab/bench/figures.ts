/** Nearest-rank percentile. @throws {RangeError} if there are no samples. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no samples');
  return value;
}

/** `12.3 ms (p95 15.0, n 30)`. */
export function milliseconds(samples: readonly number[]): string {
  return `${percentile(samples, 50).toFixed(1)} ms (p95 ${percentile(samples, 95).toFixed(1)}, n ${samples.length})`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Runs `work` for 0 to count - 1, some at a time. */
export async function inParallel(count: number, lanes: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
