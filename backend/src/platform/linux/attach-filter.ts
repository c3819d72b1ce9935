import { must, type Libc } from './libc.ts';
import { encodeFilter, type Instruction } from './packet-filter.ts';

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

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
