import type { Lock } from '../image/closure.ts';

/** What may be in what we ship. */
export const SHIPPED: readonly string[] = ['Apache-2.0', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'ISC'];
/** What may besides be used to build and test: nothing of it reaches users. */
export const FOR_BUILDING: readonly string[] = [...SHIPPED, 'BlueOak-1.0.0', 'PSF-2.0', 'Unlicense', 'CC0-1.0'];

/**
 * The C library of the image's Node.js is the distribution's, in files of their own that anybody may replace; /licenses has the terms (LGPL-2.1, and
 * GPL-3.0 with the GCC Runtime Library Exception).
 */
export const SYSTEM_LIBRARIES: readonly string[] = ['libc6', 'libgcc-s1', 'libstdc++6'];

/** Whether an SPDX expression lets us choose one of these licences. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const alternatives = expression.replaceAll(/[()]/g, ' ').split(/\s+OR\s+/);
  return alternatives.some((each) => each.split(/\s+AND\s+/).every((one) => allowed.includes(one.trim())));
}

type LicensedLock = Lock & { readonly packages: Readonly<Record<string, { readonly license?: string }>> };

/** Packages of a lock file whose licence is none of those, one line each: `shipped` are the paths of those that reach users. */
export function licenceFindings(lock: Lock, shipped: ReadonlySet<string>): string[] {
  return Object.entries((lock as LicensedLock).packages).flatMap(([path, { license }]) => {
    // Our own workspaces, and links to them.
    if (!path.includes('node_modules/') || lock.packages[path]?.link === true) return [];
    const allowed = shipped.has(path) ? SHIPPED : FOR_BUILDING;
    if (license !== undefined && isAllowed(license, allowed)) return [];
    return [`${path}: ${license ?? 'no licence'} may not be ${shipped.has(path) ? 'shipped' : 'used'}`];
  });
}

/** Direct dependencies that the page of dependencies doesn't have, or has with another licence. */
export function undocumented(
  page: string,
  direct: readonly { readonly name: string; readonly license: string }[],
): string[] {
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  return direct.flatMap(({ name, license }) => {
    const row = rows.find((line) => line.split('|')[1]?.includes(`\`${name}\``) === true);
    if (row === undefined) return [`${name} has no line in docs/dependencies.md`];
    return row.includes(license) ? [] : [`${name} is ${license}, and docs/dependencies.md says something else`];
  });
}
