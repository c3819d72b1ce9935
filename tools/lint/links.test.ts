/** Every link from one of our pages to another, or to a heading of it, leads there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { anchorsOf } from '../docs/anchors.ts';
import { pagesBelow } from '../docs/pages.ts';

const root = join(import.meta.dirname, '../..');
/** Without what stands between fences or in backquotes, where brackets mean something else. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function anchorsIn(text: string): Set<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(anchorsOf(headings.map(([, heading = '']) => heading)));
}

function problem(page: string, link: string): string | undefined {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? page : normalize(join(dirname(page), file));
  if (!existsSync(join(root, target))) return `${page}: ${link} leads nowhere`;
  if (heading === undefined || !target.endsWith('.md')) return undefined;
  return anchorsIn(read(target)).has(heading) ? undefined : `${page}: ${target} has no heading #${heading}`;
}

test('links between pages lead somewhere', () => {
  const links = pagesBelow(root).flatMap(({ path, text }) =>
    [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => [path, link] as const),
  );
  assert.ok(links.length > 80, `only ${links.length} links were found`);
  assert.deepEqual(
    links.flatMap(([page, link]) => problem(page, link) ?? []),
    [],
  );
});
