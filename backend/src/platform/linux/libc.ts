import type koffiModule from 'koffi';
import { createRequire } from 'node:module';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

/** What is called of the C library, with its own arguments. Failing calls return -1 and set `errno`. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  /** What `value` has room for is put there; `length` is a socklen_t, in and out. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, address: Uint8Array, size: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  /** The interface's index; 0 if there is none of that name. */
  if_nametoindex(name: string): number;
  /** Its name, which is put into `name` (16 octets) too; null if there is no such interface. */
  if_indextoname(index: number, name: Uint8Array): string | null;
  /** `send` and `recv` on a thread of the pool, for calls that may block; errno is not kept. */
  sendBlocking(fd: number, bytes: Uint8Array): Promise<number>;
  recvBlocking(fd: number, bytes: Uint8Array): Promise<number>;
  /** Of the last call on this thread. */
  errno(): number;
  /** Where the bytes are; valid while the caller keeps them. */
  addressOf(bytes: Uint8Array): bigint;
  /** Has the event loop call back while `fd` is readable or has an error (`failed`, after which it has to be started again). */
  poll(fd: number, callback: (failed: boolean) => void): Poll;
}

export interface Poll {
  restart(): void;
  /** Lets the process end although it polls. */
  unref(): void;
  /** Before the descriptor is closed. */
  close(): void;
}

type Koffi = typeof koffiModule;

// Names of the calls as koffi reads them. All are in glibc and musl; sizes fit any 64-bit Linux.
const prototypes = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  close: 'int close(int fd)',
  getsockname: 'int getsockname(int fd, void *address, void *length)',
  setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
  send: 'long send(int fd, const void *bytes, size_t length, int flags)',
  sendto: 'long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t size)',
  recv: 'long recv(int fd, void *bytes, size_t length, int flags)',
  recvmmsg: 'int recvmmsg(int fd, void *headers, uint32_t count, int flags, void *timeout)',
  if_nametoindex: 'uint32_t if_nametoindex(const char *name)',
  if_indextoname: 'const char *if_indextoname(uint32_t index, void *name)',
};

let loaded: Libc | undefined;

/**
 * The C library of this process. Loaded when first needed.
 * @throws {Error} where koffi has no binary for this platform, or this is no Linux
 */
export function libc(): Libc {
  return (loaded ??= load());
}

function load(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const library = koffi.load(null);
  const calls = Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]),
  ) as unknown as Pick<Libc, keyof typeof prototypes>;
  return {
    ...calls,
    sendBlocking: (fd, bytes) => inPool(calls.send, fd, bytes),
    recvBlocking: (fd, bytes) => inPool(calls.recv, fd, bytes),
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
    poll: (fd, callback) => poll(koffi, fd, callback),
  };
}

type Transfer = Libc['send'];

function inPool(call: Transfer, fd: number, bytes: Uint8Array): Promise<number> {
  const { async } = call as Transfer & {
    async(...args: [...Parameters<Transfer>, (error: Error | null, result: number) => void]): void;
  };
  return new Promise((resolve, reject) => {
    async(fd, bytes, bytes.byteLength, 0, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

function poll(koffi: Koffi, fd: number, callback: (failed: boolean) => void): Poll {
  // koffi calls with libuv's status first, which its declarations leave out: negative after POLLERR, and then it polls no more.
  const onEvent = (...args: readonly unknown[]): void => callback(typeof args[0] === 'number' && args[0] < 0);
  const handle = koffi.node.poll(fd, onEvent);
  return {
    restart: () => handle.start(onEvent),
    unref: () => handle.unref(),
    close: () => handle.close(),
  };
}

/** Of a failed call: `bind: no such device (ENODEV)`. */
export class SystemError extends Error {
  readonly errno: number;

  constructor(call: string, errno: number) {
    super(`${call}: ${getSystemErrorMessage(-errno)} (${getSystemErrorName(-errno)})`);
    this.name = 'SystemError';
    this.errno = errno;
  }
}

/** The result of a call that must not fail. @throws {SystemError} */
export function must(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, libc().errno());
  return result;
}

/** errno(3), as on every architecture that Node.js has binaries for. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENETDOWN: 100,
  ENOBUFS: 105,
} as const;
