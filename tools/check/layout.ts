import type { SourceFile } from './source-files.ts';

const maxLines = 400;
const vagueNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared']);

/** A file's or folder's name without what follows its first dot: `x.test.ts` -> `x`. */
const stem = (segment: string): string => segment.split('.')[0] ?? segment;

/**
 * What is wrong with the names and sizes of our modules, one sentence each. Unlike the linter's budget, the size counted
 * here can't be switched off by a comment in the file. Generated modules may be long.
 */
export function layoutFindings(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => [...nameFindings(path), ...sizeFindings(path, text)]);
}

function nameFindings(path: string): string[] {
  return path
    .split('/')
    .map(stem)
    .filter((name) => vagueNames.has(name.toLowerCase()))
    .map((name) => `${path}: "${name}" says nothing about what is inside; name it after what it does`);
}

function sizeFindings(path: string, text: string): string[] {
  if (path.split('/').includes('generated')) return [];
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines > maxLines ? [`${path}: ${lines} lines; split it, ${maxLines} is the budget`] : [];
}
