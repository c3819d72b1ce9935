import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, ensureFolder, cacheFolder, keyOf } from '../toolchain/cache.ts';
import type { Progress } from '../toolchain/index.ts';
import { bundleShell } from './bundle.ts';
import { installPackages, npm, ShellUnavailable } from './packages.ts';

const locked = ['package.json', 'package-lock.json'].map((file) => join(import.meta.dirname, file));

/**
 * A folder with the shell of ks-console: what browsers load in `dist`, and the packages of its server. Made of the packages
 * of npm once, then cached; silent when it is there.
 * @throws {ShellUnavailable}
 */
export async function ensureConsoleShell(progress: Progress): Promise<string> {
  const key = await keyOf([`${process.platform}-${process.arch}`], [...locked, join(import.meta.dirname, 'bundle.ts')]);
  const announcement = 'building the shell of ks-console from its npm packages (1 to 2 min; once, then cached)';
  return cached({ name: 'console-shell', key, announcement }, progress, async (output) => {
    const packages = await mkdtemp(join(await ensureFolder(cacheFolder()), 'console-shell-packages.'));
    try {
      for (const file of locked) await cp(file, join(packages, file.slice(import.meta.dirname.length + 1)));
      await installPackages(packages);
      await bundleShell(packages, join(output, 'dist'));
      // Of 870 packages the server needs 130.
      await npm(packages, 'prune', '--omit=dev', '--offline');
      await rename(join(packages, 'node_modules'), join(output, 'node_modules'));
    } finally {
      await rm(packages, { recursive: true, force: true });
    }
  });
}

/** For tests: builds the shell, or says why there can be none. @returns false: it is there */
export async function whyNoShell(progress: Progress): Promise<string | false> {
  try {
    await ensureConsoleShell(progress);
    return false;
  } catch (error) {
    if (!(error instanceof ShellUnavailable)) throw error;
    return error.message.split('\n')[0] ?? error.name;
  }
}
