import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders whose TypeScript is ours, as far as they exist. */
export const sourceFolders: readonly string[] = ['backend', 'lab', 'tools', 'cli', 'frontend'];

const skipped = new Set(['node_modules', 'dist']);

export function existingFolders(root: string, folders: readonly string[]): string[] {
  return folders.filter((folder) => existsSync(join(root, folder)));
}

/**
 * Paths of all files in `folders`, relative to `root`, with forward slashes, sorted. What npm or a bundler wrote and
 * dot folders are left out.
 */
export function filesIn(root: string, folders: readonly string[]): string[] {
  return existingFolders(root, folders)
    .flatMap((folder) => walk(root, folder))
    .sort();
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(root, path);
    return entry.isFile() ? [path] : [];
  });
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The TypeScript and JavaScript modules in `folders`. */
export function modulesIn(root: string, folders: readonly string[]): SourceFile[] {
  return filesIn(root, folders)
    .filter((path) => /\.(ts|tsx|mts|mjs|js)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
