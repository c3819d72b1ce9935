import type { Link, LinkLayer, LinkSocket, LinkSocketEvents, Neighbour } from '../../../platform/ports.ts';
import { addressText } from '../wire/address.ts';
import { decodeFrame, encodeFrame, type Packet } from '../wire/frame.ts';

export interface Sent {
  readonly link: string;
  readonly frame: Uint8Array;
  readonly packet: Packet;
}

interface OpenSocket {
  readonly index: number;
  readonly events: LinkSocketEvents;
  readonly groups: string[];
  overflow: number;
}

/** The links of one host, and what happens on their wires; every frame that is sent must be one that decodes. */
export class FakeLan implements LinkLayer {
  readonly sent: Sent[] = [];
  /** Link by address, for `linkTowards`. */
  readonly routes = new Map<string, string>();
  /** Why a link can't be opened, by name. */
  readonly refusals = new Map<string, string>();
  /** As `setNamed` was told last. */
  named: ReadonlySet<string> = new Set();
  readonly #links = new Map<number, Link>();
  readonly #sockets = new Set<OpenSocket>();
  readonly #watchers = new Set<() => void>();

  links(): readonly Link[] {
    return [...this.#links.values()];
  }

  setNamed(names: ReadonlySet<string>): void {
    this.named = names;
  }

  linkTowards(address: string): Link | undefined {
    const name = this.routes.get(address);
    return this.links().find((link) => link.name === name);
  }

  solicit(): void {}

  async neighbours(): Promise<readonly Neighbour[]> {
    return [];
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => void this.#watchers.delete(onChange);
  }

  open(index: number, events: LinkSocketEvents): LinkSocket {
    const name = this.#links.get(index)?.name ?? `#${index}`;
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) throw new Error(refusal);
    const socket: OpenSocket = { index, events, groups: [], overflow: 0 };
    this.#sockets.add(socket);
    return {
      send: (frame) => this.#send(socket, frame),
      join: (group) => void socket.groups.push(addressText(group)),
      leave: (group) => {
        const at = socket.groups.indexOf(addressText(group));
        if (at < 0) throw new Error('left a group that was not joined');
        socket.groups.splice(at, 1);
      },
      takeOverflow: () => {
        const { overflow } = socket;
        socket.overflow = 0;
        return overflow;
      },
      close: () => void this.#sockets.delete(socket),
    };
  }

  /** Adds a link or replaces it, and tells the watchers. */
  put(link: Link): void {
    this.#links.set(link.index, link);
    this.#notify();
  }

  remove(index: number): void {
    this.#links.delete(index);
    this.#notify();
  }

  /** The link's socket fails, as when the link vanishes before anybody has looked. */
  fail(index: number, reason = new Error('link is gone')): void {
    for (const socket of [...this.#sockets]) {
      if (socket.index !== index) continue;
      this.#sockets.delete(socket);
      socket.events.onGone(reason);
    }
  }

  /** A frame arrives on a link. */
  deliver(index: number, frame: Packet | Uint8Array): void {
    const octets = frame instanceof Uint8Array ? frame : encodeFrame(frame);
    const buffer = Uint8Array.from(octets);
    for (const socket of [...this.#sockets]) if (socket.index === index) socket.events.onFrame(buffer);
    // As the port says: valid only during the call.
    buffer.fill(0xee);
  }

  /** Frames arrive on a link for which there is no room. */
  overflow(index: number, frames: number): void {
    for (const socket of this.#sockets) if (socket.index === index) socket.overflow += frames;
  }

  /** A frame to a group that nobody has joined arrives on a link. */
  unwanted(index: number): void {
    for (const socket of this.#sockets) if (socket.index === index) socket.events.onUnwanted?.();
  }

  /** Groups joined on a link, sorted, each as often as it was joined. */
  groups(index: number): readonly string[] {
    return [...this.#sockets].flatMap((socket) => (socket.index === index ? socket.groups : [])).sort();
  }

  get openLinks(): readonly number[] {
    return [...this.#sockets].map(({ index }) => index).sort();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** What was sent since the last call. */
  take(): readonly Sent[] {
    return this.sent.splice(0);
  }

  #send(socket: OpenSocket, frame: Uint8Array): void {
    if (!this.#sockets.has(socket)) throw new Error('sent on a closed socket');
    const packet = decodeFrame(Uint8Array.from(frame));
    if (packet.kind === 'drop') throw new Error(`sent a bad frame: ${packet.reason}`);
    this.sent.push({ link: this.#links.get(socket.index)?.name ?? '', frame: Uint8Array.from(frame), packet });
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
