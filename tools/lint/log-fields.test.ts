/** docs/reference/logs.md has every field that a log line can have by the words of the source, and no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { filesIn } from '../check/source-files.ts';

const root = join(import.meta.dirname, '../..');
const METHODS = ['debug', 'info', 'warn', 'error', 'child'];
/** What the logger puts on every line by itself. */
const OF_EVERY_LINE = ['level', 'ts', 'msg'];
/** Parts of a reason's text, which docs/reference/reasons.md has. */
const OF_REASONS = ['pool'];

function isLogCall(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  return METHODS.includes(name.text) && /logger$/i.test(expression.getText());
}

function fieldsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const [fields] = isLogCall(node) ? node.arguments : [];
    if (fields !== undefined && ts.isObjectLiteralExpression(fields)) {
      found.push(...fields.properties.flatMap(({ name }) => (name === undefined ? [] : [name.getText()])));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('every field of a log line is documented, and every documented one is there', () => {
  const isProduct = (path: string): boolean =>
    path.startsWith('backend/src/') && !path.endsWith('.test.ts') && !path.includes('/testing/');
  const used = new Set(filesIn(root, ['backend']).filter(isProduct).flatMap(fieldsOf));
  assert.ok(used.size > 40, 'the source has been read');
  const page = readFileSync(join(root, 'docs/reference/logs.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell ?? '');
  const documented = new Set(rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field ?? '')));
  const listed = (fields: Iterable<string>): string[] => [...fields].sort();
  assert.deepEqual(
    listed(used).filter((field) => !documented.has(field)),
    [],
  );
  const known = new Set([...used, ...OF_EVERY_LINE, ...OF_REASONS]);
  assert.deepEqual(
    listed(documented).filter((field) => !known.has(field)),
    [],
  );
});
