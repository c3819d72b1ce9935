import { AsyncLocalStorage } from 'node:async_hooks';
import type { FaultZone } from '../ports.ts';

/** Told by where the work was begun: whatever callbacks, timers, sockets and promises came of it belong to it. */
export class AsyncFaultZone implements FaultZone {
  readonly #storage = new AsyncLocalStorage<true>();
  readonly #handlers: ((error: unknown) => void)[] = [];

  run<T>(work: () => T): T {
    return this.#storage.run(true, work);
  }

  onFault(handler: (error: unknown) => void): void {
    this.#handlers.push(handler);
  }

  /** Takes an error that nobody has caught, if it is one of the zone: true. */
  takes(error: unknown): boolean {
    if (this.#storage.getStore() === undefined) return false;
    for (const handler of this.#handlers) handler(error);
    return true;
  }
}

/** Decides about every error of this thread that nobody has caught: nobody knows in which state the process is then, but for those of the zone. */
export function handleFaults(zone: AsyncFaultZone, onFatal: (error: unknown) => void): void {
  const decide = (error: unknown): void => {
    if (!zone.takes(error)) onFatal(error);
  };
  process.on('uncaughtException', decide);
  process.on('unhandledRejection', decide);
}
