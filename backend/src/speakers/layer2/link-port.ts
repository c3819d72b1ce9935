import type { Link, LinkLayer, LinkSocket } from '../../platform/ports.ts';
import { AddressTable } from './address-table.ts';
import type { Counters, LinkCounters, SentKind } from './counters.ts';
import { addressOctets, addressText, ALL_NODES, isLinkLocal, linkLocalOf } from './wire/address.ts';
import { solicitedNodeGroup } from './wire/address.ts';
import { encodeFrame, type Packet } from './wire/frame.ts';

/** Whoever is present on a link with an address. */
export interface Resident {
  readonly ip: Uint8Array;
}

export interface LinkPortDeps<R extends Resident> {
  readonly links: LinkLayer;
  readonly counters: Pick<LinkCounters, 'of'>;
  readonly onFrame: (port: LinkPort<R>, frame: Uint8Array) => void;
  /** The socket ended by itself. Not called from within the constructor. */
  readonly onGone: (port: LinkPort<R>, reason: Error) => void;
}

/** One open link: its socket, who is present there, and the groups that those need to be asked in. */
export class LinkPort<R extends Resident> {
  #link: Link;
  #counters: Counters;
  readonly #deps: Pick<LinkPortDeps<R>, 'counters'>;
  readonly addresses = new AddressTable<R>();
  readonly #socket: LinkSocket;
  readonly #groups = new Map<string, number>();
  #open = true;

  /** @throws Error if the link can't be opened */
  constructor(deps: LinkPortDeps<R>, link: Link) {
    this.#deps = deps;
    this.#link = link;
    this.#counters = deps.counters.of(link.name);
    let failure: Error | undefined;
    let isKnown = false;
    this.#socket = deps.links.open(link.index, {
      onFrame: (frame) => {
        if (this.#open) deps.onFrame(this, frame);
      },
      onGone: (reason) => {
        failure = reason;
        if (!this.#open) return;
        this.#open = false;
        if (isKnown) deps.onGone(this, reason);
      },
      onLost: () => void this.#counters.lost++,
      onUnwanted: () => {
        this.#counters.received++;
        this.#counters.drop('group');
      },
    });
    isKnown = true;
    if (failure !== undefined) throw failure;
  }

  /** As it was seen last. */
  get link(): Link {
    return this.#link;
  }

  /** To ask from; where this host has none on the link, as IPv6 is turned off, the one that it would have, which is nobody else's. */
  get linkLocal(): Uint8Array {
    const own = this.#link.prefixes.map((prefix) => addressOctets(prefix.split('/', 1)[0] ?? ''));
    return own.find((address) => address?.length === 16 && isLinkLocal(address)) ?? linkLocalOf(this.#link.mac);
  }

  get counters(): Counters {
    return this.#counters;
  }

  /** MAC and name may change while the link is open. */
  follow(link: Link): void {
    if (link.name !== this.#link.name) {
      this.count();
      this.#counters = this.#deps.counters.of(link.name);
    }
    this.#link = link;
  }

  send(packet: Packet, kind: SentKind): void {
    if (!this.#open) return;
    this.#counters.sent(kind, packet.kind === 'arp' ? 'arp' : 'ndp');
    this.#socket.send(encodeFrame(packet));
  }

  enter(resident: R): void {
    this.addresses.add(resident);
    for (const group of groupsOf(resident.ip)) this.#join(group);
  }

  exit(resident: R): void {
    this.addresses.delete(resident);
    for (const group of groupsOf(resident.ip)) this.#leave(group);
  }

  /** Counts what the kernel has counted since. */
  count(): void {
    if (!this.#open) return;
    const frames = this.#socket.takeOverflow();
    this.#counters.received += frames;
    this.#counters.drop('overflow', frames);
  }

  close(): void {
    if (!this.#open) return;
    this.count();
    this.#open = false;
    this.#socket.close();
  }

  #join(group: Uint8Array): void {
    const key = addressText(group);
    const members = this.#groups.get(key) ?? 0;
    this.#groups.set(key, members + 1);
    if (members === 0 && this.#open) this.#socket.join(group);
  }

  #leave(group: Uint8Array): void {
    const key = addressText(group);
    const members = (this.#groups.get(key) ?? 0) - 1;
    if (members > 0) {
      this.#groups.set(key, members);
      return;
    }
    this.#groups.delete(key);
    if (this.#open) this.#socket.leave(group);
  }
}

/** RFC 4861 section 7.2.1, and all-nodes for what others advertise: the host itself may have IPv6 turned off. */
function groupsOf(ip: Uint8Array): readonly Uint8Array[] {
  return ip.length === 4 ? [] : [solicitedNodeGroup(ip), ALL_NODES];
}
