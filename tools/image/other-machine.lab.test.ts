import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { progressToStderr } from '../../lab/toolchain/progress.ts';
import { buildManagerImage, notInImage } from './build.ts';
import { filesBelow } from './contents.ts';
import { foreignBinaries, kindOf, machineOf, MACHINES } from './machine.ts';
import { UnpackedImage } from './unpacked.ts';

const repository = dirname(dirname(import.meta.dirname));
const other = MACHINES.find((machine) => machine !== machineOf()) ?? machineOf();

/** Names of files without the words for a kind of machine in them. */
function namesBelow(folder: string): string[] {
  const machines = /(x86[-_]64|x64|amd64|aarch64|arm64)/g;
  // Where the loader is is part of each machine's ABI.
  const loader = /^lib(64)?\/ld-linux-MACHINE/;
  return filesBelow(folder)
    .filter((path) => !path.startsWith('app/compile-cache/'))
    .map((path) =>
      path.replaceAll(machines, 'MACHINE').replace('x86-64', 'MACHINE').replace(loader, 'lib/ld-linux-MACHINE'),
    )
    .map((path) => path.replace(/ld-linux-MACHINE\.so\.\d$/, 'ld-linux-MACHINE.so'))
    .map((path) => path.replace(/^(usr\/)?lib\/MACHINE-linux-gnu\//, 'lib/MACHINE-linux-gnu/'))
    .sort();
}

describe(`the porter-manager image for ${other.image}, made on ${machineOf().image}`, () => {
  let own: UnpackedImage;
  let image: UnpackedImage;

  before(async () => {
    own = await UnpackedImage.of((await buildManagerImage(progressToStderr)).tar);
    image = await UnpackedImage.of((await buildManagerImage(progressToStderr, other)).tar);
  });

  after(() => {
    own.remove();
    image.remove();
  });

  it('says what it is for, and starts in the same way', () => {
    assert.equal(image.config.architecture, other.image);
    assert.deepEqual(image.config.config, own.config.config);
    assert.deepEqual(image.manifest.RepoTags, own.manifest.RepoTags);
  });

  it('has the same files, and programs and libraries for such machines alone', () => {
    assert.deepEqual(namesBelow(image.rootfs), namesBelow(own.rootfs));
    const binaries = (rootfs: string): number =>
      filesBelow(rootfs).filter((path) => kindOf(join(rootfs, path)) !== undefined).length;
    // Node.js, the loader, the C library and its kin, and the module that opens sockets.
    assert.ok(binaries(image.rootfs) >= 9);
    assert.equal(binaries(image.rootfs), binaries(own.rootfs));
    assert.deepEqual(foreignBinaries(image.rootfs, other), []);
    assert.notDeepEqual(foreignBinaries(image.rootfs, machineOf()), []);
  });

  it('runs there as nobody: the pinned Node.js, every package, and sockets of its kernel', async () => {
    const { dependencies } = JSON.parse(readFileSync(join(repository, 'backend/package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const needed = Object.keys(dependencies).filter((dependency) => !notInImage.includes(dependency));
    const script = needed.map((dependency) => `await import('${dependency}');\n`).join('');
    writeFileSync(join(image.rootfs, 'app/backend/load.mjs'), `${script}console.log(process.arch, process.version);`);
    const said = await image.node(65534, ['/app/backend/load.mjs']);
    assert.equal(said.trim(), `${other.npm} ${(await own.node(65534, ['--version'])).trim()}`);
  });

  it('starts from its compile cache', async () => {
    copyFileSync(join(import.meta.dirname, 'warm.mjs'), join(image.rootfs, 'tmp/link.mjs'));
    const trace = await image.node(65534, ['/tmp/link.mjs', '/app/backend/src'], ['NODE_DEBUG_NATIVE=COMPILE_CACHE']);
    const hits = trace.match(/retrieving transpile cache for StrippedTypeScript .*success/g) ?? [];
    const modules = filesBelow(join(image.rootfs, 'app/backend/src')).filter((path) => path.endsWith('.ts'));
    assert.equal(hits.length, modules.length);
    assert.doesNotMatch(trace, /was rejected/);
  });

  it('has less than 200 MB unpacked', () => {
    const bytes = filesBelow(image.rootfs).reduce((sum, path) => sum + statSync(join(image.rootfs, path)).size, 0);
    assert.ok(bytes < 200e6, `${Math.round(bytes / 1e6)} MB`);
  });
});
