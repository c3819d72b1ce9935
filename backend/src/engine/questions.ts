import type { Clock } from '../platform/ports.ts';
import type { EngineFacts } from './facts.ts';

/** Questions to the engine that are not answered yet. One that hangs leaves none of them behind. */
export class Questions {
  readonly #clock: Clock;
  readonly #open = new Map<number, (facts: EngineFacts | undefined) => void>();
  #last = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /**
   * @param ask sends the question under this ID
   * @throws {Error} if there is no answer within `patienceMs` milliseconds, or the engine has none
   */
  async ask(patienceMs: number, ask: (id: number) => void): Promise<EngineFacts> {
    const id = (this.#last += 1);
    return await new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(patienceMs, () => {
        this.#open.delete(id);
        reject(new Error(`the engine has not answered within ${patienceMs} ms`));
      });
      this.#open.set(id, (facts) => {
        timer.cancel();
        this.#open.delete(id);
        if (facts === undefined) reject(new Error('the engine can not answer, its log says why'));
        else resolve(facts);
      });
      ask(id);
    });
  }

  /** Undefined: the engine failed to find an answer. */
  answered(id: number, facts: EngineFacts | undefined): void {
    this.#open.get(id)?.(facts);
  }
}
