import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fenceFinding, fencesOf, indentedCommands, isShell, wordOf } from './fences.ts';
import { pagesBelow } from './pages.ts';

const root = join(import.meta.dirname, '../..');

const page = [
  '# One',
  '```sh run-by=lab/x.lab.test.ts on=client',
  'kubectl get pods',
  '# no heading',
  '```',
  '## Two',
  '1. first',
  '   ```yaml',
  '   a:',
  '     b: 1',
  '   ```',
].join('\n');

function finding(info: string, text: string): string {
  const files: Readonly<Record<string, string>> = {
    'a.test.ts': "follow('docs/a.md')",
    'b.test.ts': '',
    'docs/b.md': '```sh yours\nkubectl get pods\n```\n',
  };
  const [fence, ...others] = fencesOf('docs/a.md', `\`\`\`${info}\n${text}\n\`\`\`\n`);
  assert.ok(fence !== undefined && others.length === 0);
  return fenceFinding(fence, (path) => files[path]) ?? 'fine';
}

suite('the blocks of a page', () => {
  test('are found with heading, line, language and words, indented or not', () => {
    const [first, second, ...others] = fencesOf('a.md', page);
    assert.deepEqual(others, []);
    assert.deepEqual(first, {
      page: 'a.md',
      line: 2,
      heading: 'One',
      language: 'sh',
      words: ['run-by=lab/x.lab.test.ts', 'on=client'],
      text: 'kubectl get pods\n# no heading\n',
    });
    assert.deepEqual([second?.heading, second?.line, second?.text], ['Two', 8, 'a:\n  b: 1\n']);
    assert.equal(first === undefined ? '' : wordOf(first, 'on'), 'client');
  });

  test('that are never closed are refused', () => {
    assert.throws(() => fencesOf('a.md', 'x\n```sh\nkubectl'), /a\.md:2: this block is never closed/);
  });

  test('say who runs them, if there is anything to run', () => {
    assert.equal(finding('sh yours', 'kubectl get pods'), 'fine');
    assert.equal(finding('sh run-by=a.test.ts', 'kubectl get pods'), 'fine');
    assert.equal(finding('sh as=docs/b.md', 'kubectl get pods'), 'fine');
    assert.equal(finding('yaml', 'kind: Eip'), 'fine');
    assert.equal(finding('text', '$ kubectl porterlb status\nPorterLB'), 'fine');
    assert.match(finding('', 'x'), /^docs\/a\.md:1: a block without a language/);
    assert.match(finding('text', 'kubectl get pods'), /look like commands/);
    assert.match(finding('sh', 'kubectl get pods'), /who runs this/);
    assert.match(finding('sh yours run-by=a.test.ts', 'x'), /who runs this/);
    assert.match(finding('sh run-by=c.test.ts', 'x'), /there is no c\.test\.ts/);
    assert.match(finding('sh run-by=b.test.ts', 'x'), /b\.test\.ts doesn't run this page/);
    assert.match(finding('sh as=docs/c.md', 'x'), /there is no docs\/c\.md/);
    assert.match(finding('sh as=docs/b.md', 'kubectl get nodes'), /docs\/b\.md has no such block/);
  });
});

test('commands that are only indented are found', () => {
  const text = '```sh yours\n    kubectl get pods\n```\n\n    kubectl get nodes\n\n    helm: x\n';
  assert.deepEqual(indentedCommands('a.md', text), ['a.md:5: these look like commands; fence them']);
});

test('every block of our pages says what it is, and commands who runs them', () => {
  const pages = pagesBelow(root);
  assert.deepEqual(
    pages.flatMap(({ path, text }) => indentedCommands(path, text)),
    [],
  );
  const fences = pages.flatMap(({ path, text }) => fencesOf(path, text));
  assert.ok(fences.filter(isShell).length > 10, 'pages have commands');
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  assert.deepEqual(
    fences.flatMap((fence) => fenceFinding(fence, read) ?? []),
    [],
  );
});

test('pages in Chinese have the commands and manifests of those in English, in the same order', () => {
  const translated = pagesBelow(root, 'docs/zh').filter(({ path }) => !path.endsWith('/README.md'));
  assert.ok(translated.length >= 3);
  // What people read in a block, comments, is translated.
  const blocks = (path: string, text: string): string[] =>
    fencesOf(path, text).map((fence) => fence.text.replaceAll(/ *#.*$/gm, ''));
  for (const { path, text } of translated) {
    const english = path.replace('docs/zh/', 'docs/');
    assert.deepEqual(blocks(path, text), blocks(english, readFileSync(join(root, english), 'utf8')), path);
  }
});

test('every npm script that a page names is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = pagesBelow(root).flatMap(({ path, text }) =>
    [...text.matchAll(/npm run (?:-s )?([a-z][a-z:-]*[a-z])/g)].map(([, script = '']) => ({ path, script })),
  );
  assert.ok(named.length > 40);
  assert.deepEqual(
    named.filter(({ script }) => !(script in scripts)),
    [],
  );
});
