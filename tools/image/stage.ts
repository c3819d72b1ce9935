import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../lab/toolchain/run.ts';
import type { ClosurePackage } from './closure.ts';
import { filesBelow, isLicence, isNeededAtRunTime, isProductSource } from './contents.ts';
import { emulatorIn } from './emulator.ts';
import type { Library, Origin } from './libraries.ts';
import { foreignBinaries, type Machine } from './machine.ts';
import { compileCache, nodeFlags, users } from './manager-config.ts';
import { billOfMaterials, debianComponent, nodeComponent, npmComponent } from './sbom.ts';

/** What goes into the image, apart from our own sources. */
export interface Ingredients {
  /** The repository. */
  readonly root: string;
  readonly machine: Machine;
  /** The package of the pinned Node.js: `bin/node` and its licence. */
  readonly nodePackage: string;
  readonly libraries: readonly Library[];
  readonly packages: readonly PlacedPackage[];
}

export interface PlacedPackage extends ClosurePackage {
  /** Where it is: not with the others, if it is for machines of another kind than this one. */
  readonly folder: string;
}

// No shell and no package manager: two users, and names resolved by hosts and DNS.
const systemFiles: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/**
 * Lays out what changes seldom: Node.js, the C library, npm packages, licences.
 * @throws {Error} when a program or library of it is for machines of another kind
 */
export function stageRuntime(ingredients: Ingredients, rootfs: string): void {
  for (const [path, text] of Object.entries(systemFiles)) put(join(rootfs, path), text);
  for (const folder of ['proc', 'sys', 'dev', 'tmp']) mkdirSync(join(rootfs, folder), { recursive: true });
  copy(join(ingredients.nodePackage, 'bin/node'), join(rootfs, 'usr/local/bin/node'));
  copy(join(ingredients.nodePackage, 'LICENSE'), join(rootfs, 'licenses/node/LICENSE'));
  const origins = new Map<string, Origin>();
  for (const { path, file, origin } of ingredients.libraries) {
    copy(file, join(rootfs, path));
    if (origin === undefined) continue;
    origins.set(origin.name, origin);
    copy(origin.copyright, join(rootfs, 'licenses', origin.name, 'copyright'));
  }
  for (const entry of ingredients.packages) stagePackage(entry, rootfs);
  put(join(rootfs, SBOM), billOf(ingredients, [...origins.values()]));
  const foreign = foreignBinaries(rootfs, ingredients.machine);
  if (foreign.length > 0) throw new Error(`not for ${ingredients.machine.image}: ${foreign.join(', ')}`);
}

/** Where scanners of images look for what one is made of. */
export const SBOM = 'usr/share/sbom/porter-manager.cdx.json';

function billOf({ root, nodePackage, packages }: Ingredients, origins: readonly Origin[]): string {
  const versionIn = (folder: string): string =>
    (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  const version = versionIn(root);
  const name = 'porter-manager';
  return billOfMaterials({ type: 'application', name, version, purl: `pkg:oci/${name}@${version}` }, [
    nodeComponent(versionIn(nodePackage)),
    ...packages.map((entry) => npmComponent(entry.folder, entry)),
    ...origins.map((origin) => debianComponent(origin.name, origin.version)),
  ]);
}

function stagePackage({ path, version, folder }: PlacedPackage, rootfs: string): void {
  const name = path.replace(/^.*node_modules\//, '').replace('/', '+');
  for (const file of filesBelow(folder)) {
    if (isLicence(file)) copy(join(folder, file), join(rootfs, 'licenses', `${name}@${version}`, file));
    else if (isNeededAtRunTime(file)) copy(join(folder, file), join(rootfs, 'app', path, file));
  }
}

/** Our own files of the image, relative to the repository and to /app alike. */
export function appFiles(root: string): string[] {
  const sources = filesBelow(join(root, 'backend/src')).filter(isProductSource);
  const texts = existsSync(join(root, 'locales')) ? filesBelow(join(root, 'locales')) : [];
  return [
    'package.json',
    'backend/package.json',
    ...sources.map((path) => `backend/src/${path}`),
    ...texts.map((path) => `locales/${path}`),
  ];
}

/** Lays out our own files. */
export function stageApp(root: string, rootfs: string): void {
  for (const path of appFiles(root)) copy(join(root, path), join(rootfs, 'app', path));
  copy(join(root, 'LICENSE'), join(rootfs, 'licenses/porterlb/LICENSE'));
}

/**
 * Fills the compile cache inside `rootfs`, which has to be complete, by running its own node in it: under an emulator, if it is for machines of
 * another kind. Needs root, or user namespaces.
 */
export async function fillCompileCache(rootfs: string, machine: Machine, packages: readonly string[]): Promise<void> {
  const script = join(rootfs, 'app/warm.mjs');
  copy(join(import.meta.dirname, 'warm.mjs'), script);
  const node = ['/usr/local/bin/node', ...nodeFlags, '/app/warm.mjs', '/app/backend/src', ...packages];
  const enter = process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--map-root-user', 'chroot'];
  // Nothing of the builder's environment: NODE_OPTIONS and the like would give a cache that fits nobody else.
  const environment = [`PATH=${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, `NODE_COMPILE_CACHE=${compileCache}`];
  const emulator = emulatorIn(rootfs, machine);
  await run('env', ['-i', ...environment, ...enter, rootfs, ...emulator, ...node]);
  for (const path of emulator) rmSync(join(rootfs, path));
  rmSync(script);
  copyForUsers(join(rootfs, compileCache));
}

/** Node.js keeps a cache per user, in a folder whose name ends in the UID and for its eyes only; the contents are the same. */
function copyForUsers(folder: string): void {
  const [made] = readdirSync(folder);
  const match = made === undefined ? null : /^(.+)-0$/.exec(made);
  if (made === undefined || match === null) throw new Error(`node made no compile cache for root in ${folder}`);
  for (const file of readdirSync(join(folder, made))) chmodSync(join(folder, made, file), 0o644);
  for (const uid of users.filter((user) => user !== 0)) {
    cpSync(join(folder, made), join(folder, `${match[1]}-${uid}`), { recursive: true });
  }
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}
