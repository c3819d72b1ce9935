/** The words of the test runner (tools/test/events.ts) for a file that waits. */
type Told = 'rests' | 'works';

let waits = 0;

/**
 * Runs `wait`, for which this process and its labs have nothing to do but to let time pass: a minute or more, else it isn't worth it. The test
 * runner starts another file meanwhile. Nothing is held up in the end, so that what is timed stays right.
 */
export async function resting<T>(wait: () => Promise<T>): Promise<T> {
  waits += 1;
  if (waits === 1) tell('rests');
  try {
    return await wait();
  } finally {
    waits -= 1;
    if (waits === 0) tell('works');
  }
}

/** Nobody listens when a file runs by itself. */
function tell(kind: Told): void {
  process.send?.({ kind });
}
