const firstDelayMs = 1_000;

/** RFC 4271 section 10: timers are shortened by a random quarter at most. @param jitter uniform in [0, 1). */
export function jittered(ms: number, jitter: number): number {
  return ms * (1 - jitter / 4);
}

/** Delay after the `failures`th failure in a row (from 1 on): doubles from one second up to `maxSeconds`. */
export function retryDelayMs(failures: number, maxSeconds: number, jitter: number): number {
  // 2^30 s is beyond any configured maximum and within what a timer can hold before it is capped.
  const delay = firstDelayMs * 2 ** Math.min(failures - 1, 30);
  return jittered(Math.min(delay, Math.max(firstDelayMs, maxSeconds * 1_000)), jitter);
}
