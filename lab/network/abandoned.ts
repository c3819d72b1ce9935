import { run } from '../toolchain/run.ts';
import { namespacesWith, removeNamespaces } from './topology.ts';

/** Namespaces that a process makes for itself alone have its id in their names. */
const owned = /^plb[a-z]+(?<pid>\d+)-[rs]$/;

/** Those of processes that are no more: who is killed can't clean up. */
export function abandoned(namespaces: readonly string[], isRunning: (pid: number) => boolean): string[] {
  return namespaces.filter((name) => {
    const pid = owned.exec(name)?.groups?.['pid'];
    return pid !== undefined && !isRunning(Number(pid));
  });
}

/** Removes those of this machine, with what runs there; returns their names. */
export async function removeAbandoned(): Promise<string[]> {
  const found = abandoned(await namespacesWith('plb'), isRunning);
  // One that somebody else removes at this very moment is gone as well.
  await Promise.allSettled(found.map(remove));
  return found;
}

async function remove(namespace: string): Promise<void> {
  const pids = (await run('ip', ['netns', 'pids', namespace])).split('\n').map(Number);
  for (const pid of pids) if (pid > 1) send(pid, 'SIGKILL');
  await removeNamespaces([namespace]);
}

function isRunning(pid: number): boolean {
  return send(pid, 0);
}

/** Whether there was such a process. */
function send(pid: number, signal: 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
