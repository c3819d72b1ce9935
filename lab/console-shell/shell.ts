import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, ensureFolder, cacheFolder, keyOf } from '../toolchain/cache.ts';
import type { Progress } from '../toolchain/index.ts';
import { CommandFailed, run } from '../toolchain/run.ts';
import { bundleShell } from './bundle.ts';

/** The packages of the shell can't be had: the registry doesn't answer, or doesn't have them (any more). */
export class ShellUnavailable extends Error {
  override readonly name = 'ShellUnavailable';
}

const locked = ['package.json', 'package-lock.json'].map((file) => join(import.meta.dirname, file));

/** What npm says of a registry that can't be reached or refuses: everything else is a fault of ours. */
const unavailable =
  /\b(E401|E403|E404|E5\d\d|ETARGET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;

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
      await install(packages);
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

async function install(folder: string): Promise<void> {
  try {
    await npm(folder, 'ci');
  } catch (error) {
    if (error instanceof CommandFailed && unavailable.test(error.stderr)) {
      throw new ShellUnavailable(`npm can't get the packages of ks-console's shell: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

async function npm(folder: string, ...command: string[]): Promise<void> {
  // Its peers are not those that they ask for; nothing of theirs runs when they are installed.
  const flags = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', [...command, ...flags, '--prefix', folder], { cwd: folder });
}
