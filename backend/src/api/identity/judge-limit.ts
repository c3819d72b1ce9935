import type { Clock } from '../../platform/ports.ts';
import { RateLimit } from '../rate-limit.ts';
import { CallerQueue } from './caller-queue.ts';

/** What an answer of a judge is for: to let a caller in, or only for the names of others in what he is told. */
export type Purpose = 'admission' | 'names';

/** Who asks, as fairness counts callers (`shareOf`), and for what. */
export interface Asker {
  readonly caller: string;
  readonly purpose: Purpose;
}

/** Questions that are under way at once; of those for names there are fewer, so that nobody waits at the door for these. */
const MAX_ACTIVE: Readonly<Record<Purpose, number>> = { admission: 8, names: 6 };
/** Questions for each purpose that wait for their turn. */
const MAX_WAITING = 1_000;
/**
 * Who waits longer for his turn is told to come again, or does without names, in milliseconds: his request still gets an answer within its ten
 * seconds.
 */
const MAX_WAIT_MS: Readonly<Record<Purpose, number>> = { admission: 3_000, names: 1_000 };
/** Questions of all callers together, each of whom has a limit of his own. */
const RATE = { burst: 1_000, perSecond: 200 };
/** So many of a burst are for admission alone. */
const RESERVE: Readonly<Record<Purpose, number>> = { admission: 0, names: 200 };
/** From one look whether there is a token to the next, in milliseconds: one comes in such a time. */
const TOKEN_MS = 1_000 / RATE.perSecond;

/** Why a question is not asked, with the seconds after which it may be. */
export class TooManyQuestions extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super('too many questions are under way');
    this.seconds = seconds;
  }
}

interface Waiting {
  readonly go: () => void;
  readonly refuse: () => void;
}

/**
 * What all callers together may make us ask an API server, which has other things to do, and we of it. Where that is less than they want, the
 * callers take turns, so that one who asks little is asked for at once; and whether somebody is let in comes before names.
 */
export class JudgeLimit {
  readonly #clock: Clock;
  readonly #rate: RateLimit;
  readonly #queues = { admission: new CallerQueue<Waiting>(), names: new CallerQueue<Waiting>() };
  #active = 0;
  #isWaiting = false;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
    this.#rate = new RateLimit(deps, RATE);
  }

  /** @throws {TooManyQuestions} if the caller's turn does not come soon, or whatever `ask` throws */
  async ask<T>(asker: Asker, ask: () => Promise<T>): Promise<T> {
    await this.#turn(asker);
    try {
      return await ask();
    } finally {
      this.#active -= 1;
      this.#begin();
    }
  }

  async #turn({ caller, purpose }: Asker): Promise<void> {
    const queue = this.#queues[purpose];
    if (queue.size >= MAX_WAITING) {
      const other = queue.crowdOut(caller);
      if (other === undefined) throw new TooManyQuestions(1);
      other.refuse();
    }
    await new Promise<void>((resolve, reject) => {
      const refuse = (): void => {
        timer.cancel();
        reject(new TooManyQuestions(1));
      };
      const go = (): void => {
        timer.cancel();
        resolve();
      };
      const waiting = { go, refuse };
      const timer = this.#clock.setTimer(MAX_WAIT_MS[purpose], () => {
        queue.delete(caller, waiting);
        refuse();
      });
      queue.add(caller, waiting);
      this.#begin();
    });
  }

  /** Lets go whoever may. */
  #begin(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#active += 1;
      next.go();
    }
  }

  #next(): Waiting | undefined {
    const purpose = this.#queues.admission.size > 0 ? 'admission' : 'names';
    const queue = this.#queues[purpose];
    if (queue.size === 0 || this.#active >= MAX_ACTIVE[purpose]) return undefined;
    if (this.#rate.take('', RESERVE[purpose]) === undefined) return queue.next();
    this.#lookAgain();
    return undefined;
  }

  #lookAgain(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#clock.setTimer(TOKEN_MS, () => {
      this.#isWaiting = false;
      this.#begin();
    });
  }
}
