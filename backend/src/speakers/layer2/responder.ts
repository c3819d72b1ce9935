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
    this.#dispatch(port, packet);
  }

  #dispatch(port: LinkPort<Presence>, packet: Packet): void {
    if (packet.kind === 'arp') this.#arp(port, packet);
    else if (packet.kind === 'neighbor-solicitation') this.#solicitation(port, packet);
    else this.#advertisement(port, packet);
  }

  #arp(port: LinkPort<Presence>, packet: ArpPacket): void {
    const { senderIp, targetIp, senderMac: mac, source } = packet;
    const toAll = isGroup(packet.destination);
    // A host's own questions come from whichever of its addresses it speaks from: that is no announcement (RFC 5227 section 1.1).
    const heard = toAll && isGratuitous(packet) ? 'announcement' : 'answer';
    this.#hear(port.addresses.get(senderIp), { mac, source, heard, toAll });
    if (packet.operation === 'reply' || isGratuitous(packet)) return;
    const asked = port.addresses.get(targetIp);
    if (isUnspecified(senderIp)) this.#hear(asked, { mac, source, heard: 'probe', toAll });
    asked?.answer(packet);
  }

  #solicitation(port: LinkPort<Presence>, packet: NeighborSolicitation): void {
    const { source } = packet;
    const toAll = isGroup(packet.destination);
    const asked = port.addresses.get(packet.target);
    if (isUnspecified(packet.sourceIp)) {
      this.#hear(asked, { mac: source, source, heard: 'probe', toAll });
    } else {
      const mac = linkLayerAddress(packet.options, 'source-link-layer');
      if (mac !== undefined) this.#hear(port.addresses.get(packet.sourceIp), { mac, source, heard: 'answer', toAll });
    }
    asked?.answer(packet);
  }

  #advertisement(port: LinkPort<Presence>, packet: NeighborAdvertisement): void {
    const mac = linkLayerAddress(packet.options, 'target-link-layer') ?? packet.source;
    const toAll = isGroup(packet.destination);
    this.#hear(port.addresses.get(packet.target), { mac, source: packet.source, heard: 'advertisement', toAll });
  }

  #hear(presence: Presence | undefined, claim: Claim): void {
    if (presence === undefined) return;
    if (this.#isOwn(claim.mac)) presence.port.counters.drop('own');
    else presence.hear(claim);
  }
}
