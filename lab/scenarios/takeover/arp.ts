/**
 * OpenELB's Layer 2 announcer as its neighbours see it, for the stand-in in its Pods: it answers ARP for addresses that it speaks for by its own
 * link's MAC address, says so twice to everybody when one is new, and never again. Who leaves falls silent: no word of it on the link.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { networkInterfaces } from 'node:os';

const LINK = 'eth0';
/** Where the image that this runs in has its packages. */
const PACKAGES = '/app/backend/src/';

/** Ethernet pads ARP to 60 octets with whatever there is: by this a witness tells these frames from all others. */
export const PADDING = 'the stand-in';

// sys/socket.h, linux/if_packet.h, linux/if_ether.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const ETH_P_ARP = 0x0806;

const [REQUEST, REPLY] = [1, 2];
const BROADCAST = Buffer.from('ffffffffffff', 'hex');
/** Ethernet and IPv4, with addresses of six and four octets (RFC 826). */
const HEADER = Buffer.from('0001080006040000', 'hex');

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly recv: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly if_nametoindex: (name: string) => number;
}

interface Koffi {
  load(path: null): { func(prototype: string): never };
  readonly node: { poll(fd: number, callback: () => void): unknown };
}

const PROTOTYPES: Readonly<Record<keyof Calls, string>> = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  send: 'long send(int fd, const void *bytes, size_t length, int flags)',
  recv: 'long recv(int fd, void *bytes, size_t length, int flags)',
  if_nametoindex: 'uint32_t if_nametoindex(const char *name)',
};

/** The node that answers for an address in Layer 2: the first by a hash of both. */
export function ownerOf(ip: string, nodes: readonly string[]): string | undefined {
  const rank = (node: string): string => createHash('sha256').update(`${node}#${ip}`).digest('hex');
  return [...nodes].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

const octets = (ip: string): Buffer => Buffer.from(ip.split('.').map(Number));

/** Speaks for addresses until its process ends. */
export class ArpAnnouncer {
  readonly #mac = Buffer.from(networkInterfaces()[LINK]?.[0]?.mac.replaceAll(':', '') ?? '', 'hex');
  readonly #announced = new Set<string>();
  readonly #calls: Calls;
  readonly #fd: number;
  readonly #received = Buffer.alloc(128);
  /** It hears as long as somebody has it. */
  readonly #kept: unknown[] = [];

  constructor() {
    const koffi = createRequire(PACKAGES)('koffi') as Koffi;
    const library = koffi.load(null);
    const calls = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]);
    this.#calls = Object.fromEntries(calls) as Calls;
    this.#fd = this.#calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ARP, 2);
    address.writeInt32LE(this.#calls.if_nametoindex(LINK), 4);
    if (this.#fd < 0 || this.#calls.bind(this.#fd, address, address.length) < 0) throw new Error(`no ARP on ${LINK}`);
    this.#kept.push(koffi.node.poll(this.#fd, () => this.#hear()));
  }

  /** From now on for these addresses and no others. */
  set(ips: readonly string[]): void {
    for (const ip of this.#announced) if (!ips.includes(ip)) this.#announced.delete(ip);
    for (const ip of ips.filter((each) => !this.#announced.has(each))) {
      this.#announced.add(ip);
      for (const operation of [REQUEST, REPLY]) this.#say(operation, ip, { mac: BROADCAST, ip: octets(ip) });
    }
  }

  #hear(): void {
    const frame = this.#received;
    while (this.#calls.recv(this.#fd, frame, frame.length, 0) >= 42) {
      const ip = frame.subarray(38, 42).join('.');
      const asker = { mac: Buffer.from(frame.subarray(22, 28)), ip: Buffer.from(frame.subarray(28, 32)) };
      if (frame.readUInt16BE(20) === REQUEST && this.#announced.has(ip)) this.#say(REPLY, ip, asker);
    }
  }

  #say(operation: number, ip: string, to: { readonly mac: Buffer; readonly ip: Buffer }): void {
    const frame = Buffer.alloc(60);
    frame.set([...to.mac, ...this.#mac]);
    frame.writeUInt16BE(ETH_P_ARP, 12);
    frame.set(HEADER, 14);
    frame.writeUInt16BE(operation, 20);
    frame.set([...this.#mac, ...octets(ip), ...to.mac, ...to.ip], 22);
    frame.write(PADDING, 42, 'latin1');
    this.#calls.send(this.#fd, frame, frame.length, 0);
  }
}
