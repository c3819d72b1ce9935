import type { ClosurePackage } from '../image/closure.ts';
import { SBOM } from '../image/stage.ts';
import { isAllowed, SHIPPED, SYSTEM_LIBRARIES } from './licences.ts';

/** What makes the image more than it should be: shells, tests, tools, what belongs to a checkout. */
const NEVER: readonly RegExp[] = [
  /(^|\/)(sh|bash|dash|busybox|npm|npx|apt|apk|dpkg)$/,
  /\.(test|bench)\.ts$|(^|\/)(testdata|testing|fake)\//,
  /(^|\/)\.(git|npmrc|env)(\/|$)|\.(pem|key|kubeconfig)$/,
  /^app\/(lab|tools|cli|frontend|docs)\//,
];
const ALWAYS: readonly string[] = ['usr/local/bin/node', 'app/backend/src/main.ts', 'licenses/porterlb/LICENSE', SBOM];

/** What is wrong with the files of the image: paths without a slash in front; `packages` are those of npm that belong there. */
export function contentFindings(paths: readonly string[], packages: readonly ClosurePackage[]): string[] {
  const there = new Set(paths);
  const missing = ALWAYS.filter((path) => !there.has(path)).map((path) => `${path} is missing`);
  const strange = paths
    .filter((path) => NEVER.some((pattern) => pattern.test(path)))
    .map((path) => `${path} should not be there`);
  const shipped = new Set(packages.map(({ path }) => `app/${path}`));
  const inImage = paths.map((path) => /^(app\/.*node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1]);
  const unlisted = inImage
    .filter((path) => path !== undefined)
    .filter((path) => !shipped.has(path))
    .map((path) => `${path} is no package that is needed`);
  const absent = [...shipped].filter((path) => !there.has(`${path}/package.json`)).map((path) => `${path} is missing`);
  return [...missing, ...strange, ...unlisted, ...absent];
}

interface Bill {
  readonly metadata: { readonly component: { readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses?: readonly { readonly expression: string }[];
    readonly hashes?: readonly unknown[];
  }[];
}

/** What is wrong with the bill of materials in the image: who reads it must find every package, with licence and checksum. */
export function billFindings(text: string, version: string, packages: readonly ClosurePackage[]): string[] {
  const { metadata, components } = JSON.parse(text) as Bill;
  const own = metadata.component.version === version ? [] : [`it is of version ${metadata.component.version}`];
  const named = new Set(components.map((component) => `${component.name}@${component.version}`));
  const missing = packages
    .map(({ path, version: wanted }) => `${path.replace(/^.*node_modules\//, '')}@${wanted}`)
    .filter((name) => !named.has(name))
    .map((name) => `${name} is missing`);
  return [...own, ...missing, ...components.flatMap(componentFindings)];
}

function componentFindings({ name, purl, licenses, hashes }: Bill['components'][number]): string[] {
  if (purl.startsWith('pkg:deb/')) {
    return SYSTEM_LIBRARIES.includes(name) ? [] : [`${name} is a system library that nobody has decided to ship`];
  }
  const expressions = (licenses ?? []).map(({ expression }) => expression);
  const allowed = expressions.length > 0 && expressions.every((expression) => isAllowed(expression, SHIPPED));
  const licence = allowed ? [] : [`${name}: ${expressions.join(', ') || 'no licence'} may not be shipped`];
  const checksum = !purl.startsWith('pkg:npm/') || (hashes ?? []).length > 0 ? [] : [`${name} has no checksum`];
  return [...licence, ...checksum];
}
