import type { Answers } from './fake-http.ts';

/** One state of a page: where it is, what the cluster answers, and what is seen then. */
export interface Story {
  readonly name: string;
  /** The address; one that does not begin with a slash lies in the cluster. */
  readonly at: string;
  readonly answers: Answers;
  /** What roles let do. */
  readonly may?: readonly string[];
  /** Texts that are to be seen, in English. */
  readonly shows: readonly string[];
  readonly hides?: readonly string[];
}
