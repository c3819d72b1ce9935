import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLdd } from './libraries.ts';

test('ldd names libraries, the loader and the vdso; the vdso is no file', () => {
  // `ldd` of Debian 12 for Node.js 24.
  const output = [
    '\tlinux-vdso.so.1 (0x00007fc100409000)',
    '\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007fc100000000)',
    '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fc0ffe1e000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007fc10040b000)',
  ].join('\n');
  assert.deepEqual(parseLdd(output), [
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('a missing library is an error that names it', () => {
  assert.throws(() => parseLdd('\tlibatomic.so.1 => not found\n'), /no libatomic\.so\.1/);
});
