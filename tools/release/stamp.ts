import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pagesBelow } from '../docs/pages.ts';
import { withVersion } from './mentions.ts';

const VERSION = /^\d+\.\d+\.\d+$/;

interface Lock {
  version?: string;
  readonly packages: Record<string, { version?: string } | undefined>;
}

/**
 * Writes a version to package.json of the repository at `root` and to every file that states it, but for those that `npm run generate` makes from
 * them. Returns the files that changed.
 * @throws {Error} when it is none of the form 1.2.3
 */
export function stamp(root: string, version: string): string[] {
  if (!VERSION.test(version)) throw new Error(`"${version}" is no version of the form 1.2.3`);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces?: string[] };
  const workspaces = manifest.workspaces ?? [];
  const inJson = (text: string): string => text.replace(/^( {2}"version": ")[^"]*(")/m, `$1${version}$2`);
  const inYaml = (text: string): string => text.replaceAll(/^((?:version|appVersion): )"?[^"\n]*"?$/gm, `$1${version}`);
  const edits: [string, (text: string) => string][] = [
    ...['', ...workspaces.map((folder) => `${folder}/`)].map(
      (folder) => [`${folder}package.json`, inJson] as [string, typeof inJson],
    ),
    ['package-lock.json', (text) => stampedLock(text, ['', ...workspaces], version)],
    ...chartsOf(root).map((path) => [path, inYaml] as [string, typeof inYaml]),
    ['extension.yaml', (text) => withVersion(inYaml(text), version)],
    ...pagesBelow(root).map(
      ({ path }) => [path, (text: string) => withVersion(text, version)] as [string, typeof inYaml],
    ),
  ];
  return edits.filter(([path, edit]) => edited(join(root, path), edit)).map(([path]) => path);
}

function chartsOf(root: string): string[] {
  if (!existsSync(join(root, 'charts'))) return [];
  return readdirSync(join(root, 'charts')).map((name) => `charts/${name}/Chart.yaml`);
}

function stampedLock(text: string, packages: readonly string[], version: string): string {
  const lock = JSON.parse(text) as Lock;
  lock.version = version;
  for (const path of packages) {
    const entry = lock.packages[path];
    if (entry !== undefined) entry.version = version;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

function edited(file: string, edit: (text: string) => string): boolean {
  if (!existsSync(file)) return false;
  const before = readFileSync(file, 'utf8');
  const after = edit(before);
  if (after === before) return false;
  writeFileSync(file, after);
  return true;
}
