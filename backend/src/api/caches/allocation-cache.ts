import type { Clock } from '../../platform/ports.ts';
import { Allocation } from '../model/allocation.ts';
import type { ClusterPicture } from '../model/picture.ts';
import { inSlices } from '../slices.ts';

/**
 * For how long it counts what the leader would plan, in milliseconds, and for how long once objects are others than it was made of. The first is for what is
 * not among these: the ranges of Service IPs and the subnets of links. It is much of what there is to collect for V8, which stops all answers meanwhile: not made anew for nothing.
 */
const GOOD_FOR_MS = { all: 60_000, changed: 2_000 };
/**
 * So long before, the next one is made for who asks then, so that nobody waits for it: making one of 10,000 Services takes some 200 ms, and several times as
 * long beside many requests, which go first. Where Services keep changing that would be most of the time.
 */
const AHEAD_MS = { all: 1_500, changed: 500 };

const NOTHING_LEFT = { all: 0, changed: 0 };

interface Made {
  readonly at: number;
  readonly revision: number;
  readonly allocation: Promise<Allocation>;
  /** When it was last seen that nothing had changed since it was made. */
  unchangedAt: number;
  ready: boolean;
}

/** What the leader would plan: made of all Services, which takes its time, so that it is used again for a while, by all who ask. */
export class AllocationCache {
  readonly #clock: Clock;
  readonly #picture: ClusterPicture;
  #made: Made | undefined;
  /** The one that takes its place. */
  #next: Made | undefined;

  constructor({ clock, picture }: { readonly clock: Clock; readonly picture: ClusterPicture }) {
    this.#clock = clock;
    this.#picture = picture;
  }

  async now(): Promise<Allocation> {
    const allocation = await this.#current();
    allocation.moveTo(this.#clock.wallTime().getTime());
    return allocation;
  }

  async #current(): Promise<Allocation> {
    const at = this.#clock.now();
    // However long it takes to make one, there are never two in the making: on a busy machine they would only slow one another down.
    if (this.#next?.ready === true) [this.#made, this.#next] = [this.#next, undefined];
    const made = this.#made;
    const left = made === undefined ? NOTHING_LEFT : this.#left(made, at);
    if (left.all <= AHEAD_MS.all || left.changed <= AHEAD_MS.changed) this.#next ??= this.#make(at);
    const counting = Math.min(left.all, left.changed) > 0 ? made : undefined;
    return await (counting ?? (this.#next ??= this.#make(at))).allocation;
  }

  /** For how many milliseconds it counts on, at most, and as what has changed wants it. */
  #left(made: Made, at: number): typeof NOTHING_LEFT {
    if (made.revision === this.#picture.revision) made.unchangedAt = at;
    return { all: made.at + GOOD_FOR_MS.all - at, changed: made.unchangedAt + GOOD_FOR_MS.changed - at };
  }

  #make(at: number): Made {
    const { revision } = this.#picture;
    const work = Allocation.made(this.#picture, this.#clock.wallTime().getTime());
    // Whoever else asks waits for the same one: it is made whether or not the first is still there.
    const allocation = inSlices({ clock: this.#clock }, work, new AbortController().signal);
    const made: Made = { at, revision, allocation, unchangedAt: at, ready: false };
    const failed = (): void => void (this.#next = this.#next === made ? undefined : this.#next);
    allocation.then(() => (made.ready = true), failed);
    return made;
  }
}
