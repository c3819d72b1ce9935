import ipaddr from 'ipaddr.js';
import { groupMac } from '../group-mac.ts';
import type { Clock, Link, LinkLayer, LinkSocket, LinkSocketEvents, Neighbour } from '../ports.ts';

/** What a test says of a link; the rest has defaults. */
export interface FakeLink {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly prefixes: readonly string[];
  readonly wire: FakeWire;
  /** It looks like a container's or the CNI's. */
  readonly looksForeign?: boolean;
}

/** Who takes frames from a wire. */
type Listener = (frame: Uint8Array) => void;

/** An Ethernet segment: what one end sends all others hear a moment later, unless they are cut off. */
export class FakeWire {
  readonly #clock: Clock;
  readonly #ends = new Map<object, Listener>();
  readonly #cut = new Set<object>();
  /** How long the next frame takes, in milliseconds. */
  delayMs: () => number = () => 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Connects somebody to the segment, as a host with a link of its own or as a sniffer. Returns how to send. */
  attach(end: object, listener: Listener): (frame: Uint8Array) => void {
    this.#ends.set(end, listener);
    return (frame) => {
      const copy = frame.slice();
      this.#clock.setTimer(this.delayMs(), () => {
        if (this.#cut.has(end)) return;
        for (const [other, hear] of [...this.#ends]) if (other !== end && !this.#cut.has(other)) hear(copy);
      });
    };
  }

  detach(end: object): void {
    this.#ends.delete(end);
    this.#cut.delete(end);
  }

  /** Loses every frame to and from an end. */
  cut(end: object): void {
    this.#cut.add(end);
  }

  heal(end: object): void {
    this.#cut.delete(end);
  }
}

/** The links of one host without a kernel. What `open` gives hears and sends as a NIC without promiscuous mode does. */
export class FakeLinkLayer implements LinkLayer {
  readonly #clock: Clock;
  readonly #links = new Map<number, FakeNic>();
  readonly #watchers = new Set<() => void>();
  readonly #neighbours: Neighbour[] = [];
  readonly #foreign = new Set<number>();
  #named: ReadonlySet<string> = new Set();
  #nextIndex = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  links(): readonly Link[] {
    return [...this.#links.values()].flatMap(({ link }) => {
      if (!this.#foreign.has(link.index)) return [link];
      return this.#named.has(link.name) ? [{ ...link, isLeftAlone: true as const }] : [];
    });
  }

  setNamed(names: ReadonlySet<string>): void {
    const before = this.links().length;
    this.#named = names;
    if (this.links().length !== before) this.#changed();
  }

  /** By the longest prefix of a link that is up; there is no default route. */
  linkTowards(address: string): Link | undefined {
    if (!ipaddr.isValid(address)) return undefined;
    const parsed = ipaddr.parse(address);
    const routes = this.links()
      .filter(({ isLeftAlone }) => isLeftAlone !== true)
      .flatMap((link) => link.prefixes.map((prefix) => ({ link, prefix: ipaddr.parseCIDR(prefix) })))
      .filter(({ prefix: [own] }) => own.kind() === parsed.kind());
    if (routes.some(({ prefix: [own] }) => own.toString() === parsed.toString())) return undefined;
    return routes
      .filter(({ link, prefix }) => link.up && parsed.match(prefix))
      .sort((a, b) => b.prefix[1] - a.prefix[1])
      .at(0)?.link;
  }

  /** Whoever is told here may `meet`. */
  onSolicit: (index: number, address: string) => void = () => undefined;

  solicit(index: number, address: string): void {
    if (this.#links.has(index)) this.onSolicit(index, address);
  }

  async neighbours(): Promise<readonly Neighbour[]> {
    return this.#neighbours.filter(({ link }) => this.#links.has(link));
  }

  watch(onChange: () => void): () => void {
    // One function may watch twice.
    const watcher = (): void => onChange();
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  open(index: number, events: LinkSocketEvents): LinkSocket {
    const nic = this.#links.get(index);
    if (nic === undefined) throw new Error(`cannot open link ${index}: no such device`);
    return nic.open(events);
  }

  /** Puts a link into the host and returns its index. */
  add({ name, mac, prefixes, wire, looksForeign = false }: FakeLink): number {
    const index = this.#nextIndex++;
    if (looksForeign) this.#foreign.add(index);
    this.#links.set(index, new FakeNic({ index, name, mac, prefixes, up: true }, wire));
    this.#changed();
    return index;
  }

  /** Enters somebody into the neighbour table, as after packets to them. */
  meet(neighbour: Neighbour): void {
    this.#neighbours.push(neighbour);
  }

  /** Changes what a link is like; a link that is not up neither hears nor sends. */
  change(index: number, changes: Partial<Pick<Link, 'mac' | 'up' | 'prefixes' | 'name'>>): void {
    const nic = this.#nic(index);
    nic.link = { ...nic.link, ...changes };
    this.#changed();
  }

  remove(index: number): void {
    const nic = this.#nic(index);
    this.#links.delete(index);
    nic.remove();
    this.#changed();
  }

  /** The end of a link on its wire, for FakeWire's `cut`. */
  end(index: number): object {
    return this.#nic(index);
  }

  #nic(index: number): FakeNic {
    const nic = this.#links.get(index);
    if (nic === undefined) throw new Error(`there is no link ${index}`);
    return nic;
  }

  #changed(): void {
    for (const watcher of this.#watchers) {
      this.#clock.setTimer(1, () => {
        if (this.#watchers.has(watcher)) watcher();
      });
    }
  }
}

class FakeNic {
  link: Link;
  readonly #wire: FakeWire;
  readonly #transmit: (frame: Uint8Array) => void;
  readonly #sockets = new Set<{ readonly events: LinkSocketEvents; readonly groups: Uint8Array[] }>();

  constructor(link: Link, wire: FakeWire) {
    this.link = link;
    this.#wire = wire;
    this.#transmit = wire.attach(this, (frame) => this.#hear(frame));
  }

  open(events: LinkSocketEvents): LinkSocket {
    const socket = { events, groups: [] as Uint8Array[] };
    this.#sockets.add(socket);
    return {
      send: (frame) => {
        if (!this.#sockets.has(socket)) return;
        if (this.link.up) this.#transmit(frame);
        else events.onLost?.(new Error('send: network is down'));
      },
      join: (group) => void socket.groups.push(group.slice()),
      leave: (group) => {
        const at = socket.groups.findIndex((each) => String(each) === String(group));
        if (at !== -1) socket.groups.splice(at, 1);
      },
      takeOverflow: () => 0,
      close: () => void this.#sockets.delete(socket),
    };
  }

  remove(): void {
    this.#wire.detach(this);
    for (const socket of [...this.#sockets]) {
      this.#sockets.delete(socket);
      socket.events.onGone(new Error(`the link ${this.link.index} is gone`));
    }
  }

  #hear(frame: Uint8Array): void {
    if (!this.link.up || !isOfInterest(frame)) return;
    const destination = String(frame.subarray(0, 6));
    for (const socket of [...this.#sockets]) {
      const groups = socket.groups.map((group) => String(groupMac(group)));
      const isToUs = [String(this.link.mac), '255,255,255,255,255,255', ...groups].includes(destination);
      if (isToUs && this.#sockets.has(socket)) socket.events.onFrame(frame);
    }
  }
}

/** ARP requests and replies, neighbour solicitations and advertisements; a VLAN's tag makes a frame another link's. */
function isOfInterest(frame: Uint8Array): boolean {
  const octet = (at: number): number => frame[at] ?? -1;
  const type = octet(12) * 256 + octet(13);
  if (type === 0x0806) return octet(20) === 0 && [1, 2].includes(octet(21));
  return type === 0x86dd && octet(20) === 58 && [135, 136].includes(octet(54));
}
