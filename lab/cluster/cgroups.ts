import { mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../state/until.ts';

const mountPoint = '/sys/fs/cgroup';

/**
 * Makes a cgroup of this name at the top of every hierarchy: the kubelet's `cgroupRoot`. Kubelets that share one take each
 * other's Pods for orphans and end them.
 */
export async function createCgroup(name: string): Promise<void> {
  const unified = await isUnified();
  if (unified) await writeFile(join(mountPoint, 'cgroup.subtree_control'), '+cpu +cpuset +memory +pids');
  for (const hierarchy of await hierarchies()) {
    const path = join(hierarchy, name);
    await mkdir(path, { recursive: true });
    // A new cpuset has no CPU and no memory node, and takes no process until it has.
    if (!unified) await inheritCpuset(hierarchy, path);
  }
}

/** Ends every process in the cgroup and below, and removes it. Does nothing if there is none. */
export async function removeCgroup(name: string): Promise<void> {
  const paths = await Promise.all((await hierarchies()).map((hierarchy) => cgroupsBelow(join(hierarchy, name))));
  const deepestFirst = paths.flat().sort((a, b) => b.split('/').length - a.split('/').length);
  if (deepestFirst.length === 0) return;
  await until(
    async () => {
      await killAllIn(deepestFirst);
      for (const path of deepestFirst) await rmdir(path).catch(ignoreMissing);
      return true;
    },
    { what: `the cgroup ${name} to be empty`, timeoutMs: 60_000 },
  );
}

/** The names of the top-level cgroups that start with `prefix`. */
export async function cgroupsWith(prefix: string): Promise<string[]> {
  const names = await Promise.all((await hierarchies()).map((hierarchy) => readdir(hierarchy)));
  return [...new Set(names.flat())].filter((name) => name.startsWith(prefix));
}

async function killAllIn(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const pids = (await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '')).split('\n');
    for (const pid of pids.map(Number).filter((number) => number > 1)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }
}

async function isUnified(): Promise<boolean> {
  return stat(join(mountPoint, 'cgroup.controllers')).then(
    () => true,
    () => false,
  );
}

/** The mounted hierarchies: one on a machine with cgroup v2 alone, else one per v1 controller (and the unified one). */
async function hierarchies(): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return lines
    .filter(([, path = '', type = '']) => type.startsWith('cgroup') && path.startsWith(mountPoint))
    .map(([, path = '']) => path);
}

async function inheritCpuset(hierarchy: string, path: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const value = await readFile(join(hierarchy, file), 'utf8').catch(() => undefined);
    if (value !== undefined) await writeFile(join(path, file), value);
  }
}

async function cgroupsBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const folders = entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map((folder) => cgroupsBelow(join(path, folder.name))));
  return [path, ...below.flat()];
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
