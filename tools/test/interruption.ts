/** How a run is asked to end: `stop` on the first Ctrl-C (or SIGTERM, SIGHUP), `kill` on the second. */
export interface Interruption {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

/** Time to say how it went after everything was killed. */
const killMs = 2_000;

/** Listens for the signals that ask this process to end, for as long as it lives. */
export function listenForInterruption(say: (line: string) => void): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      kill.abort();
      // No test may be running but a build, which knows nothing of this.
      setTimeout(() => process.exit(130), killMs).unref();
      return;
    }
    say('test: interrupted; waiting until the running tests have cleaned up (once more to kill them)');
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { stop: stop.signal, kill: kill.signal };
}
