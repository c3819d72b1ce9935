import type { Failure } from '../api/failure.ts';

/** What is known of an answer that changes. */
export interface LiveState<T> {
  /** The last one; it stays when a later question fails. */
  readonly answer: T | undefined;
  /** When that came, in milliseconds since 1970. */
  readonly answeredAt: number | undefined;
  /** Why there is no newer one. */
  readonly failure: Failure | undefined;
  /** live: changes are told by themselves; polling: they are asked for now and then. */
  readonly feed: 'live' | 'polling';
}

export type LiveEvent<T> =
  | { readonly kind: 'answered'; readonly answer: T; readonly at: number; readonly by: LiveState<T>['feed'] }
  | { readonly kind: 'failed'; readonly failure: Failure };

export function beginning<T>(): LiveState<T> {
  return { answer: undefined, answeredAt: undefined, failure: undefined, feed: 'polling' };
}

export function afterEvent<T>(state: LiveState<T>, event: LiveEvent<T>): LiveState<T> {
  if (event.kind === 'answered') {
    return { answer: event.answer, answeredAt: event.at, failure: undefined, feed: event.by };
  }
  // What is gone, or nobody may see any more, is not shown any longer.
  const { kind } = event.failure;
  if (kind === 'notFound' || kind === 'forbidden') return { ...beginning<T>(), failure: event.failure };
  return { ...state, failure: event.failure, feed: 'polling' };
}
