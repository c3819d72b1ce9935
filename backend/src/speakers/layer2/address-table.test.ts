import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressTable, fingerprint } from './address-table.ts';
import { arpQuestion, ip, solicitation } from './testing/table.ts';
import { addressText } from './wire/address.ts';
import { encodeFrame } from './wire/frame.ts';
import { hex } from './wire/testing/hex.ts';

const octets = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  // Few values, so that fingerprints and neighbours are shared.
  fc.array(fc.nat(1), { minLength: 16, maxLength: 16 }).map((bits) => Uint8Array.from(bits)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

test('it finds what is in it, at any offset, and nothing else', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), octets), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.nat(20), (all, offset) => {
      const table = new AddressTable<{ ip: Uint8Array }>();
      const model = new Map<string, { ip: Uint8Array }>();
      for (const [adds, address] of all) {
        const entry = { ip: address };
        const known = model.get(addressText(address));
        if (adds) table.add(entry);
        else if (known !== undefined) table.delete(known);
        if (adds) model.set(addressText(address), entry);
        else model.delete(addressText(address));
      }
      for (const [, address] of all) {
        const buffer = Uint8Array.of(...new Uint8Array(offset), ...address, 7);
        const found = table.get(buffer, offset, address.length === 4 ? 4 : 16);
        assert.equal(found, model.get(addressText(address)));
      }
      assert.equal(table.size, model.size);
      assert.deepEqual(new Set(table), new Set(model.values()));
    }),
  );
});

test('addresses that share a fingerprint are told apart', () => {
  const table = new AddressTable<{ ip: Uint8Array }>();
  const one = { ip: hex('00000000 00000000 00000000 00000000') };
  const other = { ip: hex('00000000 00000000 00000001 c55773d5') };
  assert.equal(fingerprint(one.ip, 0, 16), fingerprint(other.ip, 0, 16));
  table.add(one);
  table.add(other);
  assert.equal(table.get(one.ip), one);
  assert.equal(table.get(other.ip), other);
  table.delete(one);
  assert.equal(table.get(one.ip), undefined);
  assert.equal(table.get(other.ip), other);
});

test('a frame about others is told by its octets alone', () => {
  const table = new AddressTable<{ ip: Uint8Array }>();
  table.add({ ip: ip('192.0.2.10') });
  table.add({ ip: ip('2001:db8::10') });
  const concerns = (packet: Parameters<typeof encodeFrame>[0]): boolean => table.mayConcern(encodeFrame(packet));
  assert.ok(concerns(arpQuestion('192.0.2.10')));
  assert.ok(concerns(arpQuestion('192.0.2.99', { senderIp: ip('192.0.2.10') })), 'somebody says it is theirs');
  assert.ok(!concerns(arpQuestion('192.0.2.11')));
  assert.ok(concerns(solicitation('2001:db8::10')));
  assert.ok(concerns(solicitation('2001:db8::99', { sourceIp: ip('2001:db8::10') })));
  assert.ok(!concerns(solicitation('2001:db8::11')));
  assert.ok(table.mayConcern(new Uint8Array(10)), 'what is wrong with a short frame is for the codec to say');
});
