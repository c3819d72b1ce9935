import { errno, must, SystemError, type Libc } from './libc.ts';
import { encodeFilter, type Instruction } from './packet-filter.ts';

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;

/** Has the kernel leave out of a socket what the filter drops. @throws {SystemError} */
export function attachFilter(libc: Libc, fd: number, filter: readonly Instruction[]): void {
  const instructions = encodeFilter(filter);
  // struct sock_fprog: how many, padding, where they are; read within the call
  const program = new Uint8Array(16);
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length, true);
  view.setBigUint64(8, libc.addressOf(instructions), true);
  must('setsockopt', libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.byteLength));
}

/** Has the kernel leave out nothing any more, if there is a filter. @throws {SystemError} */
export function detachFilter(libc: Libc, fd: number): void {
  // Reads an int, and makes nothing of it.
  const result = libc.setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, new Uint8Array(4), 4);
  const failure = result < 0 ? libc.errno() : errno.ENOENT;
  if (failure !== errno.ENOENT) throw new SystemError('setsockopt', failure);
}

/** Whether that is why a filter could not be attached: it is longer than any may be (EINVAL), or than the memory for a socket's options has room for. */
export function isTooLong(error: unknown): error is SystemError {
  return error instanceof SystemError && (error.errno === errno.EINVAL || error.errno === errno.ENOMEM);
}
