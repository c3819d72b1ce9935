import { tooMany } from './errors.ts';

export interface QueueOptions {
  /** The most that wait, beside the one that is under way. */
  readonly maxWaiting: number;
  readonly maxPerCaller: number;
}

interface Turn {
  readonly caller: string;
  readonly begin: () => void;
}

/** Work that is done one after the other, and not at all where nobody waits for it any more. */
export class Queue {
  readonly #options: QueueOptions;
  readonly #waiting: Turn[] = [];
  #current: Turn | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** @throws {Problem} if too many wait already, or whatever `work` throws */
  async run<T>(caller: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const own = [this.#current, ...this.#waiting].filter((turn) => turn?.caller === caller).length;
    const { maxWaiting, maxPerCaller } = this.#options;
    if (this.#waiting.length >= maxWaiting || own >= maxPerCaller) {
      throw tooMany(2);
    }
    const turn = await this.#turn(caller, signal);
    try {
      return await work();
    } finally {
      if (this.#current === turn) this.#next();
    }
  }

  /** Waits for a turn; who goes before it has come leaves the row. */
  async #turn(caller: string, signal: AbortSignal): Promise<Turn> {
    return await new Promise((resolve) => {
      const turn: Turn = {
        caller,
        begin: () => {
          signal.removeEventListener('abort', leave);
          resolve(turn);
        },
      };
      const leave = (): void => {
        const at = this.#waiting.indexOf(turn);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(turn);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(turn);
      if (this.#current === undefined) this.#next();
    });
  }

  #next(): void {
    this.#current = this.#waiting.shift();
    this.#current?.begin();
  }
}
