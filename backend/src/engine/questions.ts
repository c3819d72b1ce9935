import type { Clock } from '../platform/ports.ts';

/** Questions to the engine that are not answered yet. One that hangs leaves none of them behind. */
export class Questions<Told> {
  readonly #clock: Clock;
  readonly #open = new Map<number, (told: Told | undefined) => void>();
  #last = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /**
   * @param ask sends the question under this ID
   * @throws {Error} if there is no answer within `patienceMs` milliseconds, or the engine has none
   */
  async ask(patienceMs: number, ask: (id: number) => void): Promise<Told> {
    const id = (this.#last += 1);
    return await new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(patienceMs, () => {
        this.#open.delete(id);
        reject(new Error(`the engine has not answered within ${patienceMs} ms`));
      });
      this.#open.set(id, (told) => {
        timer.cancel();
        this.#open.delete(id);
        if (told === undefined) reject(new Error('the engine can not answer, its log says why'));
        else resolve(told);
      });
      ask(id);
    });
  }

  /** Undefined: the engine failed to find an answer. */
  answered(id: number, told: Told | undefined): void {
    this.#open.get(id)?.(told);
  }
}
