import { attachFilter } from './attach-filter.ts';
import { errno, must, SystemError, type Libc, type Poll } from './libc.ts';
import { onLinkFilter } from './packet-filter.ts';
import { isLast, parseMessages, refusal, wasInterrupted, type Message } from './rtnetlink.ts';

// sys/socket.h, linux/netlink.h, linux/rtnetlink.h
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;

const interfaceGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;

/** The most that the kernel puts into one datagram. */
const datagramSize = 32_768;
/** The kernel answers while it is asked; a thread must not hang on it for ever all the same. */
const patienceSeconds = 10n;
/** While Pods come and go by the hundred, a reading of many interfaces is seldom left in peace at the first attempt. */
const attempts = 20;

/** Makes a request with this sequence number. */
type MakeRequest = (sequence: number) => Uint8Array;

/** Asks the kernel through a netlink socket of its own. One question at a time. */
export class RouteSocket {
  readonly #libc: Libc;
  readonly #datagram = new Uint8Array(new ArrayBuffer(datagramSize));
  #fd: number;
  #sequence = 0;

  /** @throws {SystemError} */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = openSocket(libc, 0);
    const patience = new Uint8Array(BigInt64Array.of(patienceSeconds, 0n).buffer);
    must('setsockopt', libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, patience, patience.byteLength));
  }

  /** Not while a `dump` goes on: the number of a closed descriptor is soon somebody else's. */
  close(): void {
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  /**
   * Everything of one sort. On a thread of the pool: while the kernel changes interfaces (hundreds of Pods that end) it may
   * keep a reader waiting, and the caller has neighbours to answer.
   * @throws {Error} when the kernel refuses or keeps changing what it lists
   */
  async dump(request: MakeRequest): Promise<Message[]> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const messages = await this.#dumpOnce(request);
      if (!messages.some(wasInterrupted)) return messages;
    }
    throw new Error('rtnetlink: the list changed during each of several readings');
  }

  async #dumpOnce(request: MakeRequest): Promise<Message[]> {
    const sequence = this.#next();
    if ((await this.#libc.sendBlocking(this.#fd, request(sequence))) < 0) throw new Error('rtnetlink: cannot ask');
    const messages: Message[] = [];
    for (let last: Message | undefined; last === undefined;) {
      const length = await this.#libc.recvBlocking(this.#fd, this.#datagram);
      if (length <= 0) throw new Error(`rtnetlink: no answer within ${patienceSeconds} s`);
      const read = parseMessages(this.#datagram.slice(0, length)).filter((message) => message.sequence === sequence);
      messages.push(...read);
      last = read.find(isLast);
      if (last !== undefined && refusal(last) !== 0) throw new SystemError('rtnetlink', refusal(last));
    }
    return messages;
  }

  /** One answer, at once; undefined if the kernel refuses, as it does where no route leads. */
  ask(request: MakeRequest): Message | undefined {
    const sequence = this.#next();
    const bytes = request(sequence);
    if (this.#libc.send(this.#fd, bytes, bytes.byteLength, 0) < 0) return undefined;
    // Answers to earlier questions, which were given up, come first.
    for (;;) {
      const length = this.#libc.recv(this.#fd, this.#datagram, datagramSize, 0);
      if (length <= 0) return undefined;
      const answer = parseMessages(this.#datagram.slice(0, length)).find((message) => message.sequence === sequence);
      if (answer !== undefined) return isLast(answer) ? undefined : answer;
    }
  }

  #next(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }
}

/**
 * Calls back after links or addresses have changed, or IPv6 routes that may say what is on a link, and when that may have been missed. Does
 * not keep the process alive.
 */
export class RouteMonitor {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #poll: Poll;
  readonly #datagram = new Uint8Array(new ArrayBuffer(datagramSize));

  /** @throws {SystemError} */
  constructor(libc: Libc, subject: 'interfaces' | 'routes', onChange: () => void) {
    this.#libc = libc;
    this.#fd =
      subject === 'interfaces'
        ? openSocket(libc, interfaceGroups)
        : openSocket(libc, RTMGRP_IPV6_ROUTE, (fd) => attachFilter(libc, fd, onLinkFilter));
    this.#poll = libc.poll(this.#fd, (failed) => {
      this.#discard();
      // ENOBUFS: messages were lost, which is a change as well.
      if (failed) this.#poll.restart();
      onChange();
    });
    this.#poll.unref();
  }

  close(): void {
    this.#poll.close();
    this.#libc.close(this.#fd);
  }

  /** What changed is read anew from the beginning, which needs no message to be understood. */
  #discard(): void {
    for (let read = 0; read < 64; read++) {
      const length = this.#libc.recv(this.#fd, this.#datagram, datagramSize, 0);
      if (length < 0 && this.#libc.errno() !== errno.ENOBUFS) return;
    }
  }
}

/** @param prepare is called before anything can come */
function openSocket(libc: Libc, groups: number, prepare?: (fd: number) => void): number {
  const nonBlocking = groups === 0 ? 0 : SOCK_NONBLOCK;
  const fd = must('socket', libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | nonBlocking, NETLINK_ROUTE));
  // struct sockaddr_nl: family, padding, port (the kernel gives one), groups
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  try {
    prepare?.(fd);
    must('bind', libc.bind(fd, address, address.byteLength));
    return fd;
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}
