import type { Clock, Random, Timer } from '../platform/ports.ts';

interface Due {
  readonly at: number;
  /** How often it has been asked for since it is ours. */
  readonly asked: number;
}

export interface LinkAuditDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Asks the link whether anybody else answers for an address. */
  readonly audit: (ip: string) => void;
}

/** A new owner asks once everybody has had the time to follow, and while kube-proxies may still be taking a new Service up. */
const FIRST_MS = [2_000, 8_000, 20_000];
/** Somebody was heard: asked again, until nobody answers any more. */
const AGAIN_MS = 5_000;
const STEADY_MS = 300_000;
const TICK_MS = 1_000;
/** More than that wait for the next tick: a thousand addresses taken at once are asked for within some twenty seconds. */
const MAX_PER_TICK = 50;

/** When to ask for which of the addresses that this host speaks for. */
export class LinkAudit {
  readonly #deps: LinkAuditDeps;
  readonly #due = new Map<string, Due>();
  #timer: Timer | undefined;

  constructor(deps: LinkAuditDeps) {
    this.#deps = deps;
  }

  add(ip: string): void {
    if (!this.#due.has(ip)) this.#plan(ip, 0);
    this.#arm();
  }

  /** Somebody else was heard: looks again soon, whatever was planned. */
  again(ip: string): void {
    const due = this.#due.get(ip);
    if (due !== undefined) this.#due.set(ip, { ...due, at: this.#deps.clock.now() + AGAIN_MS });
  }

  /** Somebody may speak for any of them: looks at all of them, as soon as it goes. */
  allSoon(): void {
    const now = this.#deps.clock.now();
    for (const [ip, due] of this.#due) this.#due.set(ip, { ...due, at: Math.min(due.at, now) });
  }

  delete(ip: string): void {
    this.#due.delete(ip);
  }

  stop(): void {
    this.#due.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#due.size === 0) return;
    this.#timer = this.#deps.clock.setTimer(TICK_MS, () => {
      this.#timer = undefined;
      this.#tick();
      this.#arm();
    });
  }

  #tick(): void {
    const now = this.#deps.clock.now();
    const due = [...this.#due].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    for (const [ip, { asked }] of due.slice(0, MAX_PER_TICK)) {
      this.#plan(ip, asked + 1);
      this.#deps.audit(ip);
    }
  }

  #plan(ip: string, asked: number): void {
    const { clock, random } = this.#deps;
    const delayMs = FIRST_MS[asked] ?? STEADY_MS * (0.9 + 0.2 * random.next());
    this.#due.set(ip, { at: clock.now() + delayMs, asked });
  }
}
