/** Whether a version is of an older minor release than another one; of what is no version it is not said. */
export function isOlder(version: string | undefined, than: string): boolean {
  const [a, b] = [minorOf(version), minorOf(than)];
  return a !== undefined && b !== undefined && a < b;
}

function minorOf(version: string | undefined): number | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return major === undefined || minor === undefined ? undefined : Number(major) * 10_000 + Number(minor);
}
