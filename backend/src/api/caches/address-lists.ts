import type { Clock } from '../../platform/ports.ts';
import { EVERYBODY } from '../model/audience.ts';
import type { ClusterPicture } from '../model/picture.ts';
import { poolAddresses, type AddressList } from '../model/pools.ts';

/** How old a list may be, in milliseconds; one that Services or pools have changed since is made anew. */
const FRESH_MS = 2_000;
/** Of how many pools lists are kept. */
const MAX_LISTS = 8;

interface Kept {
  readonly at: number;
  readonly revision: number;
  readonly object: unknown;
  readonly list: AddressList;
}

/** Lists of the addresses of pools, each with all names: they take milliseconds, and are looked at page by page. */
export class AddressLists {
  readonly #clock: Clock;
  readonly #picture: ClusterPicture;
  readonly #kept = new Map<string, Kept>();

  constructor({ clock, picture }: { readonly clock: Clock; readonly picture: ClusterPicture }) {
    this.#clock = clock;
    this.#picture = picture;
  }

  of(pool: string): AddressList {
    const { revision } = this.#picture.index;
    const object = this.#picture.view.poolObject(pool);
    const at = this.#clock.now();
    const kept = this.#kept.get(pool);
    if (kept?.revision === revision && kept.object === object && at - kept.at < FRESH_MS) return kept.list;
    const now = this.#clock.wallTime().getTime();
    const list = poolAddresses(pool, this.#picture, { audience: EVERYBODY, now });
    this.#kept.delete(pool);
    if (this.#kept.size >= MAX_LISTS) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(pool, { at, revision, object, list });
    return list;
  }
}
