import type { Clock } from '../platform/ports.ts';

/** How long the main thread may be kept from its work in one go, in milliseconds: Services that change must not wait. */
const SLICE_MS = 5;
/**
 * How long others may go on before the next slice, in milliseconds, as long as they have something to do: a request takes several turns of the loop, and one
 * slice for each of its turns would be most of the time that it takes. It is bounded, so that work gets its share, a quarter, however much else there is.
 */
const OTHERS_MS = 15;
/** A turn of the loop in which nobody had anything to do takes less, in milliseconds. */
const IDLE_TURN_MS = 0.3;

/** Why work was not finished: nobody waits for it any more. */
export class Abandoned extends Error {}

/**
 * Does work in slices, between which everything else has its turn.
 * @throws {Abandoned} once the signal is aborted
 */
export async function inSlices<T>(
  { clock }: { readonly clock: Clock },
  work: Generator<void, T>,
  signal: AbortSignal,
): Promise<T> {
  let since = clock.now();
  for (;;) {
    if (signal.aborted) throw new Abandoned('nobody waits for the answer');
    const step = work.next();
    if (step.done === true) return step.value;
    if (clock.now() - since < SLICE_MS) continue;
    await othersFirst(clock);
    since = clock.now();
  }
}

async function othersFirst(clock: Clock): Promise<void> {
  const begun = clock.now();
  let [before, now] = [begun, begun];
  do {
    before = now;
    await new Promise<void>((resolve) => setImmediate(resolve));
    now = clock.now();
  } while (now - before >= IDLE_TURN_MS && now - begun < OTHERS_MS);
}
