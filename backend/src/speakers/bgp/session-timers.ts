import type { Clock, Timer } from '../../platform/ports.ts';
import type { TimerName } from './fsm/fsm.ts';

/** So late a timer of this process shows that it was stopped, or had no processor. */
const stalledMs = 100;
/** How long it then takes for what waits in sockets to be read. */
const readingMs = 500;

/** The timers of a session's state machine. */
export class SessionTimers {
  readonly #clock: Clock;
  readonly #onExpired: (timer: TimerName) => void;
  readonly #timers = new Map<TimerName, Timer>();

  constructor(clock: Clock, onExpired: (timer: TimerName) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  has(name: TimerName): boolean {
    return this.#timers.has(name);
  }

  /** Takes the place of one that runs. */
  start(name: TimerName, ms: number): void {
    const dueAt = this.#clock.now() + ms;
    const expire = (): void => this.#onExpired(name);
    this.#set(name, ms, () => {
      // After a stall timers come before sockets: a peer that has spoken meanwhile is heard before it is given up.
      if (name === 'hold' && this.#clock.now() - dueAt > stalledMs) this.#set(name, readingMs, expire);
      else expire();
    });
  }

  cancel(name: TimerName): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #set(name: TimerName, ms: number, then: () => void): void {
    this.cancel(name);
    this.#timers.set(name, this.#clock.setTimer(ms, then));
  }
}
