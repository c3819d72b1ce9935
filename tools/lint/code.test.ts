import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ESLint } from 'eslint';
import { rulesFor } from '../../eslint.config.mjs';
import { withTree, type Tree } from './fixture-tree.ts';

/** The rules that fire in each file of the tree, sorted, without repetition. */
function findings(tree: Tree): Promise<Record<string, string[]>> {
  return withTree(tree, async (root) => {
    const eslint = new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: rulesFor(root) });
    const results = await eslint.lintFiles(['**/*.ts']);
    return Object.fromEntries(
      results.map((result) => [
        result.filePath.slice(root.length + 1).replaceAll('\\', '/'),
        [...new Set(result.messages.map((m) => m.ruleId ?? `error: ${m.message}`))].sort(),
      ]),
    );
  });
}

/** Every file of `tree` must fire exactly `rule`. */
async function eachFires(rule: string, tree: Tree): Promise<void> {
  const expected = Object.fromEntries(Object.keys(tree).map((path) => [path, [rule]]));
  assert.deepEqual(await findings(tree), expected);
}

const repeat = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

describe('pure folders', () => {
  const pureFiles = [
    'backend/src/domain/x.ts',
    'backend/src/allocate/x.ts',
    'backend/src/announce/deep/x.ts',
    'backend/src/speakers/bgp/wire/x.ts',
    'backend/src/speakers/bgp/bfd/wire/x.ts',
    'backend/src/speakers/layer2/wire/x.ts',
  ];
  const inEach = (text: string): Tree => Object.fromEntries(pureFiles.map((path) => [path, text]));

  const globals: Readonly<Record<string, string>> = {
    'the monotonic clock': 'export const x = performance.now();',
    timers: 'export const x = setTimeout(Object, 1);',
    console: 'console.log(1);\nexport const x = 1;',
    process: 'export const x = process.pid;',
    fetch: "export const x = fetch('/');",
    'global objects by another name': 'export const x = globalThis;',
  };
  for (const [what, text] of Object.entries(globals)) {
    it(`refuses ${what}`, async () => {
      for (const [path, rules] of Object.entries(await findings(inEach(text)))) {
        assert.ok(rules.includes('no-restricted-globals'), `${path}: ${rules.join(', ')}`);
      }
    });
  }

  it('refuses randomness', () => eachFires('no-restricted-properties', inEach('export const x = Math.random();')));

  it('refuses the built-in modules', () =>
    eachFires('no-restricted-imports', inEach("import { hostname } from 'node:os';\nexport const x = hostname();")));

  it('refuses the random part of node:crypto', () =>
    eachFires(
      'no-restricted-imports',
      inEach("import { randomBytes } from 'node:crypto';\nexport const x = randomBytes(1);"),
    ));

  it('lets them hash, and lets their tests do what they need', async () => {
    const hash = "import { createHash } from 'node:crypto';\nexport const x = createHash('sha256');";
    const test = "import { readFileSync } from 'node:fs';\nexport const x = [Date.now(), readFileSync('x')];";
    assert.deepEqual(await findings({ 'backend/src/domain/a.ts': hash, 'backend/src/domain/a.test.ts': test }), {
      'backend/src/domain/a.ts': [],
      'backend/src/domain/a.test.ts': [],
    });
  });
});

describe('time and randomness come in through ports', () => {
  it('refuses to read the clock there, not to read a timestamp', async () => {
    await eachFires('no-restricted-syntax', {
      'backend/src/allocate/x.ts': 'export const x = Date.now();',
      'backend/src/domain/x.ts': 'export const x = new Date().getTime();',
    });
    const text = 'export const x = new Date(0).toISOString();';
    assert.deepEqual(await findings({ 'backend/src/allocate/x.ts': text }), { 'backend/src/allocate/x.ts': [] });
  });

  it('refuses them in the rest of the backend', async () => {
    await eachFires('no-restricted-globals', {
      'backend/src/speakers/bgp/session.ts': 'export const x = setTimeout(Object, 1);',
      'backend/src/engine/x.ts': 'export const x = performance.now();',
    });
    await eachFires('no-restricted-syntax', {
      'backend/src/cluster/watch/x.ts': 'export const x = Date.now();',
      'backend/src/report/x.ts': 'export const x = new Date();',
      'backend/src/api/x.ts': 'export const x = Date();',
      'backend/src/health/x.ts': 'export const x = AbortSignal.timeout(1);',
    });
    await eachFires('no-restricted-properties', { 'backend/src/health/x.ts': 'export const x = Math.random();' });
  });

  it('lets timestamps be read that objects carry', async () => {
    const text = "export const x = [Date.parse('2026-01-01'), new Date(0)];";
    assert.deepEqual(await findings({ 'backend/src/report/x.ts': text }), { 'backend/src/report/x.ts': [] });
  });

  it('allows them where the ports are implemented', async () => {
    const text = 'export const x = [Date.now(), Math.random(), setTimeout(Object, 1)];';
    const owners = ['backend/src/platform/linux/clock.ts', 'backend/src/cluster/compliance.ts', 'lab/x.ts'];
    const found = await findings(Object.fromEntries(owners.map((path) => [path, text])));
    assert.deepEqual(found, Object.fromEntries(owners.map((path) => [path, []])));
  });

  it('refuses console in the backend, which logs through a port', () =>
    eachFires('no-console', { 'backend/src/api/x.ts': "console.log('x');" }));
});

describe('promises and types', () => {
  it('refuses a promise that nobody awaits', () =>
    eachFires('@typescript-eslint/no-floating-promises', {
      'lab/x.ts': 'export async function f(): Promise<void> {}\nf();',
    }));

  it('refuses a promise where a plain callback is wanted', () =>
    eachFires('@typescript-eslint/no-misused-promises', {
      'lab/x.ts': 'export async function f(): Promise<void> {}\n[1].forEach(async () => f());',
    }));

  it("knows that node's runner awaits its tests", async () => {
    const text = "import { describe, it } from 'node:test';\ndescribe('x', () => {\n  it('y', () => {});\n});";
    assert.deepEqual(await findings({ 'lab/x.test.ts': text }), { 'lab/x.test.ts': [] });
  });

  it('refuses any', () => eachFires('@typescript-eslint/no-explicit-any', { 'lab/x.ts': 'export const x: any = 1;' }));

  it('refuses an exported function without a return type', () =>
    eachFires('@typescript-eslint/explicit-module-boundary-types', { 'lab/x.ts': 'export function f() {}' }));

  it('refuses an unexplained suppression of the type checker', () =>
    eachFires('@typescript-eslint/ban-ts-comment', { 'lab/x.ts': '// @ts-ignore\nexport const x = 1;' }));

  it('refuses a switch over a union that misses a member', () =>
    eachFires('@typescript-eslint/switch-exhaustiveness-check', {
      'lab/x.ts': "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      return;\n  }\n}",
    }));
});

describe('budgets', () => {
  const body = (text: string): string => `export function f(x: number): number {\n${text}\n  return x;\n}`;

  it('holds complexity to 10', () =>
    eachFires('complexity', { 'lab/x.ts': body(repeat(10, (i) => `if (x === ${i}) x += 1;`)) }));

  it('holds nesting to 3', () =>
    eachFires('max-depth', { 'lab/x.ts': body('if (x) { if (x > 1) { if (x > 2) { if (x > 3) { x = 4; } } } }') }));

  it('holds parameters to 4', () =>
    eachFires('max-params', {
      'lab/x.ts': 'export const f = (a: 1, b: 1, c: 1, d: 1, e: 1): number => a + b + c + d + e;',
    }));

  it('holds statements to 30', () => eachFires('max-statements', { 'lab/x.ts': body(repeat(30, () => 'x += 1;')) }));

  it('holds files to 400 lines', () =>
    eachFires('max-lines', { 'lab/x.ts': repeat(401, (i) => `export const x${i} = ${i};`) }));

  it('accepts what is just within them', async () => {
    const text = `${body(repeat(9, (i) => `if (x === ${i}) x += 1;`))}\n${repeat(380, (i) => `export const x${i} = 1;`)}`;
    assert.deepEqual(await findings({ 'lab/x.ts': text }), { 'lab/x.ts': [] });
  });

  it('refuses a suppression that suppresses nothing', async () => {
    const found = await findings({ 'lab/x.ts': '// eslint-disable-next-line complexity\nexport const x = 1;' });
    assert.match(String(found['lab/x.ts']), /Unused eslint-disable directive/);
  });
});
