import { canonicalAddress } from '../domain/address.ts';
import type { LinkLayer } from '../platform/ports.ts';

/** The link by which this host is reached by other replicas: the one that has the address that it tells them. */
export class OwnNetwork {
  readonly #links: Pick<LinkLayer, 'links'>;
  readonly #address: string | undefined;
  /** It has been seen. Not every host has its address on a link that others can use: on some it is the loopback's. */
  #isKnown = false;

  constructor(links: Pick<LinkLayer, 'links'>, address: string) {
    this.#links = links;
    this.#address = canonicalAddress(address);
    this.#look();
  }

  /** It was there and is not any more, or has no carrier. */
  get isDown(): boolean {
    return !this.#look() && this.#isKnown;
  }

  #look(): boolean {
    const up = this.#links.links().filter((link) => link.up);
    const addresses = up.flatMap(({ prefixes }) => prefixes.map((prefix) => prefix.split('/')[0] ?? ''));
    const isUp = addresses.some((address) => canonicalAddress(address) === this.#address);
    this.#isKnown ||= isUp;
    return isUp;
  }
}
