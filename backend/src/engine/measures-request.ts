import type { Clock } from '../platform/ports.ts';
import type { EngineMeasures } from './measures.ts';

export interface MeasuresRequestDeps {
  readonly clock: Clock;
  /** Has the engine answer, some time. */
  readonly ask: () => void;
}

/**
 * Asks the engine for what it measures and doesn't wait for ever. One question at a time is under way, whoever asks meanwhile waits for the
 * same answer: to an engine that hangs no more of them pile up.
 */
export class MeasuresRequest {
  readonly #deps: MeasuresRequestDeps;
  readonly #waiting = new Set<(measures: EngineMeasures | undefined) => void>();
  #isOpen = false;

  constructor(deps: MeasuresRequestDeps) {
    this.#deps = deps;
  }

  /** Undefined if no answer comes within the time, in milliseconds. */
  async measures(timeoutMs: number): Promise<EngineMeasures | undefined> {
    const answer = new Promise<EngineMeasures | undefined>((resolve) => {
      const settle = (measures: EngineMeasures | undefined): void => {
        timer.cancel();
        this.#waiting.delete(settle);
        resolve(measures);
      };
      const timer = this.#deps.clock.setTimer(timeoutMs, () => settle(undefined));
      this.#waiting.add(settle);
    });
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#deps.ask();
    }
    return await answer;
  }

  answered(measures: EngineMeasures): void {
    this.#isOpen = false;
    for (const settle of [...this.#waiting]) settle(measures);
  }

  /** Nobody will answer any more. */
  stop(): void {
    for (const settle of [...this.#waiting]) settle(undefined);
  }
}
