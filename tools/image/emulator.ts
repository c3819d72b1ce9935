import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../lab/toolchain/programs.ts';
import { machineOf, type Machine } from './machine.ts';

/**
 * What to run a program of a file system with, inside of it; nothing if this machine can run it. It is put there: whoever has run the program takes it
 * away again.
 * @throws {Error} when this machine has no emulator
 */
export function emulatorIn(rootfs: string, machine: Machine): string[] {
  if (machine === machineOf()) return [];
  const program = findProgram(machine.emulator);
  if (program === undefined) throw new Error(`this machine has no ${machine.emulator}`);
  copyFileSync(program, join(rootfs, machine.emulator));
  chmodSync(join(rootfs, machine.emulator), 0o755);
  return [`/${machine.emulator}`];
}
