import type { LinkPort } from './link-port.ts';
import type { Claim, Presence } from './presence.ts';
import { isUnspecified } from './wire/address.ts';
import { isGratuitous, type ArpPacket } from './wire/arp.ts';
import { decodeFrame, type Packet } from './wire/frame.ts';
import { isGroup, sameOctets } from './wire/mac.ts';
import type { NeighborAdvertisement, NeighborSolicitation } from './wire/neighbor.ts';
import { linkLayerAddress } from './wire/options.ts';

export interface ResponderDeps {
  /** A MAC of any link of this host. */
  readonly isOwn: (mac: Uint8Array) => boolean;
}

/** Reads what a link brings: questions are answered and claims heard by whoever is present there with the address. */
export class Responder {
  readonly #isOwn: (mac: Uint8Array) => boolean;

  constructor({ isOwn }: ResponderDeps) {
    this.#isOwn = isOwn;
  }

  receive(port: LinkPort<Presence>, frame: Uint8Array): void {
    const { addresses, counters, link } = port;
    counters.received++;
    if (!addresses.mayConcern(frame)) return counters.drop('foreign');
    const packet = decodeFrame(frame);
    if (packet.kind === 'drop') return counters.drop(packet.reason);
    if (!isGroup(packet.destination) && !sameOctets(packet.destination, link.mac))
      return counters.drop('other-station');
    if (!this.#take(port, packet)) counters.drop('no-claim');
  }

  /** Whether it is a question for an address of ours, or anybody's claim to one. */
  #take(port: LinkPort<Presence>, packet: Packet): boolean {
    if (packet.kind === 'arp') return this.#arp(port, packet);
    if (packet.kind === 'neighbor-solicitation') return this.#solicitation(port, packet);
    return this.#advertisement(port, packet);
  }

  #arp(port: LinkPort<Presence>, packet: ArpPacket): boolean {
    const { senderIp, targetIp, senderMac: mac, source } = packet;
    const toAll = isGroup(packet.destination);
    // A host's own questions come from whichever of its addresses it speaks from: that is no announcement (RFC 5227 section 1.1).
    const heard = toAll && isGratuitous(packet) ? 'announcement' : 'answer';
    const isClaim = this.#hear(port.addresses.get(senderIp), { mac, source, heard, toAll });
    if (packet.operation === 'reply' || isGratuitous(packet)) return isClaim;
    const asked = port.addresses.get(targetIp);
    if (isUnspecified(senderIp)) this.#hear(asked, { mac, source, heard: 'probe', toAll });
    asked?.answer(packet);
    return isClaim || asked !== undefined;
  }

  #solicitation(port: LinkPort<Presence>, packet: NeighborSolicitation): boolean {
    const { source } = packet;
    const toAll = isGroup(packet.destination);
    const asked = port.addresses.get(packet.target);
    let isClaim = false;
    if (isUnspecified(packet.sourceIp)) {
      this.#hear(asked, { mac: source, source, heard: 'probe', toAll });
    } else {
      const mac = linkLayerAddress(packet.options, 'source-link-layer');
      const claimed = mac && port.addresses.get(packet.sourceIp);
      isClaim = mac !== undefined && this.#hear(claimed, { mac, source, heard: 'answer', toAll });
    }
    asked?.answer(packet);
    return isClaim || asked !== undefined;
  }

  #advertisement(port: LinkPort<Presence>, packet: NeighborAdvertisement): boolean {
    const mac = linkLayerAddress(packet.options, 'target-link-layer') ?? packet.source;
    const toAll = isGroup(packet.destination);
    const claim: Claim = { mac, source: packet.source, heard: 'advertisement', toAll };
    return this.#hear(port.addresses.get(packet.target), claim);
  }

  /** Whether the claim has been counted. */
  #hear(presence: Presence | undefined, claim: Claim): boolean {
    if (presence === undefined) return false;
    if (!this.#isOwn(claim.mac)) return presence.hear(claim);
    presence.port.counters.drop('own');
    return true;
  }
}
