/** What the work on one item may tell about itself. */
export interface Lane {
  /** It only waits from now on: another item may be started. */
  rest(): void;
  /** It works again. It isn't held up, and nothing is started until there is room for that. */
  work(): void;
}

/**
 * Runs `work` on every item, at most `width` at a time beside those that rest, and starts no more once `stop` is aborted.
 * @returns the items that were never started
 */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  stop: AbortSignal,
  work: (item: T, lane: Lane) => Promise<void>,
): Promise<T[]> {
  const waiting = [...items];
  const running = new Set<Promise<void>>();
  let working = 0;

  const start = (item: T): void => {
    let resting = false;
    const count = (rests: boolean): void => {
      if (rests !== resting) working += rests ? -1 : 1;
      resting = rests;
    };
    const lane = {
      rest: () => {
        count(true);
        startMore();
      },
      work: () => count(false),
    };
    working += 1;
    const done = work(item, lane).finally(() => {
      count(true);
      running.delete(done);
      startMore();
    });
    running.add(done);
  };
  const startMore = (): void => {
    while (working < Math.max(1, width) && !stop.aborted) {
      const item = waiting.shift();
      if (item === undefined) return;
      start(item);
    }
  };

  startMore();
  while (running.size > 0) await Promise.all(running);
  return waiting;
}
