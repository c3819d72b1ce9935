/** The classes of tests in the order in which they run: what is quick and needs little comes first. */
export type TestClass = 'unit' | 'api' | 'lab';

export const testClasses: readonly TestClass[] = ['unit', 'api', 'lab'];

/** What a class needs of the machine, for people. */
export const needs: Readonly<Record<TestClass, string>> = {
  unit: 'nothing but Node.js',
  api: 'a real API server',
  lab: 'root and a network of its own',
};

/** Time for one file, in minutes: several times what the slowest takes on a busy machine. */
export const minutesFor: Readonly<Record<TestClass, number>> = { unit: 10, api: 10, lab: 20 };

/**
 * How many files of a class run at once. Those with a cluster have networks of their own and wait most of the time, for routers,
 * leases and probes; but a third one on two cores would make requests late that they count.
 */
export function lanesFor(testClass: TestClass, cores: number): number {
  return testClass === 'unit' ? cores : Math.min(cores, 2);
}

/** The class of a test file by its name; undefined if it is no test. */
export function classOf(path: string): TestClass | undefined {
  if (!/\.test\.tsx?$/.test(path)) return undefined;
  if (/\.api\.test\.tsx?$/.test(path)) return 'api';
  return /\.lab\.test\.tsx?$/.test(path) ? 'lab' : 'unit';
}

/** The test files of one class whose path contains one of `wanted`, or all of them if `wanted` is empty. */
export function filesOfClass(files: readonly string[], wantedClass: TestClass, wanted: readonly string[]): string[] {
  return files
    .filter((path) => classOf(path) === wantedClass)
    .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));
}
