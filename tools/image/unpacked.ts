import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../lab/toolchain/run.ts';
import { emulatorIn } from './emulator.ts';
import { machineOf } from './machine.ts';

interface Manifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

interface Config {
  readonly architecture: string;
  readonly config: { readonly User: string; readonly Env: readonly string[]; readonly Entrypoint: readonly string[] };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** An image as a container engine unpacks it, for tests. */
export class UnpackedImage {
  readonly manifest: Manifest;
  readonly config: Config;
  readonly rootfs: string;
  readonly #folder: string;

  private constructor(folder: string, manifest: Manifest) {
    this.#folder = folder;
    this.manifest = manifest;
    this.rootfs = join(folder, 'rootfs');
    this.config = JSON.parse(readFileSync(this.archived(manifest.Config), 'utf8')) as Config;
  }

  static async of(tar: string): Promise<UnpackedImage> {
    const folder = mkdtempSync(join(tmpdir(), 'porterlb-image-'));
    await run('tar', ['-C', folder, '--one-top-level=archive', '-xf', tar]);
    const [manifest] = JSON.parse(readFileSync(join(folder, 'archive/manifest.json'), 'utf8')) as [Manifest];
    const image = new UnpackedImage(folder, manifest);
    for (const layer of manifest.Layers) {
      await run('tar', ['-C', folder, '--one-top-level=rootfs', '-xf', image.archived(layer)]);
    }
    return image;
  }

  /** A file of the archive. */
  archived(name: string): string {
    return join(this.#folder, 'archive', name);
  }

  /**
   * Runs the image's own node in the image's file system and environment, with its flags, and returns all that it wrote. Under an emulator, if the
   * image is for machines of another kind than this one.
   */
  async node(user: number, args: readonly string[], env: readonly string[] = []): Promise<string> {
    const [program = '', ...flags] = this.config.config.Entrypoint.slice(0, -1);
    const emulator = emulatorIn(this.rootfs, machineOf(this.config.architecture));
    const enter = ['chroot', `--userspec=${user}:${user}`, this.rootfs, ...emulator, program, ...flags, ...args];
    const path = `PATH=${process.env['PATH'] ?? ''}:/usr/sbin`;
    const said = join(this.#folder, 'said');
    // A file takes everything; of a pipe whose reader is busy, node's native traces lose what doesn't fit.
    const script = 'said="$1"; shift; "$@" > "$said" 2>&1 || { code=$?; cat "$said"; exit $code; }';
    const environment = [path, ...this.config.config.Env.slice(1), ...env];
    await run('env', ['-i', ...environment, 'sh', '-c', script, 'sh', said, ...enter]);
    for (const file of emulator) rmSync(join(this.rootfs, file));
    return readFileSync(said, 'utf8');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
