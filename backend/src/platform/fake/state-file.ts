import type { StateFile } from '../ports.ts';

/** A file that outlives the process under test: give it to the next one. */
export class FakeStateFile implements StateFile {
  bytes: Uint8Array | undefined;
  /** How often it was written. */
  writes = 0;
  /** While set, reading and writing fail with it. */
  failure: Error | undefined;
  inMemory = true;

  async read(): Promise<Uint8Array | undefined> {
    await this.#access();
    return this.bytes?.slice();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#access();
    this.bytes = bytes.slice();
    this.writes += 1;
  }

  isInMemory(): boolean {
    return this.inMemory;
  }

  async #access(): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
  }
}
