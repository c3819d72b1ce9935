import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'build', 'dist']);

/** A page of ours. */
export interface Page {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** All Markdown files below `folder` of the repository, but for what npm and our builds write, sorted. */
export function pagesBelow(root: string, folder = ''): Page[] {
  return pathsBelow(root, folder)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function pathsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : pathsBelow(root, path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
