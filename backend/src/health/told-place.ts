import { isDeepStrictEqual } from 'node:util';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import { encodePlace } from './replica-place.ts';

/** Least time between two answers with a place to one address: questions can be forged, and a place has up to a thousand times their octets. */
const TELL_MS = 20;

interface Asker {
  /** Clock time of the last answer to it that had our place. */
  toldAt: number;
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

  /** Undefined where it was told just now, or is none of the asker's business as far as we know. */
  octetsFor(asker: Asker | undefined, now: number): Uint8Array | undefined {
    if (this.#octets.byteLength === 0) return this.#octets;
    if (asker === undefined || now - asker.toldAt < TELL_MS) return undefined;
    asker.toldAt = now;
    return this.#octets;
  }
}
