import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../../lab/toolchain/run.ts';
import { buildManagerImage, imagePackages, notInImage } from './build.ts';
import type { Lock } from './closure.ts';
import { filesBelow } from './contents.ts';
import { SBOM } from './stage.ts';
import { UnpackedImage } from './unpacked.ts';

const repository = dirname(dirname(import.meta.dirname));
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('the porter-manager image', () => {
  let image: UnpackedImage;
  let rootfs = '';
  let name = '';

  before(async () => {
    const built = await buildManagerImage();
    name = built.name;
    image = await UnpackedImage.of(built.tar);
    rootfs = image.rootfs;
  });

  after(() => image.remove());

  it('carries the name that the chart asks for, and layers that are what they say', async () => {
    assert.deepEqual(image.manifest.RepoTags, [name]);
    const sums = await run(
      'sha256sum',
      image.manifest.Layers.map((layer) => image.archived(layer)),
    );
    const digests = sums
      .trim()
      .split('\n')
      .map((line) => `sha256:${line.split(' ')[0]}`);
    assert.deepEqual(image.config.rootfs.diff_ids, digests);
  });

  it('runs the pinned Node.js with the libraries that it brings, as nobody', async () => {
    const { version } = readJson(join(repository, `node_modules/node-linux-${process.arch}/package.json`)) as {
      version: string;
    };
    assert.equal(image.config.config.User, '65534:65534');
    assert.equal((await image.node(65534, ['--version'])).trim(), `v${version}`);
    assert.equal((await image.node(65534, ['-p', 'process.getuid()'])).trim(), '65534');
  });

  it('brings every package that the backend depends on, but those that Pods have no use for', async () => {
    const { dependencies } = readJson(join(repository, 'backend/package.json')) as {
      dependencies: Record<string, string>;
    };
    const needed = Object.keys(dependencies).filter((dependency) => !notInImage.includes(dependency));
    const script = needed.map((dependency) => `await import('${dependency}');\n`);
    writeFileSync(join(rootfs, 'app/backend/load.mjs'), `${script.join('')}console.log('all loaded');`);
    const said = await image.node(65534, ['/app/backend/load.mjs']);
    assert.equal(said.trim(), 'all loaded');
    for (const left of notInImage) assert.ok(!existsSync(join(rootfs, 'app/node_modules', left)), left);
  });

  it('brings every module that its modules import', async () => {
    copyFileSync(join(import.meta.dirname, 'warm.mjs'), join(rootfs, 'tmp/link.mjs'));
    assert.equal(await image.node(65534, ['/tmp/link.mjs', '/app/backend/src']), '');
  });

  it('starts from its compile cache, as nobody and as root', async () => {
    for (const user of [65534, 0]) {
      const trace = await image.node(user, ['/tmp/link.mjs', '/app/backend/src'], ['NODE_DEBUG_NATIVE=COMPILE_CACHE']);
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
