import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { aPeer, aPool, endpointsOn, sharingTerms } from '../domain/testing/builders.ts';
import type { InputDelta } from '../engine/messages.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { decode, encode, FORMAT, MAX_AGE_MS, objection, type Saved, type SavedHeader } from './codec.ts';
import { anyInputs } from './testing/arbitrary-inputs.ts';

const HEADER = { owner: 'pod-1', freshAt: 1_000, freshSinceBoot: { boot: 'boot-1', ms: 5 } };
const EMPTY: Saved['inputs'] = {
  ...{ services: new Map(), endpoints: new Map(), nodes: new Map(), pools: new Map() },
  ...{ peers: new Map(), passwords: new Map() },
  ...{ settings: null, replicas: [] },
};

function encoded(inputs: InputDelta, header = HEADER): { bytes: Uint8Array; steps: number } {
  const work = encode(header, inputs);
  for (let steps = 0; ; steps += 1) {
    const step = work.next();
    if (step.done === true) return { bytes: step.value, steps };
  }
}

function decoded(bytes: Uint8Array): Saved {
  const saved = decode(bytes);
  assert.ok(saved.ok, saved.ok ? '' : saved.message);
  return saved.value;
}

function refusal(bytes: Uint8Array): string {
  const saved = decode(bytes);
  return saved.ok ? 'not refused' : saved.message;
}

/** As many Services as it takes for several blocks. */
function many(count: number): Saved['inputs'] {
  const keys = Array.from({ length: count }, (_, i) => `shop/web-${i}`);
  const service = (key: string, i: number): [string, NonNullable<ReturnType<typeof holding>>] => [key, holding(key, i)];
  return {
    ...EMPTY,
    services: new Map(keys.map(service)),
    endpoints: new Map(keys.map((key) => [key, endpointsOn(['n1', 'n2'])])),
  };
}

function holding(key: string, i: number) {
  const assignments = [{ pool: 'public', ip: `172.30.${i >> 8}.${i & 255}` }];
  const rest = { trafficPolicy: 'Cluster', sharing: sharingTerms(), announcedBefore: true } as const;
  return { key, uid: `uid-${key}`, createdAt: 1_000, ...rest, assignments };
}

/** A file with a checksum that is right, whatever its content. */
function forged(parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
  const format = Buffer.alloc(4);
  format.writeUInt32BE(FORMAT);
  return Buffer.concat([Buffer.from('porterlb'), format, createHash('sha256').update(content).digest(), content]);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

suite('the file of saved inputs', () => {
  test('gives back what went in, for any inputs', () => {
    fc.assert(
      fc.property(anyInputs, fc.string(), fc.nat(), (inputs, owner, freshAt) => {
        const header = { owner, freshAt, freshSinceBoot: { boot: owner, ms: freshAt } };
        assert.deepEqual(decoded(encoded(inputs, header).bytes), { ...header, inputs });
      }),
    );
  });

  test('holds thousands of Services, written step by step', () => {
    const inputs = many(3_000);
    const { bytes, steps } = encoded(inputs);
    assert.deepEqual(decoded(bytes).inputs, inputs);
    assert.ok(steps > 3, `${steps} steps`);
  });

  test('has what is absent as nothing, and leaves out what is gone', () => {
    const inputs = {
      pools: new Map([
        ['a', null],
        ['b', aPool('b', ['192.0.2.0/24'])],
      ]),
    };
    assert.deepEqual(decoded(encoded(inputs).bytes).inputs, {
      ...EMPTY,
      pools: new Map([['b', aPool('b', ['192.0.2.0/24'])]]),
    });
  });

  test('is refused whichever octet is another one, or missing', () => {
    const { bytes } = encoded({ ...many(2), peers: new Map([['r1', aPeer('r1', '192.0.2.1')]]) });
    for (let i = 0; i < bytes.length; i += 1) {
      const garbled = Uint8Array.from(bytes);
      garbled[i] = (garbled[i] ?? 0) ^ (1 << (i % 8));
      assert.notEqual(refusal(garbled), 'not refused', `octet ${i}`);
      assert.notEqual(refusal(bytes.subarray(0, i)), 'not refused', `cut at ${i}`);
    }
    assert.match(refusal(Buffer.concat([bytes, bytes])), /checksum/);
  });

  test('is refused if it is anything else, and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => refusal(bytes) === 'it is no file of ours'));
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), (parts) => {
        assert.notEqual(refusal(forged(parts)), 'not refused');
      }),
    );
  });

  test('is refused if it is of another version', () => {
    const bytes = Uint8Array.from(encoded(EMPTY).bytes);
    bytes[11] = FORMAT + 1;
    assert.equal(refusal(bytes), `it is of format ${FORMAT + 1}, this is format ${FORMAT}`);
  });

  test('is refused as a whole if one record is not as this version has it', () => {
    const written = { ...holding('shop/db', 1), sharing: { ...sharingTerms(), key: null } };
    const { uid: _missing, ...incomplete } = written;
    const good = ['services', 'shop/db', written];
    const withBlock = (records: unknown): string => refusal(forged([json(HEADER), deflateRawSync(json(records))]));
    const value = (changed: object): unknown => [good, ['services', 'shop/web', changed]];
    assert.equal(withBlock(value(written)), 'not refused');
    assert.match(withBlock(value(incomplete)), /uid/);
    assert.match(withBlock(value({ ...written, assignments: 'none' })), /assignments/);
    assert.match(withBlock(value({ ...written, newer: 1 })), /newer/);
    assert.match(withBlock([['secrets', '', {}]]), /can't be read/);
    assert.match(withBlock({}), /can't be read/);
  });
});

suite('saved inputs are not used', () => {
  const clock = new FakeClock();
  const from = (ageMs: number, boot = 'boot-0'): SavedHeader => ({
    owner: 'pod-1',
    freshAt: clock.wallTime().getTime() - ageMs,
    freshSinceBoot: { boot, ms: 0 },
  });

  test('by another Pod', () => {
    assert.equal(objection(from(0), 'pod-1', clock), undefined);
    assert.equal(objection(from(0), 'pod-2', clock), 'it is of pod-1');
  });

  test('when they are a day old', () => {
    assert.equal(objection(from(MAX_AGE_MS), 'pod-1', clock), undefined);
    assert.equal(objection(from(MAX_AGE_MS + 1), 'pod-1', clock), 'it is 24 hours old');
  });

  test('when they are from the future after a boot, but for a clock that was set back a little', () => {
    assert.equal(objection(from(-60_000), 'pod-1', clock), undefined);
    assert.equal(objection(from(-3_600_000), 'pod-1', clock), 'it is from the future, as this clock has it');
  });

  test('by the time that passed, whatever the wall clock was set to since', () => {
    for (const ageMs of [-3_600_000, 10 * MAX_AGE_MS]) {
      assert.equal(objection(from(ageMs, 'boot-1'), 'pod-1', clock), undefined);
    }
    const later = new FakeClock();
    later.advance(MAX_AGE_MS + 1);
    assert.equal(objection(from(0, 'boot-1'), 'pod-1', later), 'it is 24 hours old');
  });
});
