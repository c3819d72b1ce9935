import { gzipSync } from 'node:zlib';
import type { Rendered } from './lint/subject.ts';
import type { Files } from './tarball.ts';

/** ks-core keeps a package in a ConfigMap, which has room for 1 MiB with everything around it. */
export const MAX_PACKED_BYTES = 900_000;

/** Helm keeps each release in a Secret, which has room for 1 MiB; a fifth of it is for what users write into values. */
export const MAX_RELEASE_BYTES = 0.8 * 1_048_576;

/**
 * About what a release takes of its Secret: the package without its subcharts, but with its pictures, and what was rendered, as JSON, packed, and
 * written in base64 (helm.sh/helm/v3, pkg/storage/driver).
 */
export function releaseBytes(files: Files, objects: readonly Rendered[]): number {
  const kept = [...files].filter(([path]) => !path.startsWith('charts/'));
  const contents = kept.map(([name, content]) => ({ name, data: content.toString('base64') }));
  const manifest = objects.filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const packed = gzipSync(JSON.stringify({ contents, manifest }), { level: 9 });
  return Math.ceil((packed.length * 4) / 3);
}
