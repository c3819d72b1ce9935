/** Time, so that tests can own it. */
export interface Clock {
  now(): number;
  /** @returns what takes the timer back */
  setTimer(ms: number, then: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
