import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { ClosurePackage, Lock } from '../image/closure.ts';
import { SBOM } from '../image/stage.ts';
import { withTree, type Tree } from '../lint/fixture-tree.ts';
import { changelogFindings } from './changelog.ts';
import { billFindings, contentFindings } from './image-contents.ts';
import { FOR_BUILDING, isAllowed, licenceFindings, SHIPPED, undocumented } from './licences.ts';
import { mentionsIn, withVersion } from './mentions.ts';
import { stamp } from './stamp.ts';
import { versionDisagreements } from './versions.ts';

const page = `helm install porterlb-1.2.0.tgz
docker.io/porterlb/porter-manager:1.1.9
  extension:
    name: porterlb
    version: 1.2.0
In 0.9.0 this was otherwise, with Node 24.1.0.
`;

const tree: Tree = {
  'package.json': '{\n  "name": "x",\n  "version": "1.2.0",\n  "workspaces": ["backend"]\n}\n',
  'backend/package.json': '{\n  "version": "1.2.0",\n  "dependencies": {"a": "3.0.0"}\n}\n',
  'backend/openapi.json': '{"info": {"version": "1.2.0"}}',
  'package-lock.json':
    '{"version": "1.2.0", "packages": {"": {"version": "1.2.0"}, "backend": {"version": "1.0.0"}, "node_modules/a": {"version": "3.0.0"}}}',
  'charts/backend/Chart.yaml': 'apiVersion: v2\nversion: 1.2.0\nappVersion: "1.2.0"\n',
  'extension.yaml': 'version: 1.2.0\nimages:\n  - docker.io/porterlb/porter-manager:1.2.1\n',
  'docs/a.md': page,
};

suite('versions', () => {
  test('in texts are found where they name what is of this version, and nowhere else', () => {
    assert.deepEqual(
      mentionsIn(page).map(({ version, line }) => `${line}: ${version}`),
      ['1: 1.2.0', '2: 1.1.9', '5: 1.2.0'],
    );
    assert.equal(mentionsIn('tag: v1.2.3\n  targetRevision: v1.2.4\n').length, 2);
    assert.equal(withVersion(page, '10.0.1'), page.replaceAll(/1\.(2\.0|1\.9)/g, '10.0.1'));
  });

  test('that disagree are named, in the lock file, the list of images and pages too', async () => {
    const found = await withTree(tree, (root) => Promise.resolve(versionDisagreements(root)));
    assert.deepEqual(found, [
      'package-lock.json (backend): 1.0.0, but package.json says 1.2.0',
      'extension.yaml (docker.io/porterlb/porter-manager:1.2.1): 1.2.1, but package.json says 1.2.0',
      'docs/a.md:2: 1.1.9, but package.json says 1.2.0',
    ]);
  });

  test('are stamped everywhere, but for what is generated, and dependencies keep theirs', async () => {
    await withTree(tree, (root) => {
      const changed = stamp(root, '2.0.0');
      assert.deepEqual(
        [...changed].sort(),
        Object.keys(tree)
          .filter((path) => path !== 'backend/openapi.json')
          .sort(),
      );
      assert.deepEqual(versionDisagreements(root), ['backend/openapi.json: 1.2.0, but package.json says 2.0.0']);
      assert.match(readFileSync(join(root, 'backend/package.json'), 'utf8'), /"a": "3\.0\.0"/);
      assert.match(
        readFileSync(join(root, 'package-lock.json'), 'utf8'),
        /"node_modules\/a": \{\s+"version": "3\.0\.0"/,
      );
      assert.deepEqual(stamp(root, '2.0.0'), []);
      assert.throws(() => stamp(root, 'v2'), /"v2" is no version/);
      return Promise.resolve();
    });
  });
});

test('a changelog must begin with the version, say something of it, and have it once', () => {
  const of = (text: string): string[] => changelogFindings('C.md', text, '1.2.0');
  assert.deepEqual(of('# C\n\n## 1.2.0\n\n### Features\n\n- New.\n\n## 1.1.0\n\n- Old.\n'), []);
  assert.deepEqual(of('# C\n\n## 1.1.0\n\n- Old.\n'), ['C.md begins with "1.1.0", not with 1.2.0']);
  assert.deepEqual(of('# C\n'), ['C.md begins with "", not with 1.2.0']);
  assert.deepEqual(of('# C\n\n## 1.2.0\n\nSoon.\n'), ['C.md says nothing of 1.2.0']);
  assert.deepEqual(of('# C\n\n## 1.2.0\n\n- A.\n\n## 1.2.0\n\n- B.\n'), ['C.md has 1.2.0 twice']);
});

suite('licences', () => {
  test('of which one may be chosen, or all count', () => {
    assert.ok(isAllowed('MIT', SHIPPED) && isAllowed('(MIT OR GPL-3.0-only)', SHIPPED));
    assert.ok(isAllowed('MIT AND ISC', SHIPPED) && !isAllowed('MIT AND GPL-2.0-only', SHIPPED));
    assert.ok(!isAllowed('PSF-2.0', SHIPPED) && isAllowed('PSF-2.0', FOR_BUILDING));
  });

  test('are stricter for what ships, and one that is not told is none', () => {
    const packages = {
      ...{ '': {}, backend: {}, 'node_modules/backend': { link: true } },
      'node_modules/a': { license: 'MIT' },
      'node_modules/b': { license: 'BlueOak-1.0.0' },
      'node_modules/c': { license: 'BlueOak-1.0.0' },
      'node_modules/d': { license: 'AGPL-3.0-only' },
      'node_modules/e': {},
    };
    assert.deepEqual(licenceFindings({ packages } as Lock, new Set(['node_modules/a', 'node_modules/b'])), [
      'node_modules/b: BlueOak-1.0.0 may not be shipped',
      'node_modules/d: AGPL-3.0-only may not be used',
      'node_modules/e: no licence may not be used',
    ]);
  });

  test('stand in the page of dependencies', () => {
    const text = '| `a`, `b` | MIT | why, as `c` can not |\nabout `c`\n';
    const direct = ['a', 'b', 'c'].map((name) => ({ name, license: name === 'b' ? 'ISC' : 'MIT' }));
    assert.deepEqual(undocumented(text, direct), [
      'b is ISC, and docs/dependencies.md says something else',
      'c has no line in docs/dependencies.md',
    ]);
  });
});

suite('the image', () => {
  const packages: ClosurePackage[] = [{ path: 'node_modules/@a/b', version: '1.0.0', integrity: 'sha512-x' }];
  const needed = ['usr/local/bin/node', 'app/backend/src/main.ts', 'licenses/porterlb/LICENSE', SBOM];
  const whole = [...needed, 'app/node_modules/@a/b/package.json', 'app/node_modules/@a/b/lib/git/sh.js'];

  test('has what it needs, and nothing that it does not', () => {
    assert.deepEqual(contentFindings(whole, packages), []);
    assert.deepEqual(contentFindings(whole.slice(1, -2), packages), [
      'usr/local/bin/node is missing',
      'app/node_modules/@a/b is missing',
    ]);
    const strange = ['bin/sh', 'app/backend/src/a.test.ts', 'app/.npmrc', 'app/lab/demo.ts', 'app/tls/server.key'];
    assert.deepEqual(
      contentFindings([...whole, ...strange], packages),
      strange.map((path) => `${path} should not be there`),
    );
    assert.deepEqual(contentFindings([...whole, 'app/node_modules/c/package.json'], packages), [
      'app/node_modules/c is no package that is needed',
    ]);
  });

  test('has a bill of materials with every package, its licence and checksum', () => {
    const component = { name: '@a/b', version: '1.0.0', purl: 'pkg:npm/%40a/b@1.0.0', hashes: [{}] };
    const bill = (version: string, ...components: object[]): string =>
      JSON.stringify({ metadata: { component: { version } }, components });
    const mit = { ...component, licenses: [{ expression: 'MIT' }] };
    const libc = { name: 'libc6', version: '2', purl: 'pkg:deb/debian/libc6@2' };
    assert.deepEqual(billFindings(bill('1.2.0', mit, libc), '1.2.0', packages), []);
    assert.deepEqual(billFindings(bill('1.1.0'), '1.2.0', packages), [
      'it is of version 1.1.0',
      '@a/b@1.0.0 is missing',
    ]);
    assert.deepEqual(billFindings(bill('1.2.0', component), '1.2.0', packages), [
      '@a/b: no licence may not be shipped',
    ]);
    const gpl = { ...mit, licenses: [{ expression: 'GPL-3.0-only' }], hashes: [] };
    const other = { ...libc, name: 'libssl3', purl: 'pkg:deb/debian/libssl3@2' };
    assert.deepEqual(billFindings(bill('1.2.0', gpl, other), '1.2.0', packages), [
      '@a/b: GPL-3.0-only may not be shipped',
      '@a/b has no checksum',
      'libssl3 is a system library that nobody has decided to ship',
    ]);
  });
});
