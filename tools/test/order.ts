/**
 * Seconds of the files that take long, on a quiet machine of two cores: those that are started first, so that none of them runs alone in the
 * end. What isn't listed is short. Only the order goes by it; a number that is off costs some seconds.
 */
export const longFiles: Readonly<Record<string, number>> = {
  'lab/scenarios/extension.lab.test.ts': 250,
  'lab/scenarios/fail-static.lab.test.ts': 192,
  'lab/scenarios/how-to-pages.lab.test.ts': 165,
  'lab/scenarios/everyday.lab.test.ts': 113,
  'lab/scenarios/console.lab.test.ts': 109,
  'lab/scenarios/bgp-gobgp.lab.test.ts': 107,
};

/** The files in the order in which they are to be started; those that take equally long stay as they are. */
export function longestFirst(files: readonly string[]): string[] {
  const seconds = (path: string): number => longFiles[path] ?? 0;
  return files.toSorted((a, b) => seconds(b) - seconds(a));
}
