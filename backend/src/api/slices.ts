import type { Clock } from '../platform/ports.ts';

/** How long the main thread may be kept from its work in one go, in milliseconds: Services that change must not wait. */
const SLICE_MS = 5;

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
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = clock.now();
  }
}
