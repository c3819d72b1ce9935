import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLicence, isNeededAtRunTime, isProductSource } from './contents.ts';

test('what a package needs at run time stays', () => {
  const kept = [
    'package.json',
    'index.js',
    'lib/test/kept.cjs',
    'build/native.node',
    'data/table.json',
    'src/index.mjs',
    'linux_x64/koffi.node',
  ];
  assert.deepEqual(
    kept.filter((path) => !isNeededAtRunTime(path)),
    [],
  );
});

test('what only people and compilers read goes', () => {
  const gone = [
    'index.d.ts',
    'index.d.cts',
    'src/index.ts',
    'index.js.map',
    'README.md',
    'test/index.js',
    'docs/index.html',
    'prebuilds/linux-x64/bare-fs.bare',
    'musl_x64/koffi.node',
    'src/abi/x64_asm.S',
    'src/util.hh',
    'src/CMakeLists.txt',
    '.github/workflows/ci.yml',
    'node_modules/inner/index.js',
    'LICENSE',
  ];
  assert.deepEqual(gone.filter(isNeededAtRunTime), []);
});

test('licences are recognised however they are spelled', () => {
  for (const path of ['LICENSE', 'LICENCE.md', 'license.txt', 'LICENSE-MIT', 'NOTICE', 'COPYING']) {
    assert.ok(isLicence(path), path);
  }
  assert.ok(!isLicence('lib/license.js'));
});

test('the product is the sources without tests, fakes and test data', () => {
  const files = ['main.ts', 'domain/pool.ts', 'domain/pool.test.ts', 'platform/fake/clock.ts', 'a/testdata/x.json'];
  files.push('platform/clock-compliance.ts', 'cluster/compliance.ts');
  assert.deepEqual(files.filter(isProductSource), ['main.ts', 'domain/pool.ts']);
});
