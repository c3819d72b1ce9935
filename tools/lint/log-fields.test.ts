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
/** What whoever makes a logger gives it. */
const OF_LOGGERS = ['component', 'replica'];
/** Parts of a reason's text, which docs/reference/reasons.md has. */
const OF_REASONS = ['pool'];

interface LogCall extends ts.CallExpression {
  readonly expression: ts.PropertyAccessExpression;
}

function isLogCall(node: ts.Node): node is LogCall {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  return METHODS.includes(name.text) && /logger$/i.test(expression.getText());
}

interface Field {
  readonly path: string;
  readonly method: string;
  readonly name: string;
}

function fieldsOf(path: string): Field[] {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Field[] = [];
  const visit = (node: ts.Node): void => {
    if (isLogCall(node)) {
      const [fields] = node.arguments;
      const method = node.expression.name.text;
      const properties = fields !== undefined && ts.isObjectLiteralExpression(fields) ? fields.properties : [];
      for (const { name } of properties) if (name !== undefined) found.push({ path, method, name: name.getText() });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function fieldsOfProduct(): Field[] {
  const isProduct = (path: string): boolean =>
    path.startsWith('backend/src/') && !path.endsWith('.test.ts') && !path.includes('/testing/');
  return filesIn(root, ['backend']).filter(isProduct).flatMap(fieldsOf);
}

const fields = fieldsOfProduct();

test('no line has a field twice: what is on every line is not given to one again', () => {
  const ofLogger = [...OF_EVERY_LINE, ...OF_LOGGERS];
  const twice = fields.filter(({ method, name }) =>
    // A child's fields take the places of its parent's.
    (method === 'child' ? OF_EVERY_LINE : ofLogger).includes(name),
  );
  assert.deepEqual(twice, []);
});

test('every field of a log line is documented, and every documented one is there', () => {
  const used = new Set(fields.map(({ name }) => name));
  assert.ok(used.size > 40, 'the source has been read');
  const page = readFileSync(join(root, 'docs/reference/logs.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell ?? '');
  const documented = new Set(rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field ?? '')));
  const listed = (fields: Iterable<string>): string[] => [...fields].sort();
  assert.deepEqual(
    listed(used).filter((field) => !documented.has(field)),
    [],
  );
  const known = new Set([...used, ...OF_EVERY_LINE, ...OF_LOGGERS, ...OF_REASONS]);
  assert.deepEqual(
    listed(documented).filter((field) => !known.has(field)),
    [],
  );
});
