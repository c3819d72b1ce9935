import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../lab/toolchain/programs.ts';
import { filesBelow } from './contents.ts';

/** A kind of machine that images are made for, in the words of all who name it. */
export interface Machine {
  readonly npm: 'x64' | 'arm64';
  /** Debian's word too. */
  readonly image: 'amd64' | 'arm64';
  /** `e_machine` of its programs and libraries (ELF). */
  readonly elf: number;
  /** Runs its programs on machines of another kind. */
  readonly emulator: Program;
}

export const MACHINES: readonly Machine[] = [
  { npm: 'x64', image: 'amd64', elf: 62, emulator: 'qemu-x86_64-static' },
  { npm: 'arm64', image: 'arm64', elf: 183, emulator: 'qemu-aarch64-static' },
];

/** @param name npm's word or that of images; default: this machine. @throws {Error} when no image is made for it */
export function machineOf(name: string = process.arch): Machine {
  const machine = MACHINES.find(({ npm, image }) => npm === name || image === name);
  if (machine === undefined) throw new Error(`no image is made for ${name}, but for amd64 and arm64`);
  return machine;
}

/** Programs and libraries below a folder that this kind of machine can't run, each with what it is for. */
export function foreignBinaries(folder: string, machine: Machine): string[] {
  return filesBelow(folder).flatMap((path) => {
    const kind = kindOf(join(folder, path));
    return kind === undefined || kind === `64-bit, machine ${machine.elf}` ? [] : [`${path}: ${kind}`];
  });
}

/** What a file's ELF header says it is for; undefined if it has none. Offsets are those of elf(5). */
export function kindOf(file: string): string | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  try {
    if (readSync(descriptor, header) < header.length) return undefined;
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const [is64Bit, isLittleEndian] = [header[4] === 2, header[5] === 1];
  return `${is64Bit ? '64' : '32'}-bit, machine ${isLittleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18)}`;
}
