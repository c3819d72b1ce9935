import type { z } from 'zod';
import type { Cause } from './errors.ts';

const MAX_CAUSES = 10;

/** What is wrong with a part of a request, each with the field that it is about. */
export function problemsOf(error: z.ZodError, place: 'path' | 'query' | 'body'): Cause[] {
  return error.issues
    .slice(0, MAX_CAUSES)
    .map(({ path, message }) => ({ field: [place, ...path.map(String)].join('.'), message }));
}
