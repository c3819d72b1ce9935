import { ARP_FRAME_OCTETS, ARP_SENDER_IP, ARP_TARGET_IP } from './wire/arp.ts';
import { EtherType, u16At } from './wire/ethernet.ts';
import {
  looksLikeNeighborMessage,
  NEIGHBOR_FRAME_OCTETS,
  NEIGHBOR_SOURCE_IP,
  NEIGHBOR_TARGET,
} from './wire/neighbor.ts';

interface Addressed {
  readonly ip: Uint8Array;
}

function word(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)
  );
}

/** An IPv4 address as it is; of an IPv6 one a number that others may share. */
export function fingerprint(octets: Uint8Array, at: number, length: 4 | 16): number {
  if (length === 4) return word(octets, at);
  const high = Math.imul(word(octets, at) ^ 0x9e3779b9, 0x85ebca6b) ^ word(octets, at + 4);
  return Math.imul(high ^ word(octets, at + 8), 0xc2b2ae35) ^ word(octets, at + 12);
}

function equals(ip: Uint8Array, octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < ip.length; i++) if (ip[i] !== octets[at + i]) return false;
  return true;
}

/**
 * Finds what is known of an address by its octets inside a frame, without making an object of them: on a busy LAN nearly all frames
 * are about others. Who sends frames can't choose what is in the table, so the shared fingerprints stay few.
 */
export class AddressTable<T extends Addressed> {
  readonly #tables = { 4: new Map<number, T[]>(), 16: new Map<number, T[]>() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const table of [this.#tables[4], this.#tables[16]]) for (const bucket of table.values()) yield* bucket;
  }

  get(octets: Uint8Array, at = 0, length: 4 | 16 = octets.length === 4 ? 4 : 16): T | undefined {
    const bucket = this.#tables[length].get(fingerprint(octets, at, length));
    if (bucket === undefined) return undefined;
    for (const entry of bucket) if (equals(entry.ip, octets, at)) return entry;
    return undefined;
  }

  /** In place of what was there for the same address. */
  add(entry: T): void {
    const known = this.get(entry.ip);
    if (known !== undefined) this.delete(known);
    const length = entry.ip.length === 4 ? 4 : 16;
    const key = fingerprint(entry.ip, 0, length);
    const table = this.#tables[length];
    table.set(key, [...(table.get(key) ?? []), entry]);
    this.#size++;
  }

  delete(entry: T): void {
    const length = entry.ip.length === 4 ? 4 : 16;
    const key = fingerprint(entry.ip, 0, length);
    const table = this.#tables[length];
    const bucket = table.get(key) ?? [];
    const rest = bucket.filter((other) => other !== entry);
    this.#size -= bucket.length - rest.length;
    if (rest.length === 0) table.delete(key);
    else table.set(key, rest);
  }

  /** False only for a frame that asks for, and says something of, addresses that aren't here. */
  mayConcern(frame: Uint8Array): boolean {
    if (frame.length < ARP_FRAME_OCTETS) return true;
    const etherType = u16At(frame, 12);
    if (etherType === EtherType.arp) {
      return this.get(frame, ARP_TARGET_IP, 4) !== undefined || this.get(frame, ARP_SENDER_IP, 4) !== undefined;
    }
    if (etherType !== EtherType.ipv6 || frame.length < NEIGHBOR_FRAME_OCTETS) return true;
    if (!looksLikeNeighborMessage(frame)) return true;
    return this.get(frame, NEIGHBOR_TARGET, 16) !== undefined || this.get(frame, NEIGHBOR_SOURCE_IP, 16) !== undefined;
  }
}
