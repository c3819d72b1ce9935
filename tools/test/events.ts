/** What the reporter in a test process tells the runner; small and plain, as it crosses a process border. */
export type TestEvent =
  | { readonly kind: 'passed'; readonly name: string }
  | { readonly kind: 'failed'; readonly name: string; readonly error: string }
  /** Skipped or marked as todo; `reason` is what the test says itself. */
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  /** The file only waits from now on; `works`: it does something again. Told by the file, in lab/state/resting.ts. */
  | { readonly kind: 'rests' | 'works' }
  /** The run came to its end; a test file that never says so has crashed. */
  | { readonly kind: 'end' };
