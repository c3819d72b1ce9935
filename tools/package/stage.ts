import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseDocument, stringify } from 'yaml';
import { bundleConsole } from '../console/bundle.ts';
import { filesBelow } from '../image/contents.ts';
import type { ExtensionMetadata } from './metadata.ts';
import type { Files } from './tarball.ts';

/** A chart as it is packed: `name-version.tgz` with everything below a folder `name`. */
export interface StagedChart {
  readonly name: string;
  readonly version: string;
  readonly files: Files;
}

/** Where the frontend's chart has the console's pages. Made anew for each package, and not kept in the repository. */
export const CONSOLE_BUNDLE = 'charts/frontend/files/index.js';
/** What editors and the like leave behind, and what Helm itself would not read. */
const notPacked = /(^|\/)(\.DS_Store|\.helmignore)$|\.(orig|swp|tmp)$|~$/;

/** The extension: what the marketplace shows and ks-core installs. */
export function stageExtension(root: string): StagedChart {
  const files = new Map<string, Buffer>();
  for (const [path, content] of folder(root, 'extension')) files.set(path, content);
  for (const [path, content] of folder(root, 'charts')) files.set(`charts/${path}`, content);
  files.set(CONSOLE_BUNDLE, bundleConsole(root));
  files.set('LICENSE', readFileSync(join(root, 'LICENSE')));
  const manifest = stagedManifest(readFileSync(join(root, 'extension.yaml'), 'utf8'));
  files.set('extension.yaml', Buffer.from(manifest));
  const metadata = parse(manifest) as ExtensionMetadata;
  const chart = { ...chartOf(metadata), ...faceOf(metadata, files) };
  files.set('Chart.yaml', Buffer.from(stringify(chart, { lineWidth: 0 })));
  return { name: metadata.name, version: metadata.version, files };
}

/** The backend alone, as a chart of its own for Kubernetes without KubeSphere. */
export function stagePlainChart(root: string): StagedChart {
  const files = new Map(folder(root, 'charts/backend'));
  const chart = parseDocument(readFileSync(join(root, 'charts/backend/Chart.yaml'), 'utf8'));
  chart.set('name', 'porterlb');
  const metadata = parse(readFileSync(join(root, 'extension.yaml'), 'utf8')) as ExtensionMetadata;
  const picture = new Map([[metadata.icon, readFileSync(join(root, metadata.icon))]]);
  for (const [field, value] of Object.entries(faceOf(metadata, picture))) chart.set(field, value);
  files.set('Chart.yaml', Buffer.from(chart.toString({ lineWidth: 0 })));
  files.set('LICENSE', readFileSync(join(root, 'LICENSE')));
  return { name: 'porterlb', version: String(chart.get('version')), files };
}

function folder(root: string, path: string): [string, Buffer][] {
  return filesBelow(join(root, path))
    .filter((file) => !notPacked.test(file))
    .map((file) => [file, readFileSync(join(root, path, file))]);
}

/** In the repository the parts lie in `extension/`, in the package beside the manifest. */
function stagedManifest(text: string): string {
  const document = parseDocument(text);
  const moved = (path: unknown): unknown => (typeof path === 'string' ? path.replace(/^extension\//, '') : path);
  document.set('icon', moved(document.get('icon')));
  const { screenshots } = document.toJS() as { screenshots?: unknown[] };
  if (screenshots !== undefined) document.set('screenshots', screenshots.map(moved));
  return document.toString({ lineWidth: 0 });
}

/** What Helm reads of the package. */
function chartOf(metadata: ExtensionMetadata): object {
  const { name, version, description, keywords, home, sources, kubeVersion, dependencies } = metadata;
  return {
    apiVersion: 'v2',
    name,
    version,
    appVersion: version,
    description: description['en'],
    type: 'application',
    ...(keywords === undefined ? {} : { keywords }),
    ...(home === undefined ? {} : { home }),
    ...(sources === undefined ? {} : { sources }),
    ...(kubeVersion === undefined ? {} : { kubeVersion }),
    dependencies: (dependencies ?? []).map((dependency) => ({ ...dependency, version: dependency.version ?? version })),
  };
}

/** Whose it is and what it looks like, for those who show charts. */
function faceOf(metadata: ExtensionMetadata, files: Files): object {
  const { maintainers = [metadata.provider['en']] } = metadata;
  return { icon: iconOf(metadata, files), maintainers };
}

/** Whoever shows the icon has no other way to it: the file becomes part of the text. */
export function iconOf({ icon }: ExtensionMetadata, files: Files): string {
  if (/^(https?:|data:)/.test(icon)) return icon;
  const content = files.get(icon);
  if (content === undefined) throw new Error(`the package has no icon ${icon}`);
  const type = icon.endsWith('.svg') ? 'image/svg+xml' : 'image/png';
  return `data:${type};base64,${content.toString('base64')}`;
}
