import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Among them variants of Swagger UI for other ways of loading it: 3 MB. */
const neverLoaded =
  /^swagger-ui(-es-bundle(-core)?)?\.js$|\.(d\.[cm]?ts|[cm]?ts|tsx|map|md|markdown|flow|bare|gyp|gypi|[chS]|cc|hh|cpp|inc|asm|def)$|(^|\/)CMakeLists\.txt$/;
/** Native modules for a C library that the image does not have: `musl_x64/koffi.node`. */
const otherLibrary = /(^|\/)musl[_-][^/]*\//;
const rootFoldersNeverLoaded = new Set([
  'test',
  'tests',
  '__tests__',
  'doc',
  'docs',
  'example',
  'examples',
  'benchmarks',
]);
const licence = /^(licen[cs]e|copying|notice|copyright)/i;

/** Whether a published package's file is needed to run the package. `path` is relative to the package. */
export function isNeededAtRunTime(path: string): boolean {
  const [first = '', ...rest] = path.split('/');
  const name = rest.at(-1) ?? first;
  if (name.startsWith('.') || first.startsWith('.') || first === 'node_modules') return false;
  if (rest.length > 0 && rootFoldersNeverLoaded.has(first)) return false;
  return !neverLoaded.test(name) && !otherLibrary.test(path) && !isLicence(path);
}

/** Whether a published package's file states its licence; such files are gathered in /licenses. */
export function isLicence(path: string): boolean {
  return !path.includes('/') && licence.test(path);
}

/** Whether a file below backend/src is part of the product: tests, fakes and test data are not. */
export function isProductSource(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  if (folders.some((folder) => ['fake', 'testing', 'testdata', 'golden', 'fixtures'].includes(folder))) return false;
  return /\.(ts|json)$/.test(path) && !/(\.test|(^|\/|-)compliance)\.ts$/.test(path);
}

/** All files below `folder`, relative to it, with forward slashes, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
