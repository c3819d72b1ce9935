import type { Clock, Timer } from '../platform/ports.ts';

/** How often the engine says that it turns, and how often the main thread counts, in milliseconds. */
export const BEAT_MS = 1_000;

export interface HeartbeatDeps {
  readonly clock: Clock;
}

export interface HeartbeatOptions {
  /** Beats in a row that may fail to come. */
  readonly misses: number;
}

/**
 * Judges whether another thread still turns, by its signs of life. Time is measured in ticks of this thread's own timer, not by a clock:
 * when the whole process was suspended (SIGSTOP, a frozen cgroup, a laptop asleep) or this thread was busy, a clock shows a long
 * silence for which the other thread is not to blame, whereas an overdue timer ticks once.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  readonly #options: HeartbeatOptions;
  #missed = 0;
  #timer: Timer | undefined;

  constructor(deps: HeartbeatDeps, options: HeartbeatOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#schedule();
  }

  /** A sign of life came. */
  beat(): void {
    this.#missed = 0;
  }

  get silent(): boolean {
    return this.#missed >= this.#options.misses;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#deps.clock.setTimer(BEAT_MS, () => {
      this.#missed += 1;
      this.#schedule();
    });
  }
}
