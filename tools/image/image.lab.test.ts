import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../../lab/toolchain/run.ts';
import { buildManagerImage, imagePackages, notInImage } from './build.ts';
import type { Lock } from './closure.ts';
import { filesBelow } from './contents.ts';
import { SBOM } from './stage.ts';

const repository = dirname(dirname(import.meta.dirname));
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

interface Manifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

interface Config {
  readonly config: { readonly User: string; readonly Env: readonly string[]; readonly Entrypoint: readonly string[] };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

describe('the porter-manager image', () => {
  let folder = '';
  let rootfs = '';
  let name = '';
  let manifest: Manifest;
  let config: Config;

  before(async () => {
    const image = await buildManagerImage();
    name = image.name;
    folder = mkdtempSync(join(tmpdir(), 'porterlb-image-'));
    rootfs = join(folder, 'rootfs');
    await run('tar', ['-C', folder, '--one-top-level=archive', '-xf', image.tar]);
    [manifest] = readJson(join(folder, 'archive/manifest.json')) as [Manifest];
    config = readJson(join(folder, 'archive', manifest.Config)) as Config;
    for (const layer of manifest.Layers) {
      await run('tar', ['-C', folder, '--one-top-level=rootfs', '-xf', join(folder, 'archive', layer)]);
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the image's own node in the image's file system and environment, with its flags, and returns all that it wrote. */
  const node = async (user: number, args: readonly string[], env: readonly string[] = []): Promise<string> => {
    const [program = '', ...flags] = config.config.Entrypoint.slice(0, -1);
    const enter = ['chroot', `--userspec=${user}:${user}`, rootfs, program, ...flags, ...args];
    const path = `PATH=${process.env['PATH'] ?? ''}:/usr/sbin`;
    const said = join(folder, 'said');
    // A file takes everything; of a pipe whose reader is busy, node's native traces lose what doesn't fit.
    const script = 'said="$1"; shift; "$@" > "$said" 2>&1 || { code=$?; cat "$said"; exit $code; }';
    await run('env', ['-i', path, ...config.config.Env.slice(1), ...env, 'sh', '-c', script, 'sh', said, ...enter]);
    return readFileSync(said, 'utf8');
  };

  it('carries the name that the chart asks for, and layers that are what they say', async () => {
    assert.deepEqual(manifest.RepoTags, [name]);
    const sums = await run(
      'sha256sum',
      manifest.Layers.map((layer) => join(folder, 'archive', layer)),
    );
    const digests = sums
      .trim()
      .split('\n')
      .map((line) => `sha256:${line.split(' ')[0]}`);
    assert.deepEqual(config.rootfs.diff_ids, digests);
  });

  it('runs the pinned Node.js with the libraries that it brings, as nobody', async () => {
    const { version } = readJson(join(repository, `node_modules/node-linux-${process.arch}/package.json`)) as {
      version: string;
    };
    assert.equal(config.config.User, '65534:65534');
    assert.equal((await node(65534, ['--version'])).trim(), `v${version}`);
    assert.equal((await node(65534, ['-p', 'process.getuid()'])).trim(), '65534');
  });

  it('brings every package that the backend depends on, but those that Pods have no use for', async () => {
    const { dependencies } = readJson(join(repository, 'backend/package.json')) as {
      dependencies: Record<string, string>;
    };
    const needed = Object.keys(dependencies).filter((dependency) => !notInImage.includes(dependency));
    const script = needed.map((dependency) => `await import('${dependency}');\n`);
    writeFileSync(join(rootfs, 'app/backend/load.mjs'), `${script.join('')}console.log('all loaded');`);
    const said = await node(65534, ['/app/backend/load.mjs']);
    assert.equal(said.trim(), 'all loaded');
    for (const left of notInImage) assert.ok(!existsSync(join(rootfs, 'app/node_modules', left)), left);
  });

  it('brings every module that its modules import', async () => {
    copyFileSync(join(import.meta.dirname, 'warm.mjs'), join(rootfs, 'tmp/link.mjs'));
    assert.equal(await node(65534, ['/tmp/link.mjs', '/app/backend/src']), '');
  });

  it('starts from its compile cache, as nobody and as root', async () => {
    for (const user of [65534, 0]) {
      const trace = await node(user, ['/tmp/link.mjs', '/app/backend/src'], ['NODE_DEBUG_NATIVE=COMPILE_CACHE']);
      const hits = trace.match(/retrieving transpile cache for StrippedTypeScript .*success/g) ?? [];
      const modules = filesBelow(join(rootfs, 'app/backend/src')).filter((path) => path.endsWith('.ts'));
      assert.equal(hits.length, modules.length, `user ${user}`);
      assert.doesNotMatch(trace, /was rejected/);
    }
  });

  it('has no tests, no fakes, no tools and no shell', () => {
    const sources = filesBelow(join(rootfs, 'app/backend/src'));
    assert.deepEqual(
      sources.filter((path) => /\.test\.ts$|(^|\/)fake\//.test(path)),
      [],
    );
    for (const path of ['bin/sh', 'usr/bin/env', 'app/tools', 'app/lab', 'app/node_modules/typescript']) {
      assert.ok(!existsSync(join(rootfs, path)), path);
    }
  });

  it('says what it is made of', () => {
    const bill = readJson(join(rootfs, SBOM)) as { components: { purl: string }[] };
    const named = new Set(bill.components.map(({ purl }) => purl));
    const lock = readJson(join(repository, 'package-lock.json')) as Lock;
    for (const { path, version } of imagePackages(lock, process.arch)) {
      const purl = `pkg:npm/${path.replace(/^.*node_modules\//, '').replace('@', '%40')}@${version}`;
      assert.ok(named.has(purl), purl);
    }
    assert.ok(bill.components.some(({ purl }) => purl.startsWith('pkg:generic/node@')));
  });

  it('has less than 200 MB unpacked', () => {
    const bytes = filesBelow(rootfs).reduce((sum, path) => sum + statSync(join(rootfs, path)).size, 0);
    assert.ok(bytes < 200e6, `${Math.round(bytes / 1e6)} MB`);
  });

  it('brings the licence of everything in it that states one', () => {
    const lock = readJson(join(repository, 'package-lock.json')) as Lock;
    const shipped = imagePackages(lock, process.arch).filter(({ path }) =>
      readdirSync(join(repository, path)).some((file) => /^(licen[cs]e|copying)/i.test(file)),
    );
    const there = new Set(readdirSync(join(rootfs, 'licenses')));
    for (const { path, version } of shipped) {
      const entry = `${path.replace(/^.*node_modules\//, '').replace('/', '+')}@${version}`;
      assert.ok(there.has(entry), entry);
    }
    assert.ok(there.has('node') && there.has('porterlb'));
  });
});
