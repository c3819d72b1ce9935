import type { Clock } from '../../platform/ports.ts';
import { NetworkError } from '../errors.ts';
import type { KubeError } from '../errors.ts';
import type { CallOptions } from '../kube.ts';

export type Verb = 'list' | 'watch' | 'get' | 'create' | 'patch' | 'delete' | 'ping';

export interface Fault {
  /** Any verb if left out. */
  readonly verb?: Verb;
  /** Plural of the kind; any kind if left out. */
  readonly plural?: string;
  /** How many calls it hits; all of them, until it is removed, if left out. */
  readonly times?: number;
  /** What the call gets; `hang`: nothing, until its timeout. */
  readonly error: KubeError | 'hang';
  /** The error is told only after the call was carried out: the answer got lost. */
  readonly afterwards?: boolean;
}

interface Injected {
  readonly fault: Fault;
  left: number;
}

const defaultTimeoutMs = 10_000;

/** What goes wrong with calls to the fake API server. */
export class Faults {
  readonly #clock: Clock;
  readonly #injected = new Set<Injected>();
  readonly #thawed = new Set<() => void>();
  #down = false;
  #frozen = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Adds a fault; the returned function takes it away. */
  inject(fault: Fault): () => void {
    const injected = { fault, left: fault.times ?? Infinity };
    this.#injected.add(injected);
    return () => void this.#injected.delete(injected);
  }

  set down(down: boolean) {
    this.#down = down;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const resume of [...this.#thawed]) resume();
  }

  /** Carries out a call, unless a fault hits it. Always answers later, never at once. */
  async call<T>(verb: Verb, plural: string, options: CallOptions, carryOut: () => T): Promise<T> {
    await Promise.resolve();
    if (options.signal?.aborted === true) throw new NetworkError('aborted', 'aborted');
    if (this.#down) throw new NetworkError('connection', 'ECONNREFUSED: the fake API server is down');
    if (this.#frozen) await this.#hang(options, true);
    const fault = this.#take(verb, plural);
    if (fault === undefined) return carryOut();
    if (fault.afterwards === true) carryOut();
    if (fault.error !== 'hang') throw fault.error;
    await this.#hang(options, false);
    throw new NetworkError('timeout', 'no answer in time');
  }

  #take(verb: Verb, plural: string): Fault | undefined {
    for (const injected of this.#injected) {
      const { fault } = injected;
      if ((fault.verb ?? verb) !== verb || (fault.plural ?? plural) !== plural) continue;
      injected.left -= 1;
      if (injected.left <= 0) this.#injected.delete(injected);
      return fault;
    }
    return undefined;
  }

  async #hang({ timeoutMs, signal }: CallOptions, untilThawed: boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel();
        this.#thawed.delete(resume);
        settle();
      };
      const timer = this.#clock.setTimer(timeoutMs ?? defaultTimeoutMs, () => {
        finish(() => reject(new NetworkError('timeout', 'no answer in time')));
      });
      const resume = (): void => finish(resolve);
      if (untilThawed) this.#thawed.add(resume);
      signal?.addEventListener('abort', () => finish(() => reject(new NetworkError('aborted', 'aborted'))), {
        once: true,
      });
    });
  }
}
