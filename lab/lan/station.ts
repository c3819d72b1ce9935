import { openLinkLayer } from '../../backend/src/platform/linux/link-layer.ts';
import type { Link, LinkSocket, Logger } from '../../backend/src/platform/ports.ts';
import { addressOctets, multicastMac, solicitedNodeGroup } from '../../backend/src/speakers/layer2/wire/address.ts';
import { decodeFrame, encodeFrame, type Packet } from '../../backend/src/speakers/layer2/wire/frame.ts';
import { BROADCAST, NO_MAC } from '../../backend/src/speakers/layer2/wire/mac.ts';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** A machine's link `eth0` beside its kernel: it asks for addresses by frames of its own and hears the answers. */
export class Station {
  readonly #link: Link;
  readonly #socket: LinkSocket;
  #lost = 0;

  private constructor(link: Link, open: (onLost: () => void) => LinkSocket) {
    this.#link = link;
    this.#socket = open(() => void this.#lost++);
  }

  /** On the machine whose network namespace this process is in. */
  static async open(onPacket: (packet: Packet) => void): Promise<Station> {
    const layer = await openLinkLayer({ logger: silent });
    const link = layer.links().find(({ name }) => name === 'eth0');
    if (link === undefined) throw new Error('there is no eth0 here');
    const onFrame = (frame: Uint8Array): void => {
      const packet = decodeFrame(frame);
      if (packet.kind !== 'drop') onPacket(packet);
    };
    const onGone = (reason: Error): never => {
      throw reason;
    };
    return new Station(link, (onLost) => layer.open(link.index, { onFrame, onGone, onLost }));
  }

  /** Frames that the kernel did not take. */
  get lost(): number {
    return this.#lost;
  }

  get mac(): Uint8Array {
    return this.#link.mac;
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  /** Asks everybody for an address, as the kernel does that knows nothing of it. */
  question(address: string): Uint8Array {
    const ip = octets(address);
    const { mac } = this.#link;
    if (ip.length === 4) {
      const frame = { kind: 'arp', destination: BROADCAST, source: mac, operation: 'request' } as const;
      return encodeFrame({ ...frame, senderMac: mac, senderIp: this.#own(4), targetMac: NO_MAC, targetIp: ip });
    }
    const destinationIp = solicitedNodeGroup(ip);
    return encodeFrame({
      ...{ kind: 'neighbor-solicitation', destination: multicastMac(destinationIp), source: mac },
      ...{ sourceIp: this.#own(16), destinationIp, target: ip, options: [{ type: 'source-link-layer', mac }] },
    });
  }

  #own(length: number): Uint8Array {
    const own = this.#link.prefixes.map((prefix) => octets(prefix.replace(/\/.*/, '')));
    const found = own.find((ip) => ip.length === length && ip[0] !== 0xfe);
    if (found === undefined) throw new Error('eth0 has no address to ask from');
    return found;
  }
}

export function octets(address: string): Uint8Array {
  const found = addressOctets(address);
  if (found === undefined) throw new RangeError(`${address} is no address`);
  return found;
}
