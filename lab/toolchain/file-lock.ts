import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, ownIdentity } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

const pollMs = 100;
let serial = 0;

/**
 * Runs `work` while no other process (and no other call in this one) holds the lock file at `path`. A lock whose owner
 * died is taken over. `onWait` is called once if somebody else holds it.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  // Written aside and linked, so that the lock file never exists without its owner's identity.
  const own = `${path}.${process.pid}.${serial++}`;
  await writeFile(own, JSON.stringify(ownIdentity()));
  try {
    for (let waits = 0; !(await tryLink(own, path)); waits++) {
      if ((await isAbandoned(path)) && (await breakLock(path, own))) continue;
      if (waits === 0) onWait?.();
      await sleep(pollMs);
    }
  } finally {
    await rm(own, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes an abandoned lock. Only one process at a time may: two that saw the same dead owner would otherwise remove, the
 * second of them, the lock that the first has taken meanwhile.
 */
async function breakLock(path: string, own: string): Promise<boolean> {
  const breaker = `${path}.break`;
  if (!(await tryLink(own, breaker))) {
    if (await isAbandoned(breaker)) await rm(breaker, { force: true });
    return false;
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
    return true;
  } finally {
    await rm(breaker, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    return !isRunning(JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity);
  } catch {
    // Gone between the two calls: the next attempt to link decides.
    return false;
  }
}
