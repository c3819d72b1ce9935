/** Work in steps, between which others may have their turn: one step for each item. */
export function* each<T>(items: Iterable<T>, act: (item: T) => void): Generator<void, void> {
  for (const item of items) {
    act(item);
    yield;
  }
}

/** All steps at once. */
export function finished<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
