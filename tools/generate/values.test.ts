import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { chartValues, member, valuesPage } from './values.ts';

const root = join(import.meta.dirname, '../..');
const chart = join(root, 'charts/backend');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const values = chartValues();

function keysOf(value: unknown, path: readonly string[] = []): string[] {
  const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!nested) return [path.join('.')];
  return Object.entries(value).flatMap(([key, child]) => keysOf(child, [...path, key]));
}

/** `.Values.a.b` and `$global.c` of all templates. */
function usedInTemplates(): Set<string> {
  const folder = join(chart, 'templates');
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const own = [...text.matchAll(/\.Values\.([A-Za-z0-9.]+)/g)].map(([, path = '']) => path);
  const global = [...text.matchAll(/\$global\.([A-Za-z0-9]+)/g)].map(([, name = '']) => `global.${name}`);
  return new Set([...own.filter((path) => path !== 'global'), ...global]);
}

suite('values of the chart', () => {
  test('schema and values.yaml have the same', () => {
    assert.deepEqual(
      values.filter((value) => value.default === undefined).map(({ path }) => path),
      [],
    );
    const known = new Set(values.map(({ path }) => path));
    const unknown = keysOf(parse(read('charts/backend/values.yaml'))).filter(
      (path) => ![...known].some((value) => path === value || path.startsWith(`${value}.`)),
    );
    assert.deepEqual(unknown, []);
  });

  test('templates use every one, and no other', () => {
    const used = usedInTemplates();
    assert.deepEqual(
      values.map(({ path }) => path).filter((path) => !used.has(path)),
      [],
    );
    const known = new Set(values.map(({ path }) => path));
    assert.deepEqual(
      [...used].filter((path) => !known.has(path)),
      [],
    );
  });

  test('each is described, by a row of the reference', () => {
    const rows = valuesPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    assert.equal(rows.length, values.length);
    assert.deepEqual(
      values.filter(({ description }) => description === ''),
      [],
    );
  });
});

for (const path of ['extension/README.md', 'extension/README_zh.md']) {
  test(`${path} names values that are there, with the defaults that they have`, () => {
    const rows = [...read(path).matchAll(/^\| `((?:backend|global)\.[\w.]+)` \| `([^`]*)` \|/gm)];
    assert.ok(rows.length > 5);
    const defaults = { ...(parse(read('charts/backend/values.yaml')) as object) };
    for (const [, name = '', shown = ''] of rows) {
      const value = name
        .replace(/^backend\./, '')
        .split('.')
        .reduce(member, defaults as unknown);
      assert.deepEqual(parse(shown), value, name);
    }
  });
}
