/**
 * Runs `work` on every item, at most `width` at a time, and starts no more once `stop` is aborted.
 * @returns the items that were never started
 */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  stop: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<T[]> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = next(); item !== undefined; item = next()) await work(item);
  };
  const next = (): T | undefined => (stop.aborted ? undefined : waiting.shift());
  await Promise.all(Array.from({ length: Math.max(1, width) }, lane));
  return waiting;
}
