import type { Clock } from '../../platform/ports.ts';
import { RateLimit } from '../rate-limit.ts';

/** Questions that are under way at once, and those that wait for their turn. */
const MAX_ACTIVE = 8;
const MAX_WAITING = 1_000;
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
  readonly #rate: RateLimit;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(deps: { readonly clock: Clock }) {
    this.#rate = new RateLimit(deps, RATE);
  }

  /** @throws {TooManyQuestions} if there are too many already, or whatever `ask` throws */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) throw new TooManyQuestions(1);
    const seconds = this.#rate.take('');
    if (seconds !== undefined) throw new TooManyQuestions(seconds);
    if (this.#active >= MAX_ACTIVE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#active += 1;
    try {
      return await ask();
    } finally {
      // Whoever is next takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }
}
