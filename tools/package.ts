// npm run package: the extension's package and the plain chart, in build/package; `--publish-manifest` writes the objects too that put the
// package into the marketplace of a KubeSphere cluster.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { publishManifest } from './package/publish-manifest.ts';
import { MAX_PACKED_BYTES } from './package/size.ts';
import { stageExtension, stagePlainChart, type StagedChart } from './package/stage.ts';
import { tarball } from './package/tarball.ts';

const root = dirname(import.meta.dirname);
const output = join(root, 'build/package');

function write(path: string, content: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  console.log(`${relative(root, path)} (${(Buffer.byteLength(content) / 1000).toFixed(1)} kB)`);
}

function pack(folder: string, { name, version, files }: StagedChart): Buffer {
  const packed = tarball(name, files);
  write(join(output, folder, `${name}-${version}.tgz`), packed);
  return packed;
}

/**
 * When what is packed was made, so that the same sources give the same bytes: `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the time of the
 * commit; undefined where there is neither.
 */
function created(): string | undefined {
  const { SOURCE_DATE_EPOCH = '' } = process.env;
  const git = spawnSync('git', ['-C', root, 'log', '-1', '--format=%ct'], { encoding: 'utf8' });
  const seconds = SOURCE_DATE_EPOCH || (git.status === 0 ? git.stdout.trim() : '');
  return /^\d+$/.test(seconds) ? new Date(Number(seconds) * 1_000).toISOString().replace('.000', '') : undefined;
}

const { values } = parseArgs({ options: { 'publish-manifest': { type: 'boolean' } } });
rmSync(output, { recursive: true, force: true });
const extension = stageExtension(root);
const packed = pack('extension', extension);
pack('chart', stagePlainChart(root));
if (values['publish-manifest'] === true)
  write(join(output, 'publish.yaml'), publishManifest(extension, packed, created()));
if (packed.length >= MAX_PACKED_BYTES) {
  console.error(`package: ${packed.length} bytes; a ConfigMap has room for less than ${MAX_PACKED_BYTES}`);
  process.exitCode = 1;
}
