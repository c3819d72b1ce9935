import { statfsSync } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StateFile } from '../ports.ts';

export interface DiskStateFileOptions {
  /** Most bytes that are read, so that a foreign file can't fill the memory. */
  readonly maxBytes: number;
}

/** What Linux calls its file systems that are nothing but memory (linux/magic.h). */
const MEMORY: ReadonlySet<number> = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);

/** A file in a folder of this process' own. The volume is memory and dies with the Pod, so that nothing need be forced to a disk. */
export class DiskStateFile implements StateFile {
  readonly #path: string;
  readonly #options: DiskStateFileOptions;

  constructor(folder: string, options: DiskStateFileOptions) {
    this.#path = join(folder, 'inputs');
    this.#options = options;
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      const { size } = await stat(this.#path);
      if (size > this.#options.maxBytes) throw new Error(`${this.#path} has ${size} bytes, far too many`);
      return await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    const draft = `${this.#path}.new`;
    // Who else may read the volume need not read this.
    await writeFile(draft, bytes, { mode: 0o600 });
    await rename(draft, this.#path);
  }

  isInMemory(): boolean {
    try {
      return MEMORY.has(statfsSync(dirname(this.#path)).type);
    } catch {
      return false;
    }
  }
}
