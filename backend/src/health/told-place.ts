import { isDeepStrictEqual } from 'node:util';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import { encodePlace } from './replica-place.ts';

/** Time from one answer with a place to the next to one address: questions can be forged, and a place has up to a thousand times their octets. */
const TELL_MS = 20;
/**
 * So many are answered at once. Whoever has news asks each time, often twice within a moment, and older versions take an answer without a place
 * for one that speaks nowhere, until they ask again half a second later.
 */
const AT_ONCE = 8;

interface Asker {
  /** Clock time by when the answers to it that had our place would have been due, one after the other. */
  toldUntil: number;
}

/** Where this replica speaks on links, as its answers tell the others. */
export class ToldPlace {
  #place: ReplicaPlace = NO_PLACE;
  /** Empty for none. */
  #octets: Uint8Array = new Uint8Array();
  #counted: ReadonlySet<string> = new Set();

  /**
   * @param counted names of the others that are taken for speakers on links
   * @returns whether the place is another one
   */
  set(place: ReplicaPlace, counted: ReadonlySet<string>): boolean {
    this.#counted = counted;
    if (isDeepStrictEqual(place, this.#place)) return false;
    this.#place = place;
    this.#octets = place.links.length > 0 ? encodePlace(place) : new Uint8Array();
    return true;
  }

  /** Whether a replica is taken for a speaker. */
  counts(name: string | undefined): boolean {
    return name !== undefined && this.#counted.has(name);
  }

  /** Undefined where it was told so often just now, or is none of the asker's business as far as we know. */
  octetsFor(asker: Asker | undefined, now: number): Uint8Array | undefined {
    if (this.#octets.byteLength === 0) return this.#octets;
    if (asker === undefined || asker.toldUntil - now > (AT_ONCE - 1) * TELL_MS) return undefined;
    asker.toldUntil = Math.max(asker.toldUntil, now) + TELL_MS;
    return this.#octets;
  }
}
