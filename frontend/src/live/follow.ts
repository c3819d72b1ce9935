import { asFailure } from '../api/failure.ts';
import type { Clock } from './clock.ts';
import type { LiveEvent } from './live-state.ts';

/** From one question to the next, where changes are not told. */
export const POLL_MS = 10_000;
/** A stream that has said nothing for so long is held back or cut off by something in between: the API gives a sign of life every 15 s. */
const SILENCE_MS = 40_000;
/** The first word comes with the first answer. */
const FIRST_WORD_MS = 5_000;
/** The API ends a stream every two minutes. Something in between may do so all the time. */
const AGAIN_MS = 1_000;
/** How many questions are asked until a stream is tried once more. */
const POLLS_PER_STREAM = 6;

export interface Source<T> {
  readonly ask: () => Promise<T>;
  /** Undefined: the API does not tell of changes. */
  readonly listen?:
    | ((
        told: { readonly onAnswer: (answer: T) => void; readonly onAlive: () => void },
        signal: AbortSignal,
      ) => Promise<void>)
    | undefined;
}

/** Follows an answer: by the API's stream where there is one and it comes through, else by asking again and again. */
export class Follower<T> {
  readonly #source: Source<T>;
  readonly #clock: Clock;
  readonly #onEvent: (event: LiveEvent<T>) => void;
  #stopped = false;
  #abort = new AbortController();
  #wake: () => void = () => undefined;
  #asksInARow = 0;

  constructor(source: Source<T>, clock: Clock, onEvent: (event: LiveEvent<T>) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  start(): this {
    void this.#run();
    return this;
  }

  stop(): void {
    this.#stopped = true;
    this.#abort.abort();
    this.#wake();
  }

  /** Something was changed from here: don't wait for it to be told. */
  refresh(): void {
    void this.#ask();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#asksInARow % POLLS_PER_STREAM === 0 && (await this.#listened())) {
        this.#asksInARow = 0;
        await this.#sleep(AGAIN_MS);
        continue;
      }
      if (this.#stopped) return;
      await this.#ask();
      this.#asksInARow += 1;
      await this.#sleep(POLL_MS);
    }
  }

  /** Whether a stream stood and said something; it may have ended since. */
  async #listened(): Promise<boolean> {
    const { listen } = this.#source;
    if (listen === undefined) return false;
    this.#abort = new AbortController();
    const abort = this.#abort;
    let hasAnswered = false;
    const giveUp = (): void => abort.abort();
    let cancel = this.#clock.setTimer(FIRST_WORD_MS, giveUp);
    const onAlive = (): void => {
      cancel();
      cancel = this.#clock.setTimer(SILENCE_MS, giveUp);
    };
    const onAnswer = (answer: T): void => {
      hasAnswered = true;
      this.#tell({ kind: 'answered', answer, at: this.#clock.now(), by: 'live' });
    };
    // Why it failed is told by the question that follows.
    const failed = await listen({ onAnswer, onAlive }, abort.signal).then(
      () => false,
      () => true,
    );
    cancel();
    return hasAnswered && !failed;
  }

  async #ask(): Promise<void> {
    try {
      const answer = await this.#source.ask();
      this.#tell({ kind: 'answered', answer, at: this.#clock.now(), by: 'polling' });
    } catch (error) {
      this.#tell({ kind: 'failed', failure: asFailure(error) });
    }
  }

  #tell(event: LiveEvent<T>): void {
    if (!this.#stopped) this.#onEvent(event);
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.setTimer(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
