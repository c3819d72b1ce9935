import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../toolchain/run.ts';

export interface ImageSpec {
  /** With a tag, as Pods name it: `porterlb.lab/whoami:1`. */
  readonly name: string;
  /** Program and arguments, by their paths in the image. */
  readonly entrypoint: readonly string[];
  /** Path in the image -> file on this machine. */
  readonly files: Readonly<Record<string, string>>;
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Writes an image of one layer as a tar archive with an OCI image layout (image-spec 1.0, image-layout.md), as
 * `ctr images import` takes it. The same files give the same archive.
 */
export async function writeOciArchive(spec: ImageSpec, archive: string): Promise<void> {
  const folder = await mkdtemp(`${archive}.`);
  try {
    const layout = join(folder, 'layout');
    await mkdir(join(layout, 'blobs', 'sha256'), { recursive: true });
    const layer = await addLayer(spec, folder, layout);
    await addIndex(spec, layout, layer);
    await tar(layout, join(folder, 'image.tar'));
    await rename(join(folder, 'image.tar'), archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

async function addLayer(spec: ImageSpec, folder: string, layout: string): Promise<Descriptor> {
  const root = join(folder, 'root');
  await mkdir(join(root, 'tmp'), { recursive: true, mode: 0o1777 });
  for (const [path, source] of Object.entries(spec.files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(source, join(root, path));
  }
  const layer = join(folder, 'layer.tar');
  await tar(root, layer);
  const digest = createHash('sha256')
    .update(await readFile(layer))
    .digest('hex');
  const { size } = await stat(layer);
  await rename(layer, join(layout, 'blobs', 'sha256', digest));
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${digest}`, size };
}

async function addIndex(spec: ImageSpec, layout: string, layer: Descriptor): Promise<void> {
  const config = await addBlob(layout, 'application/vnd.oci.image.config.v1+json', {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: spec.entrypoint, Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await addBlob(layout, mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  const annotations = {
    'io.containerd.image.name': spec.name,
    'org.opencontainers.image.ref.name': spec.name.slice(spec.name.lastIndexOf(':') + 1),
  };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function addBlob(layout: string, mediaType: string, content: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(layout, 'blobs', 'sha256', digest), bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

async function tar(folder: string, archive: string): Promise<void> {
  const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await run('tar', ['--create', ...reproducible, '--file', archive, '--directory', folder, '.']);
}
