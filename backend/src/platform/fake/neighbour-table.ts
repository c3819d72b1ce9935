import type { NeighbourTable, NeighbourWord } from '../ports.ts';

/** A kernel's neighbour tables, as a test sets them; nobody is in them at first. */
export class FakeNeighbourTable implements NeighbourTable {
  readonly #words = new Map<string, NeighbourWord | Promise<NeighbourWord>>();

  set(address: string, word: NeighbourWord | Promise<NeighbourWord>): void {
    this.#words.set(address, word);
  }

  async find(address: string): Promise<NeighbourWord | undefined> {
    return await this.#words.get(address);
  }
}
