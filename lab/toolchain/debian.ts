import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { withLock } from './file-lock.ts';
import { debianPackageOf, findProgram } from './programs.ts';
import type { Program } from './programs.ts';
import { MissingRequirements } from './progress.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

/**
 * Installs what is missing of `programs` from Debian's archive, saying so before; silent when nothing is missing.
 * @throws {MissingRequirements} when something is missing and this is no Debian, or not root.
 */
export async function ensurePrograms(programs: readonly Program[], progress: Progress): Promise<void> {
  const missing = missingPrograms(programs);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => debianPackageOf[program]))].sort();
  refuseUnlessInstallable(missing, packages);
  const lock = join(cacheFolder(), 'debian-packages.lock');
  await withLock(
    lock,
    () => install(programs, packages, progress),
    () => progress('waiting for another installation'),
  );
}

/** Those of `programs` that are not installed. */
export function missingPrograms(programs: readonly Program[]): Program[] {
  return programs.filter((program) => findProgram(program) === undefined);
}

/** Whether an os-release file (os-release(5)) is Debian's or that of a distribution made from it. */
export function isDebian(osRelease: string): boolean {
  const values = osRelease
    .split('\n')
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .flatMap((line) =>
      line
        .slice(line.indexOf('=') + 1)
        .replaceAll('"', '')
        .split(' '),
    );
  return values.includes('debian');
}

function refuseUnlessInstallable(missing: readonly Program[], packages: readonly string[]): void {
  const what = `The lab needs ${missing.join(', ')} (on Debian: apt-get install ${packages.join(' ')})`;
  const debian = existsSync('/etc/os-release') && isDebian(readFileSync('/etc/os-release', 'utf8'));
  if (!debian) {
    throw new MissingRequirements(`${what}. It installs them by itself on Debian only; install them and run it again.`);
  }
  if (process.getuid?.() !== 0) {
    throw new MissingRequirements(`${what} and may not install them. Run it as root, or install them before.`);
  }
}

async function install(programs: readonly Program[], packages: readonly string[], progress: Progress): Promise<void> {
  if (missingPrograms(programs).length === 0) return;
  progress(`installing Debian packages: ${packages.join(' ')} (1 to 3 min; their services are not started)`);
  if (!hasPackageLists()) await apt(['update']);
  await withoutStartingServices(async () => {
    const installThem = ['install', '--no-install-recommends', ...packages];
    // Lists that are older than the archive name files that are gone: one more attempt with fresh ones.
    await apt(installThem).catch(async () => {
      await apt(['update']);
      await apt(installThem);
    });
  });
  const still = missingPrograms(programs);
  if (still.length > 0)
    throw new MissingRequirements(`${still.join(', ')}: not there after the packages were installed`);
}

function hasPackageLists(): boolean {
  const lists = '/var/lib/apt/lists';
  return (
    existsSync(lists) && readdirSync(lists).some((name) => name.endsWith('_Packages') || name.includes('_Packages.'))
  );
}

async function apt(args: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  await run('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], { env });
}

/**
 * frr, bird2 and containerd start daemons when they are installed. Debian asks /usr/sbin/policy-rc.d before it starts any
 * (exit code 101: no); an administrator's own file is left as it is and decides.
 */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    await rm(policy, { force: true });
  }
}
