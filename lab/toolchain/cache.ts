import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { withLock } from './file-lock.ts';
import type { Progress } from './progress.ts';

/** Where builds and downloads are kept: `PORTERLB_CACHE`, else `porterlb` in the user's cache folder. Safe to delete. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['PORTERLB_CACHE'] ?? join(base, 'porterlb');
}

export interface CacheEntry {
  /** What it is, in a few words; names the folder too. */
  readonly name: string;
  /** Everything that the result depends on. */
  readonly key: string;
  /** Said before work starts: what is going on and how long it usually takes. */
  readonly announcement: string;
}

/**
 * The folder of a cached result. When it isn't there yet, `fill` makes its contents in an empty folder, which then takes
 * its place at once: nobody ever sees half of it. Two processes that want the same entry don't both make it.
 */
export async function cached(
  entry: CacheEntry,
  progress: Progress,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), `${entry.name}-${entry.key}`);
  if (existsSync(folder)) return folder;
  const waiting = (): void => progress(`waiting for another process that makes ${entry.name}`);
  return withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(folder)) return folder;
      progress(entry.announcement);
      const started = performance.now();
      const temporary = await mkdtemp(`${folder}.`);
      try {
        await fill(temporary);
        await rename(temporary, folder);
      } catch (error) {
        await rm(temporary, { recursive: true, force: true });
        throw error;
      }
      progress(`${entry.name}: done in ${Math.round((performance.now() - started) / 1000)} s, kept in ${folder}`);
      return folder;
    },
    waiting,
  );
}

/** A short key of texts and of files' contents (their names count too). */
export async function keyOf(texts: readonly string[], files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  for (const file of files) hash.update(basename(file)).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

export async function ensureFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}
