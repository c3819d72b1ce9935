import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Where readers learn which KubeSphere they need. */
const PAGES = [
  ...['extension/README.md', 'extension/README_zh.md', 'docs/install.md'],
  ...['docs/quick-start-kubesphere.md', 'docs/zh/quick-start-kubesphere.md'],
];

test('pages name both ends of the versions of KubeSphere that extension.yaml takes', () => {
  const { ksVersion } = parse(read('extension.yaml')) as { ksVersion: string };
  const [, from = '', below = ''] = /^>=(\d+\.\d+\.\d+)-0 <(\d+\.\d+)\.0-0$/.exec(ksVersion) ?? [];
  assert.notEqual(below, '', ksVersion);
  const escaped = (version: string): string => version.replaceAll('.', String.raw`\.`);
  const both = new RegExp(String.raw`KubeSphere [^\n]*\b${escaped(from)}\b[^\n]*\b${escaped(below)}(?![.\d])`);
  for (const path of PAGES) assert.match(read(path), both, path);
});
