import type { FaultZone } from '../ports.ts';

/** A part whose faults are what the test says. */
export class FakeFaultZone implements FaultZone {
  readonly #handlers: ((error: unknown) => void)[] = [];

  run<T>(work: () => T): T {
    return work();
  }

  onFault(handler: (error: unknown) => void): void {
    this.#handlers.push(handler);
  }

  fail(error: unknown): void {
    for (const handler of this.#handlers) handler(error);
  }
}
