import { join } from 'node:path';
import { cached, keyOf } from '../toolchain/cache.ts';
import { goBuild } from '../toolchain/go-build.ts';
import type { Progress } from '../toolchain/index.ts';
import { writeOciArchive } from './oci-archive.ts';

/**
 * The lab's own images, in every node of a lab. `whoami` answers HTTP on port 8080 with JSON:
 * `{"pod","namespace","node","client","host","path"}`. Pods that use them say `imagePullPolicy: Never`.
 */
export const images = { pause: 'porterlb.lab/pause:1', whoami: 'porterlb.lab/whoami:1' } as const;

/** What `whoami` answers. `pod`, `namespace` and `node` as far as the Pod's environment tells them. */
export interface WhoamiAnswer {
  readonly pod: string;
  readonly namespace: string;
  readonly node: string;
  /** The address that the Pod saw the request come from. */
  readonly client: string;
  readonly host: string;
  readonly path: string;
}

const module = join(import.meta.dirname, 'programs');

/** Paths of the archives with the lab's own images, built once and kept in the cache. */
export async function ensureImages(progress: Progress): Promise<string[]> {
  const archives: string[] = [];
  for (const [name, image] of Object.entries(images)) archives.push(await ensureImage(name, image, progress));
  return archives;
}

/** Path of the program `whoami`, for machines that run no containers. */
export async function ensureWhoami(progress: Progress): Promise<string> {
  return ensureProgram('whoami', progress);
}

async function ensureImage(name: string, image: string, progress: Progress): Promise<string> {
  const program = await ensureProgram(name, progress);
  const key = await keyOf([image], [program, join(import.meta.dirname, 'oci-archive.ts')]);
  const announcement = `packing the image ${image}`;
  const folder = await cached({ name: `image-${name}`, key, announcement }, progress, (output) =>
    writeOciArchive(
      { name: image, entrypoint: [`/${name}`], files: { [`/${name}`]: program } },
      join(output, 'image.tar'),
    ),
  );
  return join(folder, 'image.tar');
}

async function ensureProgram(name: string, progress: Progress): Promise<string> {
  const build = { name, module, sources: [`${name}/main.go`], target: `./${name}`, stamps: {}, duration: 'seconds' };
  return goBuild(build, progress);
}
