import { createHash } from 'node:crypto';
import { createReadStream, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../../lab/toolchain/run.ts';

/** A layer: an uncompressed tar file and its SHA-256. */
export interface Layer {
  readonly tar: string;
  readonly sha256: string;
  /** What made it; goes into the image's history. */
  readonly about: string;
}

/** What a container of the image runs as, unless it is told otherwise (OCI image configuration). */
export interface ImageConfig {
  readonly architecture: 'amd64' | 'arm64';
  readonly user: string;
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

// Same files, same bytes: order, owners and times don't depend on when and by whom they were written.
const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

/** Packs everything below `folder` as a layer. */
export async function packLayer(folder: string, tar: string, about: string): Promise<Layer> {
  await run('tar', [...reproducible, '--mode=u+rwX,go+rX,go-w', '-C', folder, '-cf', tar, '.']);
  return { tar, sha256: await sha256Of(tar), about };
}

/**
 * Writes an image as one tar file in Docker's format, which `ctr images import`, `docker load`, `podman load` and
 * `skopeo copy docker-archive:` read. `folder` must be empty and on the file system of the layers.
 */
export async function writeArchive(
  image: { readonly name: string; readonly config: ImageConfig; readonly layers: readonly Layer[] },
  folder: string,
  tar: string,
): Promise<void> {
  const config = JSON.stringify(configDocument(image.config, image.layers));
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  const layers = image.layers.map(({ sha256 }) => `${sha256}.tar`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, configName), config);
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: configName, RepoTags: [image.name], Layers: layers }]),
  );
  for (const layer of image.layers) linkSync(layer.tar, join(folder, `${layer.sha256}.tar`));
  // manifest.json first: readers of a stream find it before the layers.
  const names = ['manifest.json', configName, ...layers];
  await run('tar', [...reproducible, '--mode=a=r,u+w', '--hard-dereference', '-C', folder, '-cf', tar, ...names]);
}

function configDocument(config: ImageConfig, layers: readonly Layer[]): unknown {
  const created = '1970-01-01T00:00:00Z';
  return {
    created,
    architecture: config.architecture,
    os: 'linux',
    config: {
      User: config.user,
      WorkingDir: config.workingDir,
      Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      Labels: config.labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
    history: layers.map(({ about }) => ({ created, created_by: about })),
  };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
