import type { FileResult, Skip } from './run-file.ts';

/** A test that may be skipped, and why. `name` is the full name: suites and test, joined by ` > `. */
export interface AllowedSkip {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}

/** The written list. A test that skips itself and isn't in it fails the run. */
export const allowedSkips: readonly AllowedSkip[] = [
  {
    path: 'lab/scenarios/bgp-gobgp.lab.test.ts',
    name: 'a router that asks gets all routes again, and has the same as before',
    reason: 'GoBGP keeps what it has received and never asks',
  },
  {
    path: 'lab/scenarios/bgp-gobgp.lab.test.ts',
    name: 'BFD notices a way that is cut long before the hold time; the routes are there again when it is back',
    reason: 'GoBGP has no BFD',
  },
  {
    path: 'lab/scenarios/bgp-openbgpd.lab.test.ts',
    name: 'BFD notices a way that is cut long before the hold time; the routes are there again when it is back',
    reason: 'OpenBGPD has no BFD',
  },
  {
    path: 'lab/scenarios/console.lab.test.ts',
    name: 'the console in the shell of ks-console',
    reason: "the shell's packages are on their way out of npm's registry, and are no part of the product",
  },
];

export function isAllowed(allowed: readonly AllowedSkip[], file: Pick<FileResult, 'path'>, skip: Skip): boolean {
  return allowed.some(({ path, name }) => path === file.path && name === skip.name);
}
