import { join } from 'node:path';
import type { AskCommand, Asked } from './asker-process.ts';
import type { FloodCommand, Flooded } from './flood-process.ts';
import { LineProcess } from './line-process.ts';
import type { LineProcessPlace } from './line-process.ts';

/** A process on a host that asks for addresses and takes the time of the answers. */
export class Asker {
  readonly #process: LineProcess<AskCommand, Asked>;

  constructor(host: LineProcessPlace) {
    this.#process = new LineProcess(host, join(import.meta.dirname, 'asker-process.ts'));
  }

  async ask(command: AskCommand): Promise<Asked> {
    return this.#process.tell(command);
  }

  close(): void {
    this.#process.close();
  }
}

/** A process on a host that sends ARP requests faster than anybody wants them. */
export class Flood {
  readonly #process: LineProcess<FloodCommand, Flooded>;

  constructor(host: LineProcessPlace) {
    this.#process = new LineProcess(host, join(import.meta.dirname, 'flood-process.ts'));
  }

  /** Returns when it is over. */
  async run(command: FloodCommand): Promise<Flooded> {
    return this.#process.tell(command);
  }

  close(): void {
    this.#process.close();
  }
}
