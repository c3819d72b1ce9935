import { addressBytes } from './address.ts';
import { encodeAttribute, type PathAttribute } from './attributes/attribute.ts';
import { Flag, optionalNonTransitive } from './attributes/attribute-codec.ts';
import type { CodecContext } from './context.ts';
import { familyCodes, type AddressFamily } from './family.ts';
import { maxExtendedMessageBytes, maxMessageBytes, MessageType } from './frame.ts';
import { Writer } from './writer.ts';

/** Many routes that share everything but their NLRI, as columns: that is what keeps 100,000 of them cheap. */
export interface NlriColumns {
  /** Length and significant octets of each prefix (`encodePrefix`). */
  readonly prefixes: readonly Uint8Array[];
  /** Path identifiers in the same order; read only where ADD-PATH is in use. */
  readonly pathIds: readonly number[];
  /** For `reach`: what doesn't fill a message is left. */
  readonly fullOnly?: boolean;
}

const mpReachCode = 14;
const mpUnreachCode = 15;
const mpFlags = optionalNonTransitive | Flag.extendedLength;
const longestNlri = 4 + 1 + 16;

/** Whether a next hop travels in MP_REACH_NLRI: that of an IPv4 route only if it is an IPv6 address (RFC 8950 section 3). */
export function isMpNextHop(family: AddressFamily, nextHop: string): boolean {
  return family === 'ipv6-unicast' || nextHop.includes(':');
}

/**
 * Packs routes into as few UPDATEs as fit the protocol's message size and appends them, complete with headers.
 * IPv4 goes into the message's own fields, IPv6 and what has an IPv6 next hop into MP_REACH_NLRI and MP_UNREACH_NLRI (first, RFC 7606 section 5.1).
 */
export class UpdatePacker {
  readonly #context: CodecContext;
  readonly #writer: Writer;
  readonly #messages: Uint8Array[] = [];
  /** The longest that a message may be. */
  readonly maxBytes: number;

  constructor(context: CodecContext) {
    this.#context = context;
    this.maxBytes = context.extendedMessages === true ? maxExtendedMessageBytes : maxMessageBytes;
    this.#writer = new Writer(this.maxBytes);
  }

  /** The messages packed since the last call. */
  takeMessages(): Uint8Array[] {
    return this.#messages.splice(0);
  }

  /** Whether path identifiers go along with this family's routes. */
  usesPathIds(family: AddressFamily): boolean {
    return this.#context.addPath.has(family);
  }

  /** @throws RangeError unless `nextHop` is an address of the family, or an IPv6 one of an IPv4 route where RFC 8950 was agreed on. */
  checkNextHop(family: AddressFamily, nextHop: string): void {
    const v6 = addressBytes(nextHop).length === 16;
    const mayBeV6 = family === 'ipv6-unicast' || this.#context.extendedNextHop === true;
    const mayBeV4 = family === 'ipv4-unicast';
    if (!(v6 ? mayBeV6 : mayBeV4)) throw new RangeError(`${nextHop} is no next hop of ${family} for this peer`);
  }

  /** Octets of attributes for `reach`. @throws RangeError if they leave no room for a route in a message. */
  encodeAttributes(attributes: readonly PathAttribute[]): Uint8Array {
    const mpReachHeader = 4 + 5 + 16;
    const writer = new Writer(maxMessageBytes - 19 - 4 - mpReachHeader - longestNlri);
    for (const attribute of attributes) encodeAttribute(attribute, writer, this.#context);
    return writer.finish();
  }

  /**
   * @param attributes encoded, including NEXT_HOP if that is an IPv4 address; an IPv6 one goes into MP_REACH_NLRI.
   * @returns how many of the routes, the first ones, are packed
   */
  reach(family: AddressFamily, nextHop: string, attributes: Uint8Array, routes: NlriColumns): number {
    const hop = isMpNextHop(family, nextHop) ? addressBytes(nextHop) : undefined;
    let packed = 0;
    while (packed < routes.prefixes.length) {
      let at = packed;
      const writer = this.#begin().u16(0);
      const attributesAt = writer.beginLength16();
      if (hop === undefined) {
        writer.bytes(attributes);
        writer.finishLength16(attributesAt);
        at = this.#fill(family, routes, at, 0);
      } else {
        const mpAt = this.#beginMp(mpReachCode, family);
        writer.u8(hop.length).bytes(hop).u8(0);
        at = this.#fill(family, routes, at, attributes.length);
        writer.finishLength16(mpAt);
        writer.bytes(attributes);
        writer.finishLength16(attributesAt);
      }
      if (routes.fullOnly === true && at === routes.prefixes.length) break;
      this.#finish();
      packed = at;
    }
    return packed;
  }

  unreach(family: AddressFamily, routes: NlriColumns): void {
    for (let at = 0; at < routes.prefixes.length;) {
      const writer = this.#begin();
      if (family === 'ipv4-unicast') {
        const withdrawnAt = writer.beginLength16();
        at = this.#fill(family, routes, at, 2);
        writer.finishLength16(withdrawnAt);
        writer.u16(0);
      } else {
        const attributesAt = writer.u16(0).beginLength16();
        const mpAt = this.#beginMp(mpUnreachCode, family);
        at = this.#fill(family, routes, at, 0);
        writer.finishLength16(mpAt);
        writer.finishLength16(attributesAt);
      }
      this.#finish();
    }
  }

  /** RFC 4724 section 2: an empty UPDATE, or an empty MP_UNREACH_NLRI of the family. */
  endOfRib(family: AddressFamily): void {
    const writer = this.#begin().u16(0);
    const attributesAt = writer.beginLength16();
    if (family !== 'ipv4-unicast') {
      const mpAt = this.#beginMp(mpUnreachCode, family);
      writer.finishLength16(mpAt);
    }
    writer.finishLength16(attributesAt);
    this.#finish();
  }

  #begin(): Writer {
    this.#writer.reset();
    this.#writer.u32(0xffffffff).u32(0xffffffff).u32(0xffffffff).u32(0xffffffff);
    return this.#writer.u16(0).u8(MessageType.update);
  }

  #beginMp(code: number, family: AddressFamily): number {
    const { afi, safi } = familyCodes(family);
    const lengthAt = this.#writer.u8(mpFlags).u8(code).beginLength16();
    this.#writer.u16(afi).u8(safi);
    return lengthAt;
  }

  /** Writes routes from index `at` on, leaving `reserve` octets free; returns the index of the first that had no room. */
  #fill(family: AddressFamily, { prefixes, pathIds }: NlriColumns, at: number, reserve: number): number {
    const addPath = this.#context.addPath.has(family);
    const writer = this.#writer;
    const limit = reserve + (addPath ? 4 : 0);
    let index = at;
    for (let octets = prefixes[index]; octets !== undefined; octets = prefixes[++index]) {
      if (octets.length + limit > writer.remaining) break;
      if (addPath) writer.u32(pathIds[index] ?? 0);
      writer.bytes(octets);
    }
    if (index === at) throw new RangeError('no room for a single route');
    return index;
  }

  #finish(): void {
    this.#writer.setU16(16, this.#writer.length);
    this.#messages.push(this.#writer.finish());
  }
}
