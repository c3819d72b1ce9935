import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { LanRecord } from '../lan/records.ts';
import type { Fault } from './faults.ts';
import { judgeOwners, judgeOwnersDeath } from './lan.ts';

const ip = '10.50.0.128';

/** `mac` speaks for the address once a second from one moment to another. */
function speaking(mac: string, from: number, to: number): LanRecord[] {
  const count = Math.floor((to - from) / 1_000) + 1;
  return Array.from({ length: count }, (_, i) => {
    const about = { ip, from: ip, mac, source: mac, destination: 'ff:ff:ff:ff:ff:ff' };
    return { at: from + 1_000 * i, kind: 'gratuitous', ...about };
  });
}

suite('owners of an address on the LAN', () => {
  const span = { from: 0, to: 30_000 };
  const judge = (records: readonly LanRecord[], fault?: Fault): ReturnType<typeof judgeOwners> =>
    judgeOwners(records, ip, {
      span,
      factor: 1,
      happened: fault === undefined ? [] : [{ fault, from: 8_000, to: 12_000 }],
    });
  const double = [...speaking('a', 0, 12_000), ...speaking('b', 9_000, 30_000)];

  test('are one at a time, but for a second when it moves', () => {
    const moved = [...speaking('a', 0, 10_000), ...speaking('b', 9_500, 30_000)];
    assert.deepEqual(judge(moved), { judgedMs: 30_000, overlaps: [] });
    assert.deepEqual(judge(double), { judgedMs: 30_000, overlaps: [3_000] });
  });

  test('may be two where nodes do not hear each other, until they have met again, and nowhere else', () => {
    assert.deepEqual(judge(double, { kind: 'node-apart', node: 'n1' }), { judgedMs: 21_000, overlaps: [] });
    assert.deepEqual(judge(double, { kind: 'replica-suspended', node: 'n1' }), { judgedMs: 30_000, overlaps: [3_000] });
    const late = [...speaking('a', 0, 24_000), ...speaking('b', 9_000, 30_000)];
    assert.deepEqual(judge(late, { kind: 'node-apart', node: 'n1' }).overlaps, [7_000]);
  });
});

suite('the death of an owner', () => {
  const death = { from: 5_000, to: 12_000 };
  const about = { mac: 'a', death, factor: 1 };

  test('is over for the address when another one speaks for it', () => {
    const records = [...speaking('a', 0, 4_900), ...speaking('b', 7_000, 12_000)];
    assert.deepEqual(judgeOwnersDeath(records, ip, about), { ms: 2_000, allowedMs: 2_500, couldFail: true });
    assert.equal(judgeOwnersDeath(records, ip, { ...about, mac: 'b' }), undefined);
  });

  test('lasts to its end where nobody does, and shows nothing where that is too soon', () => {
    const records = speaking('a', 0, 4_900);
    assert.deepEqual(judgeOwnersDeath(records, ip, about), { ms: 7_000, allowedMs: 2_500, couldFail: true });
    const short = { ...about, death: { from: 5_000, to: 7_000 } };
    assert.equal(judgeOwnersDeath(records, ip, short)?.couldFail, false);
  });
});
