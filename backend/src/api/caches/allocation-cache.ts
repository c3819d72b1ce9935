import type { Clock } from '../../platform/ports.ts';
import { Allocation } from '../model/allocation.ts';
import type { ClusterPicture } from '../model/picture.ts';
import { inSlices } from '../slices.ts';

/** For how long it counts what the leader would plan, in milliseconds, while Services and pools stay as they are, and when they don't. */
const GOOD_FOR_MS = { unchanged: 10_000, changed: 2_000 };

interface Made {
  readonly at: number;
  readonly revision: number;
  readonly allocation: Promise<Allocation>;
  ready: boolean;
}

/** What the leader would plan: made of all Services, which takes its time, so that it is used again for a while, by all who ask. */
export class AllocationCache {
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
    // However long it takes to make one, there are never two in the making: on a busy machine they would only slow one another down.
    if (this.#made !== undefined && (!this.#made.ready || at - this.#made.at <= goodForMs)) {
      return await this.#made.allocation;
    }
    const work = Allocation.made(this.#picture, this.#clock.wallTime().getTime());
    // Whoever else asks waits for the same one: it is made whether or not the first is still there.
    const allocation = inSlices({ clock: this.#clock }, work, new AbortController().signal);
    const made = { at, revision, allocation, ready: false };
    this.#made = made;
    try {
      const result = await allocation;
      made.ready = true;
      return result;
    } catch (error) {
      if (this.#made === made) this.#made = undefined;
      throw error;
    }
  }
}
