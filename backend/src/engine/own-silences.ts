import type { Silence, Silences } from '../domain/replica.ts';
import type { Clock, Timer } from '../platform/ports.ts';

export interface OwnSilencesDeps {
  readonly clock: Clock;
  /** What `all` returns is different now, and has been for a moment. */
  readonly onChange: () => void;
}

/** Addresses that are asked for together are announced together. */
const SETTLE_MS = 20;

/** The addresses of this replica that it doesn't speak for: the others are told. */
export class OwnSilences {
  readonly #deps: OwnSilencesDeps;
  readonly #silences = new Map<string, Silence>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: OwnSilencesDeps) {
    this.#deps = deps;
  }

  /** Undefined for none. */
  get all(): Silences | undefined {
    return this.#silences.size === 0 ? undefined : Object.fromEntries(this.#silences);
  }

  /** @param silence undefined: it speaks for it, or it is not its own */
  set(ip: string, silence: Silence | undefined): void {
    if (this.#silences.get(ip) === silence) return;
    if (silence === undefined) this.#silences.delete(ip);
    else this.#silences.set(ip, silence);
    if (this.#stopped) return;
    this.#timer ??= this.#deps.clock.setTimer(SETTLE_MS, () => {
      this.#timer = undefined;
      this.#deps.onChange();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
