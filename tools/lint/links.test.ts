/** Every link from one of our pages to another, or to a heading of it, leads there. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const SKIPPED = new Set(['node_modules', 'build', 'dist']);

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Without what stands between fences or in backquotes, where brackets mean something else. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The anchor of a heading, as code hosts make it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(headings.map(([, heading = '']) => anchor(heading)));
}

function problem(page: string, link: string): string | undefined {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? page : normalize(join(dirname(page), file));
  if (!existsSync(join(root, target))) return `${page}: ${link} leads nowhere`;
  if (heading === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).has(heading) ? undefined : `${page}: ${target} has no heading #${heading}`;
}

test('links between pages lead somewhere', () => {
  const links = pagesIn('.').flatMap((page) =>
    [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => [page, link] as const),
  );
  assert.ok(links.length > 80, `only ${links.length} links were found`);
  assert.deepEqual(
    links.flatMap(([page, link]) => problem(page, link) ?? []),
    [],
  );
});
