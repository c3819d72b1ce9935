import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../../lab/toolchain/cache.ts';
import { ensurePrograms } from '../../lab/toolchain/index.ts';
import type { Progress } from '../../lab/toolchain/progress.ts';
import { run } from '../../lab/toolchain/run.ts';
import type { ClosurePackage } from './closure.ts';
import { parseLdd, type Library, type Origin } from './libraries.ts';
import type { Machine } from './machine.ts';

/** Parts of an image that this machine has none of, as it is of another kind. */
export interface Parts {
  /** Has the packages where npm would put them, below `node_modules`. */
  readonly root: string;
  readonly libraries: readonly Library[];
}

/**
 * Packages from npm, checked by the lock file, and the libraries that Node.js needs, from Debian's archive: of the packages that this machine's own
 * libraries are from. Kept in the cache until those have other versions here.
 * @throws {Error} when this machine has no Debian package to go by
 */
export async function partsFor(
  machine: Machine,
  packages: readonly ClosurePackage[],
  own: readonly Library[],
  progress: Progress,
): Promise<Parts> {
  const origins = own.map(({ path, origin }) => {
    if (origin === undefined) throw new Error(`${path} is from no Debian package, and only Debian has it for others`);
    return `${origin.name}=${origin.version}`;
  });
  await ensurePrograms([machine.emulator], progress);
  const key = createHash('sha256').update(JSON.stringify([packages, origins.sort()]));
  const entry = {
    name: `image-parts-${machine.image}`,
    key: key.digest('hex').slice(0, 16),
    announcement: `fetching what an image for ${machine.image} is made of (half a minute)`,
  };
  const folder = await cached(entry, progress, async (empty) => {
    for (const each of packages) await fetchPackage(each, empty);
    await fetchLibraries(machine, new Set(own.flatMap(({ origin }) => origin?.name ?? [])), empty);
  });
  return { root: folder, libraries: await librariesIn(folder, machine) };
}

/** As npm publishes it. @throws {Error} when that is not what the lock file has seen */
async function fetchPackage({ path, version, integrity }: ClosurePackage, root: string): Promise<void> {
  const name = path.replace(/^.*node_modules\//, '');
  const folder = mkdtempSync(join(root, 'fetched-'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`], { cwd: root });
  const archives = readdirSync(folder).map((file) => join(folder, file));
  const [archive = ''] = archives;
  const sum = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (`sha512-${sum}` !== integrity) throw new Error(`${name}@${version} is not what package-lock.json says it is`);
  mkdirSync(join(root, path), { recursive: true });
  await run('tar', ['-C', join(root, path), '--strip-components=1', '-xzf', archive]);
  rmSync(folder, { recursive: true });
}

const SYSTEM = 'system';
const ORIGINS = 'origins.json';

/** Unpacks Debian packages and what they depend on, as on a machine that has nothing yet. */
async function fetchLibraries(machine: Machine, names: ReadonlySet<string>, root: string): Promise<void> {
  const apt = mkdtempSync(join(root, 'apt-'));
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  mkdirSync(join(apt, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(apt, 'status'), '');
  const options = {
    'APT::Architecture': machine.image,
    'APT::Architectures': machine.image,
    'APT::Sandbox::User': 'root',
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
  };
  const flags = ['-q', '-y', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  await run('apt-get', [...flags, 'update']);
  await run('apt-get', [...flags, '--download-only', '--no-install-recommends', 'install', ...names]);
  const owners: Record<string, Omit<Origin, 'copyright'>> = {};
  const archives = join(apt, 'cache/archives');
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const [name = '', version = ''] = (await run('dpkg-deb', ['-W', join(archives, file)])).trim().split('\t');
    const unpacked = await run('dpkg-deb', ['--vextract', join(archives, file), join(root, SYSTEM)]);
    for (const path of unpacked.split('\n')) owners[path.replace(/^\./, '')] = { name, version };
  }
  writeFileSync(join(root, ORIGINS), JSON.stringify(owners));
  rmSync(apt, { recursive: true });
}

/** As ldd finds them: the loader says what it would load, here under an emulator. */
async function librariesIn(root: string, machine: Machine): Promise<Library[]> {
  const system = join(root, SYSTEM);
  const owners = JSON.parse(readFileSync(join(root, ORIGINS), 'utf8')) as Record<string, Omit<Origin, 'copyright'>>;
  const node = join(root, nodePath(machine), 'bin/node');
  const said = await run(machine.emulator, ['-L', system, '-E', 'LD_TRACE_LOADED_OBJECTS=1', node]);
  return parseLdd(said).map((path) => {
    const owner = owners[path];
    const origin = owner && { ...owner, copyright: join(system, 'usr/share/doc', owner.name, 'copyright') };
    return { path, file: realpathSync(join(system, path)), origin };
  });
}

/** Where npm puts the Node.js of such machines. */
export function nodePath(machine: Machine): string {
  return `node_modules/node-linux-${machine.npm}`;
}
