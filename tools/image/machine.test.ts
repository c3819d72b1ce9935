import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTree } from '../lint/fixture-tree.ts';
import { foreignBinaries, machineOf } from './machine.ts';

/** The first 20 octets of an ELF file, as elf(5) has them. */
function elf(bits: 1 | 2, order: 1 | 2, machine: readonly [number, number]): Uint8Array {
  return Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, bits, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, ...machine);
}

test('programs and libraries of another kind of machine are found, whatever they are called', async () => {
  const binaries = {
    'amd64.node': elf(2, 1, [62, 0]),
    arm64: elf(2, 1, [183, 0]),
    'arm.so.1': elf(1, 1, [40, 0]),
    's390x.so': elf(2, 2, [0, 22]),
  };
  await withTree({ 'lib/index.js': '#!/usr/bin/env node', 'lib/short': '\x7fELF' }, (root) => {
    for (const [name, header] of Object.entries(binaries)) writeFileSync(join(root, 'lib', name), header);
    const others = ['arm.so.1: 32-bit, machine 40', 's390x.so: 64-bit, machine 22'];
    assert.deepEqual(foreignBinaries(join(root, 'lib'), machineOf('arm64')), [
      'amd64.node: 64-bit, machine 62',
      ...others,
    ]);
    assert.deepEqual(foreignBinaries(join(root, 'lib'), machineOf('amd64')), [
      others[0],
      'arm64: 64-bit, machine 183',
      others[1],
    ]);
    return Promise.resolve();
  });
});

test('machines are named as npm or as images name them', () => {
  assert.equal(machineOf('x64'), machineOf('amd64'));
  assert.throws(() => machineOf('riscv64'), /no image is made for riscv64/);
});
