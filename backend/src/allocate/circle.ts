import { parseAddress, type Address } from '../domain/address.ts';

interface Place {
  readonly ip: string;
  readonly address: Address;
}

/** By family, of one family the lower first. */
function byAddress({ address: a }: Place, { address: b }: Place): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

function placeAt(ip: string): Place | undefined {
  const address = parseAddress(ip);
  return address === undefined ? undefined : { ip, address };
}

/** In order of their addresses, each once. */
export function inOrder(ips: Iterable<string>): string[] {
  const all = [...new Set(ips)];
  // As a rule those who share have one.
  if (all.length < 2) return all;
  return all
    .flatMap((ip) => placeAt(ip) ?? [])
    .sort(byAddress)
    .map(({ ip }) => ip);
}

/** The addresses of many Services that share on terms that go together, with the ports that are taken there. */
export class Circle {
  readonly #sharers = new Map<string, number>();
  readonly #ordered: Place[] = [];
  readonly #byPort = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#ordered.length === 0;
  }

  add(ip: string, ports: readonly string[]): void {
    const place = placeAt(ip);
    if (place === undefined) return;
    if (count(this.#sharers, ip, 1) === 1) this.#ordered.splice(this.#position(place), 0, place);
    for (const port of new Set(ports)) {
      const taken = this.#byPort.get(port) ?? new Map<string, number>();
      count(taken, ip, 1);
      this.#byPort.set(port, taken);
    }
  }

  remove(ip: string, ports: readonly string[]): void {
    const place = placeAt(ip);
    if (place === undefined) return;
    if (count(this.#sharers, ip, -1) === 0) this.#ordered.splice(this.#position(place), 1);
    for (const port of new Set(ports)) {
      const taken = this.#byPort.get(port);
      if (taken === undefined) continue;
      count(taken, ip, -1);
      if (taken.size === 0) this.#byPort.delete(port);
    }
  }

  /** Those where none of these ports is taken, in order, with those of `own` that others have as well: there it may be the asker's. */
  *without(ports: readonly string[], own: ReadonlySet<string>): Generator<string> {
    const taken = ports.flatMap((port) => this.#byPort.get(port) ?? []);
    // Of many who ask for one port it is taken everywhere, as a rule.
    const isNowhere = taken.some(({ size }) => size === this.#ordered.length);
    const places = isNowhere ? inOrder([...own].filter((ip) => this.#sharers.has(ip))) : this.#addresses();
    for (const ip of places) {
      if (own.has(ip) ? this.#sharers.get(ip) !== 1 : !taken.some((ips) => ips.has(ip))) yield ip;
    }
  }

  *#addresses(): Generator<string> {
    for (const { ip } of this.#ordered) yield ip;
  }

  #position(place: Place): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#ordered[middle];
      if (other !== undefined && byAddress(other, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Returns the count after that. */
function count(counts: Map<string, number>, text: string, by: 1 | -1): number {
  const after = (counts.get(text) ?? 0) + by;
  if (after <= 0) counts.delete(text);
  else counts.set(text, after);
  return after;
}
