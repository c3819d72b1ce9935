import type { Leftover } from './judge.ts';
import type { Retained } from './observe.ts';

/** What one router kept of earlier sessions by itself, as it was seen from look to look. */
export class Leftovers {
  readonly #closed: Leftover[] = [];
  readonly #open = new Map<string, { readonly kept: Retained; readonly from: number }>();
  #lastLook = 0;

  /** What it keeps now: since the look before, at the earliest, and until the first one that doesn't find it any more. */
  look(at: number, kept: readonly Retained[]): void {
    const now = new Map(kept.map((one) => [JSON.stringify([one.peer, one.ip, one.gateway]), one]));
    for (const [key, { kept: before, from }] of this.#open) {
      if (now.has(key)) continue;
      this.#closed.push({ ip: before.ip, gateway: before.gateway, from, to: at });
      this.#open.delete(key);
    }
    for (const [key, one] of now) {
      if (!this.#open.has(key)) this.#open.set(key, { kept: one, from: this.#lastLook });
    }
    this.#lastLook = at;
  }

  all(): Leftover[] {
    const open = [...this.#open.values()];
    return [...this.#closed, ...open.map(({ kept: { ip, gateway }, from }) => ({ ip, gateway, from, to: Infinity }))];
  }
}
