import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../../lab/toolchain/file-lock.ts';
import { noProgress, type Progress } from '../../lab/toolchain/progress.ts';
import { run } from '../../lab/toolchain/run.ts';
import { packLayer, writeArchive, type Layer } from './archive.ts';
import { productionClosure, type ClosurePackage, type Lock } from './closure.ts';
import { librariesOf } from './libraries.ts';
import { machineOf, type Machine } from './machine.ts';
import { managerConfig } from './manager-config.ts';
import { nodePath, partsFor } from './other-machine.ts';
import { appFiles, fillCompileCache, stageApp, stageRuntime, type Ingredients } from './stage.ts';

/** The image as a file and by name. */
export interface ManagerImage {
  /** A tar file in Docker's archive format: `ctr -n k8s.io images import <tar>`. */
  readonly tar: string;
  readonly name: string;
}

const root = dirname(dirname(import.meta.dirname));
const output = join(root, 'build/images');
/** Loaded at every start; what is loaded on some paths only stays uncompiled until then. */
const alwaysLoaded = ['pino', 'undici', 'zod'];

/**
 * Builds the porter-manager image, without a container engine, from what npm installed: for this machine's kind, or for another one.
 * Quick when nothing changed: the archive is kept together with a key of everything that it was made from.
 * @throws {Error} when this is no Linux with the GNU C library and tar, or not root and without user namespaces; for another kind of machine, when it
 * is no Debian
 */
export async function buildManagerImage(
  progress: Progress = noProgress,
  machine: Machine = machineOf(),
): Promise<ManagerImage> {
  const version = readVersion();
  const suffix = machine === machineOf() ? '' : `-${machine.image}`;
  const image = {
    tar: join(output, `porter-manager-${version}${suffix}.tar`),
    name: `docker.io/porterlb/porter-manager:${version}`,
  };
  mkdirSync(output, { recursive: true });
  await withLock(join(output, '.lock'), async () => {
    const ingredients = await gather(machine, progress);
    const runtimeKey = keyOf([version, keyOfRuntime(ingredients)]);
    const key = keyOf([runtimeKey, version, ...keyOfFiles(root, appFiles(root))]);
    if (existsSync(image.tar) && readKey(image.tar) === key) return;
    progress(`building the porter-manager image for ${machine.image} (some seconds)`);
    await build(ingredients, { runtimeKey, version, ...image });
    writeFileSync(`${image.tar}.key`, key);
  });
  return image;
}

/**
 * The Kubernetes client is for kubeconfigs that run a program or have an auth provider. In a Pod there is neither, nor a program to run; and some of
 * what it brings along has licences of which we ship none.
 */
export const notInImage = ['@kubernetes/client-node'];

/** The npm packages of the image for an architecture (npm's word for it), as the lock file has them. */
export function imagePackages(lock: Lock, cpu: string): ClosurePackage[] {
  return productionClosure(lock, 'backend', { os: 'linux', cpu, libc: 'glibc' }, notInImage);
}

/** Lays the image's file system out in `rootfs`, for tools that make an image of their own from it (the Dockerfile). */
export async function stageManagerImage(rootfs: string): Promise<void> {
  stageRuntime(await gather(machineOf(), noProgress), rootfs);
  stageApp(root, rootfs);
  await fillCompileCache(rootfs, machineOf(), alwaysLoaded);
}

async function build(
  ingredients: Ingredients,
  target: ManagerImage & { readonly runtimeKey: string; readonly version: string },
): Promise<void> {
  const temporary = mkdtempSync(join(output, 'work-'));
  try {
    const rootfs = join(temporary, 'rootfs');
    const runtime = await runtimeLayer(ingredients, target.runtimeKey, rootfs);
    const app = await appLayer(ingredients.machine, rootfs, temporary);
    const config = managerConfig(target.version, ingredients.machine.image);
    const written = join(temporary, 'image.tar');
    await writeArchive({ name: target.name, config, layers: [runtime, app] }, join(temporary, 'archive'), written);
    rmSync(`${target.tar}.key`, { force: true });
    renameSync(written, target.tar);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Lays out the runtime in `rootfs`, and packs it unless that was done before. */
async function runtimeLayer(ingredients: Ingredients, key: string, rootfs: string): Promise<Layer> {
  const ofMachine = `runtime-${ingredients.machine.image}-`;
  const tar = join(output, `${ofMachine}${key.slice(0, 16)}.tar`);
  mkdirSync(rootfs, { recursive: true });
  if (existsSync(`${tar}.json`)) {
    await run('tar', ['-C', rootfs, '-xf', tar]);
    return JSON.parse(readFileSync(`${tar}.json`, 'utf8')) as Layer;
  }
  for (const old of readdirSync(output)) if (old.startsWith(ofMachine)) rmSync(join(output, old));
  stageRuntime(ingredients, rootfs);
  const layer = await packLayer(rootfs, tar, 'Node.js, C library, npm packages');
  writeFileSync(`${tar}.json`, JSON.stringify(layer));
  return layer;
}

/** Packs our files and the compile cache, which is made in the complete `rootfs`. */
async function appLayer(machine: Machine, rootfs: string, temporary: string): Promise<Layer> {
  const layer = join(temporary, 'layer');
  stageApp(root, layer);
  cpSync(layer, rootfs, { recursive: true });
  await fillCompileCache(rootfs, machine, alwaysLoaded);
  renameSync(join(rootfs, 'app/compile-cache'), join(layer, 'app/compile-cache'));
  return packLayer(layer, join(temporary, 'app.tar'), 'porter-manager and its compile cache');
}

async function gather(machine: Machine, progress: Progress): Promise<Ingredients> {
  const own = join(root, nodePath(machineOf()), 'bin/node');
  if (process.platform !== 'linux' || !existsSync(own)) {
    throw new Error(`the image is built on Linux (x64 or arm64) only, from the npm package that has Node.js for it`);
  }
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const packages = imagePackages(lock, machine.npm);
  const libraries = await librariesOf(own);
  if (machine === machineOf()) {
    const placed = packages.map((entry) => ({ ...entry, folder: join(root, entry.path) }));
    return { root, machine, nodePackage: join(root, nodePath(machine)), libraries, packages: placed };
  }
  const native = packages.filter(({ path }) => (lock.packages[path]?.cpu ?? []).length > 0);
  const parts = await partsFor(machine, [...native, lockedPackage(lock, nodePath(machine))], libraries, progress);
  const placed = packages.map((entry) => ({
    ...entry,
    folder: join(native.includes(entry) ? parts.root : root, entry.path),
  }));
  return {
    ...{ root, machine, libraries: parts.libraries, packages: placed },
    nodePackage: join(parts.root, nodePath(machine)),
  };
}

function lockedPackage(lock: Lock, path: string): ClosurePackage {
  const { version = '', integrity = '' } = lock.packages[path] ?? {};
  return { path, version, integrity };
}

function keyOfRuntime({ nodePackage, libraries, packages }: Ingredients): string {
  const node = readFileSync(join(nodePackage, 'package.json'), 'utf8');
  const shipped = packages.map(({ path, integrity }) => `${path} ${integrity}`);
  const system = libraries.map(({ path, file }) => `${path} ${keyOf([readFileSync(file)])}`);
  const recipe = readdirSync(import.meta.dirname).filter((name) => !name.includes('.test.'));
  return keyOf([node, ...shipped, ...system, ...keyOfFiles(import.meta.dirname, recipe.sort())]);
}

function keyOfFiles(folder: string, paths: readonly string[]): string[] {
  return paths.map((path) => `${path} ${keyOf([readFileSync(join(folder, path))])}`);
}

function keyOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

function readKey(tar: string): string | undefined {
  return existsSync(`${tar}.key`) ? readFileSync(`${tar}.key`, 'utf8') : undefined;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
