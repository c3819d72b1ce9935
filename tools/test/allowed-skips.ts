import type { FileResult, Skip } from './run-file.ts';

/** A test that may be skipped, and why. `name` is the full name: suites and test, joined by ` > `. */
export interface AllowedSkip {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}

/** The written list. A test that skips itself and isn't in it fails the run. */
export const allowedSkips: readonly AllowedSkip[] = [];

export function isAllowed(allowed: readonly AllowedSkip[], file: Pick<FileResult, 'path'>, skip: Skip): boolean {
  return allowed.some(({ path, name }) => path === file.path && name === skip.name);
}
