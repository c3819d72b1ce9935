import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Outcome } from '../../network/client.ts';
import { figureOf, sampleOf, type Sample } from './sample.ts';
import { isMet, losses, timeTable, trafficTable, type TrafficRow } from './table.ts';

/** One request each 10 ms, answered after 2 ms or given up after 300 ms: `+` or `-`. */
function outcomes(pattern: string): Outcome[] {
  return [...pattern].map((sign, i) =>
    sign === '+'
      ? { sentAt: 10 * i, endedAt: 10 * i + 2, status: 200, body: '' }
      : { sentAt: 10 * i, endedAt: 10 * i + 300, error: 'no answer within 300 ms' },
  );
}

const late = (count: number): ReadonlyMap<string, number> => new Map([['no answer within 300 ms', count]]);
const sample = (lossMs: number, lost: number, gapMs = lossMs): Sample => ({
  lossMs,
  gapMs,
  lost,
  lostByHash: lost === 0,
  sent: 1_000,
  errors: new Map(),
});

suite('what a client saw of a fault', () => {
  test('nothing, where all were answered', () => {
    assert.deepEqual(sampleOf(outcomes('++++'), 20), {
      lossMs: 0,
      gapMs: 0,
      lost: 0,
      lostByHash: true,
      sent: 4,
      errors: new Map(),
    });
  });

  test('the last loss counts from the fault, also where others between were answered; the gap does not', () => {
    assert.deepEqual(sampleOf(outcomes('+++-+-+-++'), 25), {
      lossMs: 45,
      gapMs: 22,
      lost: 3,
      lostByHash: false,
      sent: 10,
      errors: late(3),
    });
  });

  test('a request that was sent before the fault and got lost is lost', () => {
    assert.deepEqual(sampleOf(outcomes('+-++'), 15), {
      lossMs: 0,
      gapMs: 22,
      lost: 1,
      lostByHash: false,
      sent: 4,
      errors: late(1),
    });
  });

  test('what was lost was under way when the next hops changed, each of them, or was not', () => {
    const reset = (sentAt: number, endedAt: number): Outcome => ({ sentAt, endedAt, error: 'read ECONNRESET' });
    const isByHash = (...changes: number[]): boolean =>
      sampleOf([reset(1_000, 1_002), reset(5_000, 5_300)], 0, changes).lostByHash;
    assert.equal(isByHash(1_001, 5_150), true);
    assert.equal(isByHash(1_030, 5_150), true, 'heard a little later');
    assert.equal(isByHash(999, 5_150), false, 'before it was sent');
    assert.equal(isByHash(1_001), false);
    assert.equal(sampleOf([reset(1_000, 1_002)], 0).lostByHash, false, 'one alone is no less lost');
  });

  test('resets are told by their name', () => {
    const reset = { sentAt: 0, endedAt: 1, error: 'read ECONNRESET' };
    assert.deepEqual(
      [...sampleOf([reset, { ...reset, error: 'connect ECONNRESET 10.0.0.1:80' }], 0).errors],
      [['ECONNRESET', 2]],
    );
  });

  test('the median is by nearest rank', () => {
    assert.deepEqual(figureOf([30, 10, 20, 40]), { median: 20, worst: 40 });
  });
});

suite('the table', () => {
  const row: TrafficRow = {
    what: 'a node dies',
    traffic: 'BGP',
    goal: { lossMs: 3_000 },
    samples: [sample(1_900, 60, 40), sample(2_100, 70, 60), sample(1_800, 50, 50)],
  };

  test('has median and worst, and whether all runs met the goal', () => {
    assert.equal(
      trafficTable([row]).split('\n')[2],
      '| a node dies | BGP | 3 s | 1.90 s (2.10) | 0.05 s (0.06) | 60 (70) | 3 | met |',
    );
    assert.equal(isMet({ ...row, samples: [...row.samples, sample(3_001, 90)] }), false);
  });

  test('a goal of none lost is met by none only', () => {
    const none: TrafficRow = { ...row, goal: { lost: 0 }, samples: [sample(0, 0)] };
    assert.equal(trafficTable([none]).split('\n')[2], '| a node dies | BGP | none lost | – | – | 0 | 1 | met |');
    const lost = trafficTable([{ ...none, samples: [sample(0, 0), sample(10, 1)] }]);
    assert.equal(
      lost.split('\n')[2],
      '| a node dies | BGP | none lost | 0.00 s (0.01) | 0.00 s (0.01) | 0 (1) | 2 | **missed** |',
    );
  });

  test('a goal of none lost but by the hash is met by what a router hashed anew, and by nothing else', () => {
    const byHash = { ...sample(10, 1), lostByHash: true };
    const moved: TrafficRow = { ...row, goal: { lostByHash: true }, samples: [byHash, sample(0, 0)] };
    assert.match(trafficTable([moved]), /\| none lost but under way when the route changes \|.*\| met \|$/);
    assert.equal(isMet({ ...moved, samples: [byHash, sample(10, 1)] }), false);
  });

  test('a goal of some answer in every such time is met by a few lost ones', () => {
    const moved: TrafficRow = { ...row, goal: { gapMs: 300 }, samples: [sample(9_000, 2, 120)] };
    assert.equal(
      trafficTable([moved]).split('\n')[2],
      '| a node dies | BGP | 0.3 s without an answer | 9.00 s (9.00) | 0.12 s (0.12) | 2 (2) | 1 | met |',
    );
    assert.equal(isMet({ ...moved, samples: [sample(301, 1)] }), false);
  });

  test('what was lost is told where the goal was missed', () => {
    const resets = { ...sample(0, 2), errors: new Map([['ECONNRESET', 2]]) };
    const missed: TrafficRow = { ...row, goal: { lost: 0 }, samples: [resets, sample(0, 0), resets] };
    assert.deepEqual(losses([row, missed]), ['a node dies, BGP: 4 ECONNRESET in 2 of 3 runs']);
  });

  test('times that no client sees have their own, and what never ended says so', () => {
    const times = [{ what: 'routes after the session', goalMs: 1_000, times: [100, 300, 200] }];
    assert.equal(timeTable(times).split('\n')[2], '| routes after the session | 1 s | 0.20 s (0.30) | 3 | met |');
    assert.match(trafficTable([{ ...row, samples: [sample(9_000, 900, Infinity)] }]), /never s \(never\)/);
  });
});
