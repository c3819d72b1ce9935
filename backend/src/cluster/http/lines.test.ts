import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './lines.ts';

function split(chunks: readonly Buffer[], max = 1_000): { lines: string[]; splitter: LineSplitter } {
  const lines: string[] = [];
  const splitter = new LineSplitter(max, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, splitter };
}

describe('LineSplitter', () => {
  it('cuts at every byte alike, also within a character', () => {
    const bytes = Buffer.from('{"a":"ü"}\n{"b":"€"}\n\n{"c":1}\n');
    for (let at = 0; at <= bytes.length; at += 1) {
      const { lines, splitter } = split([bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepEqual(lines, ['{"a":"ü"}', '{"b":"€"}', '{"c":1}']);
      assert.equal(splitter.pendingBytes, 0);
    }
  });

  it('gives the same lines however the bytes arrive', () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !text.includes('\n') && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), (wanted, sizes) => {
        let rest = Buffer.from(wanted.map((text) => `${text}\n`).join(''));
        const chunks: Buffer[] = [];
        for (const size of sizes) {
          chunks.push(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        assert.deepEqual(split([...chunks, rest]).lines, wanted);
      }),
    );
  });

  it('refuses a line that is too long, at once or bit by bit, and takes one that just fits', () => {
    assert.deepEqual(split([Buffer.from(`${'x'.repeat(10)}\n`)], 10).lines, ['x'.repeat(10)]);
    assert.throws(() => split([Buffer.from(`${'x'.repeat(11)}\n`)], 10), RangeError);
    assert.throws(
      () =>
        split(
          Array.from({ length: 11 }, () => Buffer.from('x')),
          10,
        ),
      RangeError,
    );
  });

  it('knows that a line has not ended', () => {
    assert.equal(split([Buffer.from('a\nbcd')]).splitter.pendingBytes, 3);
  });
});
