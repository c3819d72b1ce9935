import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readVersions, versionFindings } from '../check/versions.ts';
import { pagesBelow } from '../docs/pages.ts';
import { mentionsIn } from './mentions.ts';

interface Lock {
  readonly version?: string;
  readonly packages: Readonly<Record<string, { readonly version?: string } | undefined>>;
}

/** Everything in the repository at `root` that states another version than package.json. */
export function versionDisagreements(root: string): string[] {
  const { source, stated } = readVersions(root);
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { workspaces = [] } = JSON.parse(read('package.json')) as { workspaces?: string[] };
  const lock = JSON.parse(read('package-lock.json')) as Lock;
  const locked = ['', ...workspaces].map((path) => ({
    where: `package-lock.json (${path})`,
    version: lock.packages[path]?.version,
  }));
  const { images = [] } = parse(read('extension.yaml')) as { images?: string[] };
  const imaged = images.map((image) => ({ where: `extension.yaml (${image})`, version: image.split(':').at(-1) }));
  const api = JSON.parse(read('backend/openapi.json')) as { info: { version: string } };
  const all = [
    ...[...stated, { where: 'package-lock.json', version: lock.version }, ...locked, ...imaged],
    { where: 'backend/openapi.json', version: api.info.version },
  ];
  const pages = pagesBelow(root).flatMap(({ path, text }) =>
    mentionsIn(text).map(({ line, version }) => ({ where: `${path}:${line}`, version })),
  );
  return versionFindings(source, [...all, ...pages]);
}
