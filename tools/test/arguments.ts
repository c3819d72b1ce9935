import { parseArgs } from 'node:util';
import { testClasses, type TestClass } from './classes.ts';

export const usage = `usage: npm test [-- [options] [part of a path ...]]

Without options or paths: the checks, then all unit tests, tests against a real API server, and network tests.
With paths: the tests whose path contains one of them, without the checks.

  --unit, --api, --lab   only these classes
  --name <expression>    only tests whose name matches
  --timeout <minutes>    time for one file (20 in the lab, 10 for others)
`;

export interface Arguments {
  readonly classes: readonly TestClass[];
  /** Parts of paths; empty for all files. */
  readonly paths: readonly string[];
  readonly name?: string;
  /** Time for one file; undefined for what its class has. */
  readonly timeoutMs?: number;
  /** Everything there is: the checks belong to it, and every class must have tests. */
  readonly everything: boolean;
}

/** @throws {Error} with a message for the user when the arguments make no sense */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      unit: { type: 'boolean', default: false },
      api: { type: 'boolean', default: false },
      lab: { type: 'boolean', default: false },
      name: { type: 'string' },
      timeout: { type: 'string' },
    },
  });
  const chosen = testClasses.filter((testClass) => values[testClass]);
  return {
    classes: chosen.length === 0 ? testClasses : chosen,
    paths: positionals.map((path) => path.replaceAll('\\', '/').replace(/^\.\//, '')),
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values.timeout === undefined ? {} : { timeoutMs: milliseconds(values.timeout) }),
    everything: chosen.length === 0 && positionals.length === 0 && values.name === undefined,
  };
}

function milliseconds(minutes: string): number {
  if (!(Number(minutes) > 0)) throw new Error(`--timeout takes a number of minutes, not ${minutes}`);
  return Number(minutes) * 60_000;
}
