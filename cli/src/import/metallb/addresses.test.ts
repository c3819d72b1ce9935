import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress, formatEntry, parseAddress, parseEntry } from './addresses.ts';

describe('addresses', () => {
  it('are read as Node.js reads them, and come out of their canonical text as they went in', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        const address = parseAddress(text);
        assert.equal(address !== undefined, isIP(text) !== 0 && !text.includes('%'));
        if (address === undefined) return;
        const canonical = formatAddress(address);
        assert.deepEqual(parseAddress(canonical), address);
        if (address.family === 'ipv6') assert.equal(new URL(`http://[${text}]`).hostname, `[${canonical}]`);
      }),
    );
  });

  it('of a prefix are all of it, whichever of them it is written with', () => {
    const entries = ['10.0.0.5/24', '2001:db8::7/64', '10.0.0.1-10.0.0.1'].map((text) => parseEntry(text));
    assert.deepEqual(
      entries.map((entry) => (entry === undefined ? '' : formatEntry(entry))),
      ['10.0.0.0/24', '2001:db8::/64', '10.0.0.1-10.0.0.1'],
    );
    for (const text of [
      '',
      '10.0.0.0',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.2-10.0.0.1',
      '10.0.0.1-::1',
      '::/129',
      '1-2-3',
    ])
      assert.equal(parseEntry(text), undefined, text);
  });
});
