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
  files.set('Chart.yaml', Buffer.from(stringify(chartOf(metadata), { lineWidth: 0 })));
  return { name: metadata.name, version: metadata.version, files };
}

/** The backend alone, as a chart of its own for Kubernetes without KubeSphere. */
export function stagePlainChart(root: string): StagedChart {
  const files = new Map(folder(root, 'charts/backend'));
  const chart = parseDocument(readFileSync(join(root, 'charts/backend/Chart.yaml'), 'utf8'));
  chart.set('name', 'porterlb');
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
