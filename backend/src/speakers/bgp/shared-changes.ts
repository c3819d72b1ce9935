import type { Clock, Timer } from '../../platform/ports.ts';
import { Changes, type Entry, type Packed, type RibSession, type Terms } from './adj-rib-changes.ts';
import { senderOf } from './route-attributes.ts';
import { UpdatePacker } from './wire/update-packer.ts';

/** For how long a batch is kept for other peers: those that keep up need it within that time. */
const keepMs = 1_000;
/** Batches that are kept, and about how many octets of messages they make. */
const mostKept = 64;
const mostKeptBytes = 8 * 2 ** 20;

/** About how much is packed, and sent, at once: who doesn't read gets no more, and nothing else waits for all of a batch. */
const packBytes = 128 * 1024;

/** What was made for one peer and may do for others: peers that are told the same, and have the same already, get the same octets. */
export class SharedChanges {
  readonly #clock: Clock;
  /** As many as there are kinds of sessions: few. */
  readonly #terms = new Map<string, Terms>();
  /** The latest last. */
  #recent: Changes[] = [];
  #forgetting: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same object for sessions in which every route makes the same messages. */
  termsOf({ peer, families, sending }: RibSession): Terms {
    const { addPath, ...context } = sending;
    const limits = new Map<string, number>();
    for (const { family, addPathSendMax } of families) limits.set(family, addPath.has(family) ? addPathSendMax : 1);
    const sender = senderOf(peer, sending.fourOctetAs);
    const key = JSON.stringify([sender, [...limits], [...addPath].sort(), Object.entries(context).sort()]);
    let terms = this.#terms.get(key);
    if (terms === undefined)
      this.#terms.set(key, (terms = { sender, limits, packer: new UpdatePacker(sending, packBytes) }));
    return terms;
  }

  /** One that begins with a prefix like this; the latest. */
  find(terms: Terms, first: Readonly<Entry>, again: boolean): Changes | undefined {
    return this.#recent.findLast((changes) => changes.terms === terms && isLike(changes, 0, first, again));
  }

  keep(changes: Changes): void {
    this.#recent.push(changes);
    let bytes = 0;
    const first = this.#recent.findLastIndex((one) => (bytes += one.bytes) > mostKeptBytes) + 1;
    this.#recent = this.#recent.slice(
      Math.max(Math.min(first, this.#recent.length - 1), this.#recent.length - mostKept),
    );
    this.#forgetting?.cancel();
    this.#forgetting = this.#clock.setTimer(keepMs, () => this.forget());
  }

  forget(): void {
    this.#recent = [];
    this.#forgetting?.cancel();
  }
}

/** A batch that is collected for one peer. As long as it is like one that was made for another, nothing is made anew. */
export class Collection {
  readonly #shared: SharedChanges;
  readonly #terms: Terms;
  #like: Changes | undefined;
  /** How many of its steps this one has. */
  #at = 0;
  #own: Changes | undefined;
  #packed = 0;
  /** How much there was to do, in paths looked at. */
  looks = 0;

  constructor(shared: SharedChanges, terms: Terms) {
    this.#shared = shared;
    this.#terms = terms;
  }

  /** About how many octets the messages will have. */
  get bytes(): number {
    return this.#own?.bytes ?? this.#like?.steps[this.#at - 1]?.bytes ?? 0;
  }

  get changes(): Changes {
    return this.#own ?? this.#like ?? this.#begin();
  }

  /** Counts as sent from now on. See `Changes.add`. */
  add(entry: Entry, again: boolean): number {
    const more = this.#follow(entry, again) ?? this.#lead(entry, again);
    entry.sent = entry.route;
    entry.sentOn = this.#terms;
    return more;
  }

  /** Nothing is added any more. */
  complete(): void {
    const isSame = this.#like?.isComplete === true && this.#like.steps.length === this.#at;
    if (this.#own === undefined && !isSame) this.#begin();
  }

  /** The next messages, once it is complete; undefined: there are no more. */
  next(): Packed | undefined {
    return this.changes.packed(this.#packed++);
  }

  #follow(entry: Readonly<Entry>, again: boolean): number | undefined {
    if (this.#own !== undefined) return undefined;
    if (this.#at === 0) this.#like = this.#shared.find(this.#terms, entry, again);
    if (this.#like === undefined || !isLike(this.#like, this.#at, entry, again)) return undefined;
    this.looks += 1;
    return this.#like.steps[this.#at++]?.more;
  }

  #lead(entry: Readonly<Entry>, again: boolean): number {
    const own = this.#own ?? this.#begin();
    const { looks } = own;
    const more = own.add(entry, again);
    this.looks += own.looks - looks;
    return more;
  }

  /** Goes on by itself, with what there is so far. */
  #begin(): Changes {
    const own = new Changes(this.#terms);
    for (const step of this.#like?.steps.slice(0, this.#at) ?? []) own.add(step, step.again);
    this.#like = undefined;
    this.#shared.keep(own);
    return (this.#own = own);
  }
}

function isLike({ steps }: Changes, at: number, entry: Readonly<Entry>, again: boolean): boolean {
  const step = steps[at];
  return (
    step !== undefined &&
    step.route === entry.route &&
    step.sent === entry.sent &&
    step.sentOn === entry.sentOn &&
    step.again === again &&
    step.prefix === entry.prefix
  );
}
