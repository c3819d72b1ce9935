/**
 * The ports through which time, randomness and sockets come in. Every port has a real twin in `linux/` and a fake one in
 * `fake/`; both pass the same compliance suite. Pure folders (`domain`, `allocate`, `announce`, `wire`) import none of them.
 */

/** A running timer. `cancel` is idempotent and, once it returns, the callback is never called. */
export interface Timer {
  cancel(): void;
}

export interface SinceBoot {
  /** Another one after each boot of the machine. */
  readonly boot: string;
  /** Milliseconds since then; goes on while the machine is suspended (CLOCK_BOOTTIME). */
  readonly ms: number;
}

export interface Clock {
  /** Milliseconds from an arbitrary origin, the same in all threads; never goes back, unaffected by changes of the wall clock. */
  now(): number;
  /** The wall clock, for timestamps that people and Kubernetes read. Never used for a deadline. */
  wallTime(): Date;
  /** For comparing moments of one process with another's on the same machine, whatever becomes of the wall clock; undefined: not known. */
  sinceBoot(): SinceBoot | undefined;
  /** Calls `callback` once, `delayMs` milliseconds (>= 0) from now, never synchronously. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** What a TCP socket needs beyond an address, most of it before it is connected. */
export interface TcpOptions {
  /**
   * Key of TCP-MD5 (RFC 2385), up to 80 octets of UTF-8: segments without a signature by it are dropped by the kernel, as are ours by a
   * peer that has another one. Without a word, so that both look like a peer that is away. Never log it.
   */
  readonly password?: string;
  /** TTL (hop limit) of our packets, 1 to 255; the system's default if left out. */
  readonly ttl?: number;
  /** Packets that arrive with a lower TTL are dropped by the kernel (GTSM, RFC 5082). */
  readonly minTtl?: number;
}

export interface DialOptions extends TcpOptions {
  /** IPv4 or IPv6 literal, without brackets; a link-local address carries its zone (`fe80::1%eth0`). */
  readonly host: string;
  readonly port: number;
  /** Source address to bind to. */
  readonly localAddress?: string;
  /** Time until the attempt is given up, in milliseconds. */
  readonly timeoutMs: number;
}

export interface ConnectionHandlers {
  onConnect(): void;
  onData(chunk: Uint8Array): void;
  /** After a `write` that returned more than 0: everything written so far has left user space. */
  onDrain(): void;
  /** Called exactly once, whoever closed and also if the connection never opened; nothing is called afterwards. */
  onClose(error?: Error): void;
}

/** What the other end's kernel has said of what was sent to it. */
export interface Delivery {
  /** Octets that it has acknowledged so far, which may be one more than were written. */
  readonly acknowledged: number;
  /** More is sent than that. Not so what waits for a reader that takes its time. */
  readonly isUnderWay: boolean;
}

/** One TCP connection, from the moment it is dialled. */
export interface Connection {
  /** Undefined until `onConnect`. */
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** How many octets have left user space so far; grows while a peer reads, however slowly. */
  readonly sentBytes: number;
  /** What has become of them; undefined where this host doesn't say, and before `onConnect`. */
  readonly delivery: Delivery | undefined;
  /** Queues bytes; returns how many bytes wait in user space (backpressure is the caller's to judge). */
  write(bytes: Uint8Array): number;
  /**
   * Signs by another key from now on, on a connection that was dialled with a password.
   * @throws {Error} for what the kernel refuses; never with the key in it
   */
  setPassword(password: string): void;
  /** Sends what is queued, then FIN. */
  end(): void;
  /** Drops what is queued and closes at once. */
  destroy(): void;
}

export interface Dialer {
  /** Never throws for what the network or the options say; no handler is called before it returns. */
  dial(options: DialOptions, handlers: ConnectionHandlers): Connection;
}

/** A connection that somebody else has opened to us. It is nobody's until it is opened or refused, one of which must happen at once. */
export interface IncomingConnection {
  /** A link-local address has its zone behind it. */
  readonly remoteAddress: string;
  /** `onConnect` follows; errors of the options come through `onClose`. A password is that of the listener for this address. */
  open(options: Omit<TcpOptions, 'password'>, handlers: ConnectionHandlers): Connection;
  /** @param farewell what the other end is told before, as far as it listens within a second */
  refuse(farewell?: Uint8Array): void;
}

export interface ListenHandlers {
  onConnection(incoming: IncomingConnection): void;
  /** It doesn't listen, or no longer; nothing follows. */
  onError(error: Error): void;
  /** The kernel has no room for the list of least TTLs: it goes on listening, and takes what asks for a connection with any. Once until there is room again. */
  onUnfiltered(error: Error): void;
}

export interface ListenOptions {
  /** IP literal; an unspecified one (`0.0.0.0`, `::`) stands for all addresses of its family alone. */
  readonly host: string;
  /** 0: any. */
  readonly port: number;
}

export interface ListeningSocket {
  /** Undefined until it listens. */
  readonly port: number | undefined;
  /**
   * The TCP-MD5 keys (RFC 2385) by the other end's address, all of them: whoever is in the list is heard with its key only, and who was in the one
   * before and isn't any more, without. Addresses of another family are left out. What the kernel refuses comes through `onError`.
   */
  setPasswords(passwords: ReadonlyMap<string, string>): void;
  /**
   * TTL (hop limit) of what answers whoever connects, and of connections that are opened without one of their own; undefined: the system's default.
   * What the kernel refuses comes through `onError`.
   */
  setTtl(ttl: number | undefined): void;
  /**
   * The least TTL (hop limit) by the other end's address, all of them (GTSM, RFC 5082): with less the kernel drops already what asks for a connection; 0: it
   * takes any, as of those who are not in the list, and of another family. Links are not told apart: of addresses that differ in the zone only the least
   * counts. What the kernel refuses comes through `onUnfiltered`.
   */
  setMinTtls(minTtls: ReadonlyMap<string, number>): void;
  /** Connections that were opened go on. */
  close(): void;
}

export interface Listeners {
  /** Never throws for what the network or the options say; no handler is called before it returns. */
  listen(options: ListenOptions, handlers: ListenHandlers): ListeningSocket;
}

export interface DatagramHandlers {
  onMessage(bytes: Uint8Array, from: { readonly host: string; readonly port: number }): void;
  /** The socket is bound; what was sent before has been kept for that. */
  onBound?(): void;
  /** The socket is unusable from here on. */
  onError(error: Error): void;
  /** One datagram was lost, as this host knows by itself (no route, an address of the other family); the socket goes on. */
  onLost?(error: Error, to: { readonly host: string; readonly port: number }): void;
}

/** A bound UDP socket. Sending never throws and may lose the datagram. */
export interface DatagramSocket {
  send(bytes: Uint8Array, port: number, host: string): void;
  close(): void;
}

export interface Datagrams {
  /** Binds `port` on `host` (an IP literal); failures come through `onError`. */
  bind(host: string, port: number, handlers: DatagramHandlers): DatagramSocket;
}

/** Who sent a datagram, and how far it may have come. */
export interface HopSender {
  /** A link-local address has its zone behind it (`fe80::1%eth0`). */
  readonly host: string;
  readonly port: number;
  /** TTL (hop limit) with which it came: 255 less the routers that it has come through, if it was sent so. */
  readonly ttl: number;
}

export interface HopDatagramHandlers {
  /** `bytes` are valid only during the call; what is longer than 512 octets comes cut. */
  onMessage(bytes: Uint8Array, from: HopSender): void;
  /** The socket is unusable from here on. */
  onError(error: Error): void;
}

export interface HopDatagramSocket {
  /** Sent at once, with TTL 255. Never throws and may lose the datagram. */
  send(bytes: Uint8Array, port: number, host: string): void;
  /** Hands out what has come so far now, not when the event loop has its turn: after a stall deadlines come before sockets there. */
  receive(): void;
  close(): void;
}

/** UDP for protocols that prove by the TTL that their packets come from the link (GTSM, RFC 5082); sent as network control traffic (CS6). */
export interface HopDatagrams {
  /**
   * Binds `port` on `host` (an IP literal; an unspecified one stands for all addresses of its family alone). Failures come through `onError`;
   * no handler is called before it returns.
   */
  bind(host: string, port: number, handlers: HopDatagramHandlers): HopDatagramSocket;
}

/** What this host's network interfaces look like from user space. */
export interface Links {
  /** The prefixes of the host's own addresses, loopback left out, as CIDR text (`192.0.2.7/24`). */
  connectedPrefixes(): readonly string[];
}

/** A network interface of this host that has an Ethernet address; those of containers and of the CNI are left out. */
export interface Link {
  /** Of the kernel: the same name may come back with another one. */
  readonly index: number;
  readonly name: string;
  /** Six octets. */
  readonly mac: Uint8Array;
  /** Administratively up, with a carrier. */
  readonly up: boolean;
  /**
   * Its own addresses with their prefix lengths, as CIDR text (`192.0.2.7/24`); link-local ones too. An IPv6 address without a subnet of its
   * own, as DHCPv6 gives it, has that of the on-link route around it, if no other address tells it.
   */
  readonly prefixes: readonly string[];
  /** A container's or the CNI's by its looks, and here because it was named: whatever its prefixes, it is nobody's way to them. */
  readonly isLeftAlone?: true;
}

/** Receives the ARP packets and neighbour solicitations and advertisements of one link, and sends frames on it. */
export interface LinkSocket {
  /** Sends an Ethernet frame. A link that is down, gone or full loses it; that is no error, as in any network. */
  send(frame: Uint8Array): void;
  /**
   * Enters an IPv6 group (16 octets): frames to its MAC address come as well, and where the link has IPv6, switches with MLD
   * snooping are told to send them here. Each join needs a leave. Frames to the link's own address and to all come without.
   */
  join(group: Uint8Array): void;
  leave(group: Uint8Array): void;
  /** How many frames came since it was asked last that the kernel had no room for, as this process did not take those before in time. */
  takeOverflow(): number;
  close(): void;
}

export interface LinkSocketEvents {
  /** A frame from the link, never one of our own. Valid only during the call: copy what you keep. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** The link is gone or can't be read any more; nothing follows, and `close` need not be called. */
  readonly onGone: (reason: Error) => void;
  /** A frame given to `send` was lost, as this host knows by itself; called within `send`. */
  readonly onLost?: (reason: Error) => void;
  /** A frame came to a group that nobody has joined here, as many devices pass them: `onFrame` is not called for it. */
  readonly onUnwanted?: () => void;
}

/** An entry of this host's neighbour tables: whoever it has lately sent packets to on a link. */
export interface Neighbour {
  /** Canonical text, without a zone. */
  readonly address: string;
  /** Six octets. */
  readonly mac: Uint8Array;
  /** Index of the link. */
  readonly link: number;
}

/** What this host's kernel found when it last wanted the MAC address of an address on a link (RFC 826, RFC 4861 7.3). */
export interface NeighbourWord {
  /** `absent`: nobody answers ARP or neighbour discovery; `unsure`: nobody was asked lately. */
  readonly state: 'known' | 'absent' | 'unsure';
  /** Milliseconds since its owner last gave a sign of life there; up to 60 too few. Undefined where it never did. */
  readonly confirmedMsAgo: number | undefined;
}

/** The neighbour tables of this host. They can be read without any right. */
export interface NeighbourTable {
  /**
   * Undefined for an address that is on no link of this host, or that nothing was sent to; rejects where the kernel doesn't say.
   *
   * @param address an IP literal in canonical text, without a zone
   */
  find(address: string): Promise<NeighbourWord | undefined>;
}

/** The data link layer of this host. Needs NET_RAW. */
export interface LinkLayer {
  /** The links as they are now, by index. */
  links(): readonly Link[];
  /**
   * Links of these names are there even if they look like a container's or the CNI's, which are left alone otherwise; those of earlier
   * calls no longer. Watchers are told what that changes.
   */
  setNamed(names: ReadonlySet<string>): void;
  /** The link that the kernel would use to reach an address (a text), or undefined if there is none or it leaves by loopback. */
  linkTowards(address: string): Link | undefined;
  /**
   * Has the host find out who has an IPv4 address on a link, whether or not its routes lead there; who answers is in `neighbours()` a
   * moment later. Nothing happens for a link that is gone, and for IPv6.
   */
  solicit(index: number, address: string): void;
  /** What the neighbour tables of the links hold now; rejects where the kernel doesn't say. */
  neighbours(): Promise<readonly Neighbour[]>;
  /** Calls back within a second after anything in `links()` changed. Returns how to end it. */
  watch(onChange: () => void): () => void;
  /** @throws Error that names the missing capability or the link */
  open(index: number, events: LinkSocketEvents): LinkSocket;
}

/** One file that this process keeps for its successor in the same Pod. */
export interface StateFile {
  /**
   * What was last written, or undefined if nothing was.
   *
   * @throws Error if there is something that can't be read, or that is larger than any state may be
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Takes the place of what was there, or on failure leaves that: a process that dies at any moment leaves one or the other, whole.
   *
   * @throws Error that says what the file system said
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Whether what is written is in memory and on no disk; false where nobody can tell. */
  isInMemory(): boolean;
}

/** How late an event loop comes to what is due, in seconds, over the last half to one minute. */
export interface LoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** What one thread uses. */
export interface ThreadUse {
  readonly heapUsedBytes: number;
  readonly loopDelay: LoopDelay;
}

/** What all threads of this process use. */
export interface ProcessUse {
  /** User and system time since it started. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly openFiles: number;
  /** Most files that it may open; undefined where there is no limit. */
  readonly maxFiles: number | undefined;
  /** Seconds since the epoch. */
  readonly startedAt: number;
}

/** What this thread, and its process, use of the machine. Each thread has its own. */
export interface Usage {
  thread(): ThreadUse;
  process(): ProcessUse;
  /** Ends the watching of the event loop. */
  stop(): void;
}

/** What a part does that the process can do without: its faults are told apart from those of the rest, and end nothing but that part. */
export interface FaultZone {
  /** Runs it as a part of that, with all that comes of it later. */
  run<T>(work: () => T): T;
  /** Calls `handler` with every error of the part that nobody has caught. */
  onFault(handler: (error: unknown) => void): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logger: fields first, then a constant message, as pino has it. Never pass a secret. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}
