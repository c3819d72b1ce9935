/** The part of package-lock.json (version 3) that says which packages belong together. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** A package of the closure. */
export interface ClosurePackage {
  /** Where npm put it: `node_modules/a`, or `node_modules/a/node_modules/b` where versions differ. */
  readonly path: string;
  readonly version: string;
  /** The lock file's checksum of the package as it was published. */
  readonly integrity: string;
}

/** For which machines native packages are taken; npm's words. */
export interface Target {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
}

/**
 * The packages that the workspace at `workspace` needs at run time, directly or through others, sorted by path. Names
 * are looked up as Node.js does: in the importer's own node_modules first, then in those of the folders above it. Packages
 * of type declarations are left out, and so is what `without` names, with what only that needs.
 * @throws {Error} when the lock file misses a package that isn't optional
 */
export function productionClosure(
  lock: Lock,
  workspace: string,
  target: Target,
  without: readonly string[] = [],
): ClosurePackage[] {
  const found = new Map<string, LockEntry>();
  const visit = (importer: string, entry: LockEntry): void => {
    for (const { name, optional } of wantedBy(entry)) {
      if (without.includes(name)) continue;
      const path = resolve(lock, importer, name);
      if (path === undefined && !optional) throw new Error(`package-lock.json has no ${name}, which ${importer} needs`);
      const dependency = path === undefined ? undefined : lock.packages[path];
      if (path === undefined || dependency === undefined || found.has(path)) continue;
      if (!fits(dependency, target)) continue;
      found.set(path, dependency);
      visit(path, dependency);
    }
  };
  const root = lock.packages[workspace];
  if (root === undefined) throw new Error(`package-lock.json has no workspace ${workspace}`);
  visit(workspace, root);
  return [...found]
    .filter(([path]) => !path.includes('node_modules/@types/'))
    .map(([path, { version = '', integrity = '' }]) => ({ path, version, integrity }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function wantedBy(entry: LockEntry): { name: string; optional: boolean }[] {
  const optional = Object.keys(entry.optionalDependencies ?? {});
  const needed = Object.keys(entry.dependencies ?? {}).filter((name) => !optional.includes(name));
  // npm installs peers unless they are optional: a package runs without those (i18next knows TypeScript for its types alone).
  const isOptional = (name: string): boolean => entry.peerDependenciesMeta?.[name]?.optional === true;
  const peers = Object.keys(entry.peerDependencies ?? {}).filter((name) => !isOptional(name));
  return [
    ...needed.map((name) => ({ name, optional: name.startsWith('@types/') })),
    ...[...optional, ...peers].map((name) => ({ name, optional: true })),
  ];
}

function resolve(lock: Lock, importer: string, name: string): string | undefined {
  for (let folder = importer; ; folder = parentOf(folder)) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = lock.packages[path];
    if (entry !== undefined && entry.link !== true) return path;
    if (folder === '') return undefined;
  }
}

/** The next folder upwards that may have a node_modules: `a/node_modules/b` -> `a` -> ``. */
function parentOf(folder: string): string {
  const end = folder.lastIndexOf('/node_modules/');
  return end === -1 ? '' : folder.slice(0, end);
}

function fits({ os, cpu, libc }: LockEntry, target: Target): boolean {
  return allows(os, target.os) && allows(cpu, target.cpu) && allows(libc, target.libc);
}

/** npm's lists name what is allowed, or with a `!` what isn't. */
function allows(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined || list.length === 0) return true;
  if (list.includes(`!${value}`)) return false;
  const positive = list.filter((item) => !item.startsWith('!'));
  return positive.length === 0 || positive.includes(value);
}
