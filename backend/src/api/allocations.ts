import type { Clock } from '../platform/ports.ts';
import { Allocation } from './model/allocation.ts';
import type { ClusterPicture } from './model/picture.ts';
import { inSlices } from './slices.ts';

/** For how long it counts what the leader would plan, in milliseconds, while Services and pools stay as they are, and when they don't. */
const GOOD_FOR_MS = { unchanged: 10_000, changed: 2_000 };

interface Made {
  readonly at: number;
  readonly revision: number;
  readonly allocation: Promise<Allocation>;
}

/** What the leader would plan: made of all Services, which takes its time, so that it is used again for a while, by all who ask. */
export class Allocations {
  readonly #clock: Clock;
  readonly #picture: ClusterPicture;
  #made: Made | undefined;

  constructor({ clock, picture }: { readonly clock: Clock; readonly picture: ClusterPicture }) {
    this.#clock = clock;
    this.#picture = picture;
  }

  async now(): Promise<Allocation> {
    const at = this.#clock.now();
    const { revision } = this.#picture.index;
    const goodForMs = this.#made?.revision === revision ? GOOD_FOR_MS.unchanged : GOOD_FOR_MS.changed;
    if (this.#made !== undefined && at - this.#made.at <= goodForMs) return await this.#made.allocation;
    const work = Allocation.made(this.#picture, this.#clock.wallTime().getTime());
    // Whoever else asks waits for the same one: it is made whether or not the first is still there.
    const made = { at, revision, allocation: inSlices({ clock: this.#clock }, work, new AbortController().signal) };
    this.#made = made;
    try {
      return await made.allocation;
    } catch (error) {
      if (this.#made === made) this.#made = undefined;
      throw error;
    }
  }
}
