import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A version as some file states it. */
export interface StatedVersion {
  /** The file, and the field where it is not `version`. */
  readonly where: string;
  readonly version: unknown;
}

/** Every version that differs from the one of the root package.json, which is the only source. */
export function versionFindings(source: string, stated: readonly StatedVersion[]): string[] {
  return stated
    .filter(({ version }) => version !== source)
    .map(({ where, version }) => `${where}: ${String(version)}, but package.json says ${source}`);
}

/** Reads what the workspaces, the charts and the extension manifest (those that exist) say their version is. */
export function readVersions(root: string): { source: string; stated: StatedVersion[] } {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    workspaces?: string[];
  };
  const packages = (manifest.workspaces ?? []).map((folder) => `${folder}/package.json`);
  const charts = existsSync(join(root, 'charts'))
    ? readdirSync(join(root, 'charts')).map((name) => `charts/${name}/Chart.yaml`)
    : [];
  const files = [...packages, ...charts, 'extension.yaml'].filter((path) => existsSync(join(root, path)));
  return { source: manifest.version, stated: files.flatMap((path) => statedIn(root, path)) };
}

function statedIn(root: string, path: string): StatedVersion[] {
  // YAML is a superset of JSON.
  const document = parse(readFileSync(join(root, path), 'utf8')) as { version?: unknown; appVersion?: unknown };
  const stated: StatedVersion[] = [{ where: path, version: document.version }];
  if (document.appVersion !== undefined) stated.push({ where: `${path} (appVersion)`, version: document.appVersion });
  return stated;
}
