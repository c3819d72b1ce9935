import type { Clock } from '../../platform/ports.ts';
import { RateLimit } from '../rate-limit.ts';

/** Questions that are under way at once, and those that wait for their turn. */
const MAX_ACTIVE = 8;
const MAX_WAITING = 1_000;
/** Who waits longer for his turn is told to come again, in milliseconds: his request still gets an answer within its ten seconds. */
const MAX_WAIT_MS = 3_000;
/** Questions of all callers together, each of whom has a limit of his own. */
const RATE = { burst: 1_000, perSecond: 200 };

/** Why a question is not asked, with the seconds after which it may be. */
export class TooManyQuestions extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super('too many questions are under way');
    this.seconds = seconds;
  }
}

/** What all callers together may make us ask an API server, which has other things to do, and we of it. */
export class JudgeLimit {
  readonly #clock: Clock;
  readonly #rate: RateLimit;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
    this.#rate = new RateLimit(deps, RATE);
  }

  /** @throws {TooManyQuestions} if there are too many already, or whatever `ask` throws */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#waiting.size >= MAX_WAITING) throw new TooManyQuestions(1);
    const seconds = this.#rate.take('');
    if (seconds !== undefined) throw new TooManyQuestions(seconds);
    if (this.#active >= MAX_ACTIVE) await this.#turn();
    else this.#active += 1;
    try {
      return await ask();
    } finally {
      // Whoever is next takes this one's place.
      const [next] = this.#waiting;
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.setTimer(MAX_WAIT_MS, () => {
        this.#waiting.delete(go);
        reject(new TooManyQuestions(1));
      });
      const go = (): void => {
        timer.cancel();
        this.#waiting.delete(go);
        resolve();
      };
      this.#waiting.add(go);
    });
  }
}
