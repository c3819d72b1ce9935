import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHelm, progressToStderr } from '../../lab/toolchain/index.ts';
import { run } from '../../lab/toolchain/run.ts';
import type { Outcome, Step } from '../check/steps.ts';
import { buildSite } from '../docs/site/build.ts';
import { REPOSITORY } from '../docs/site/repository.ts';
import { buildManagerImage, imagePackages } from '../image/build.ts';
import { productionClosure, type Lock } from '../image/closure.ts';
import { SBOM } from '../image/stage.ts';
import { findingsOf, subjectOf } from '../package/lint.ts';
import { stageExtension } from '../package/stage.ts';
import { changelogFindings } from './changelog.ts';
import { billFindings, contentFindings } from './image-contents.ts';
import { licenceFindings, undocumented } from './licences.ts';
import { versionDisagreements } from './versions.ts';

interface Manifest {
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What has to hold before a version is published, beside what `npm run check` and `npm test` look at. */
export function releaseSteps(root: string): Step[] {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const lock = JSON.parse(read('package-lock.json')) as Lock;
  return [
    { name: 'versions', about: 'package.json’s version is everywhere', run: () => listed(versionDisagreements(root)) },
    {
      name: 'changelog',
      about: 'its newest section is this version, in every language',
      run: () =>
        listed(
          ['extension/CHANGELOG.md', 'extension/CHANGELOG_zh.md'].flatMap((path) =>
            changelogFindings(path, read(path), manifest.version),
          ),
        ),
    },
    {
      name: 'licences',
      about: 'of everything that is used, and stricter of what ships',
      run: () => listed([...licenceFindings(lock, shippedPaths(lock)), ...undocumentedOf(root, manifest, lock)]),
    },
    {
      name: 'image',
      about: 'has what it needs and nothing else, and its SBOM says so',
      run: () => imageOutcome(manifest.version, lock),
    },
    {
      name: 'package',
      about: 'the marketplace, ks-core and sites without internet can use it (npm run package:lint)',
      run: async () => listed(findingsOf(await subjectOf(stageExtension(root), await ensureHelm(progressToStderr)))),
    },
    {
      name: 'docs',
      about: 'the site builds, without a dead link',
      run: () => listed(buildSite(root, REPOSITORY).findings),
    },
  ];
}

function listed(findings: readonly string[]): Promise<Outcome> {
  return Promise.resolve({ ok: findings.length === 0, output: findings.map((finding) => `${finding}\n`).join('') });
}

/** Of all machines that an image is made for; and what the kubectl plugin has in its file. */
function shippedPaths(lock: Lock): Set<string> {
  const images = ['x64', 'arm64'].flatMap((cpu) => imagePackages(lock, cpu));
  const plugin = productionClosure(lock, 'cli', { os: 'linux', cpu: 'x64', libc: 'glibc' });
  return new Set([...images, ...plugin].map(({ path }) => path));
}

function undocumentedOf(root: string, manifest: Manifest, lock: Lock): string[] {
  const read = (path: string): Manifest => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
  const manifests = [manifest, ...(manifest.workspaces ?? []).map((folder) => read(`${folder}/package.json`))];
  const names = manifests.flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }),
  );
  const licenceOf = (name: string): string =>
    (lock.packages[`node_modules/${name}`] as { readonly license?: string } | undefined)?.license ?? '';
  const direct = [...new Set(names)].sort().map((name) => ({ name, license: licenceOf(name) }));
  return undocumented(readFileSync(join(root, 'docs/dependencies.md'), 'utf8'), direct);
}

async function imageOutcome(version: string, lock: Lock): Promise<Outcome> {
  const { tar } = await buildManagerImage(progressToStderr);
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-release-'));
  try {
    await run('tar', ['-C', folder, '-xf', tar]);
    const [{ Layers: layers }] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as [
      { Layers: string[] },
    ];
    const paths: string[] = [];
    let bill: string | undefined;
    for (const layer of layers) {
      const own = (await run('tar', ['-tf', join(folder, layer)])).split('\n').map((path) => path.replace(/^\.\//, ''));
      if (own.includes(SBOM)) bill = await run('tar', ['-xOf', join(folder, layer), `./${SBOM}`]);
      paths.push(...own.filter((path) => path !== '' && !path.endsWith('/')));
    }
    const packages = imagePackages(lock, process.arch);
    return await listed([
      ...contentFindings(paths, packages),
      ...(bill === undefined ? [] : billFindings(bill, version, packages).map((finding) => `${SBOM}: ${finding}`)),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
