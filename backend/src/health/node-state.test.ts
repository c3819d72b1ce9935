import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  AILING_GAP_MS,
  charge,
  dampingMs,
  DOUBT_MS,
  isUnsettled,
  MAX_DAMPING_MS,
  newNode,
  step,
  type NodeState,
  type ProbeResult,
} from './node-state.ts';

const well: ProbeResult = { kind: 'well', status: 200 };
const refused: ProbeResult = { kind: 'ailing', status: undefined, why: 'refused' };
const ill: ProbeResult = { kind: 'ailing', status: 503, why: '503' };
const silent: ProbeResult = { kind: 'silent', why: 'no answer' };
const nothing: ProbeResult = { kind: 'void', why: 'our own link is down' };

/** A probe each half second, from just after the last one. */
function probed(state: NodeState, ...results: ProbeResult[]): NodeState {
  const from = state.last?.at ?? 0;
  return results.reduce((now, result, i) => step(now, { type: 'probe', at: from + (i + 1) * 500, result }), state);
}

const many = (count: number, result: ProbeResult): ProbeResult[] => Array.from({ length: count }, () => result);
const alive = probed(newNode(0), well, well);

suite('a node is accused', () => {
  test('of silence after three misses, and of ailing after 15 s', () => {
    assert.equal(charge(probed(alive, silent, silent)), undefined);
    assert.equal(charge(probed(alive, silent, silent, silent)), 'silent');
    assert.equal(charge(probed(alive, ...many(30, refused))), undefined);
    assert.equal(charge(probed(alive, ...many(31, refused))), 'ailing');
  });

  test('never if it has never answered, however often it is asked', () => {
    assert.equal(charge(probed(newNode(0), ...many(100, refused), ...many(100, silent))), undefined);
    assert.equal(charge(probed(newNode(0), ...many(31, ill))), 'ailing', '503 is an answer');
  });

  test('of ailing by what was seen only: a gap counts for little', () => {
    const first = step(alive, { type: 'probe', at: 2_000, result: refused });
    const later = step(first, { type: 'probe', at: 600_000, result: refused });
    assert.equal(later.ailing?.forMs, AILING_GAP_MS);
  });

  test('of ailing if it is now silent, now refuses', () => {
    const alternating = Array.from({ length: 62 }, (_, i) => (i % 2 === 0 ? silent : refused));
    assert.equal(charge(probed(alive, ...alternating)), 'ailing');
  });

  test('no more once it answers', () => {
    for (const bad of [silent, refused]) {
      const state = probed(alive, ...many(40, bad), well);
      assert.equal(charge(state), undefined);
      assert.deepEqual([state.misses, state.ailing, state.witness], [0, undefined, undefined]);
    }
  });
});

suite('a ruling', () => {
  const accused = probed(alive, silent, silent, silent);
  const at = 10_000;

  test('dead, hold, leave', () => {
    const health = (ruling: 'dead' | 'hold' | 'leave'): string => step(accused, { type: 'ruling', at, ruling }).health;
    assert.deepEqual([health('dead'), health('hold'), health('leave')], ['dead', 'alive', 'unknown']);
  });

  test('hold, again and again: unknown in the end, but a dead node stays dead', () => {
    const held = step(accused, { type: 'ruling', at, ruling: 'hold' });
    assert.equal(step(held, { type: 'ruling', at: at + DOUBT_MS, ruling: 'hold' }).health, 'unknown');
    const dead = step(accused, { type: 'ruling', at, ruling: 'dead' });
    const stillDead = step(dead, { type: 'ruling', at, ruling: 'hold' });
    assert.equal(step(stillDead, { type: 'ruling', at: at + DOUBT_MS, ruling: 'hold' }).health, 'dead');
  });

  test('void probes: unknown in the end, without a miss', () => {
    const state = probed(alive, nothing);
    const later = step(state, { type: 'probe', at: 1_500 + DOUBT_MS, result: nothing });
    assert.deepEqual([state.health, later.health, later.misses], ['alive', 'unknown', 0]);
  });

  test('void probes of a dead node, however long: it stays dead', () => {
    const dead = step(accused, { type: 'ruling', at, ruling: 'dead' });
    const since = step(dead, { type: 'probe', at, result: nothing });
    assert.equal(step(since, { type: 'probe', at: at + DOUBT_MS, result: nothing }).health, 'dead');
  });
});

test('a flapping node waits twice as long each time, up to a minute', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(dampingMs), [
    0,
    4_000,
    8_000,
    16_000,
    32_000,
    MAX_DAMPING_MS,
    MAX_DAMPING_MS,
  ]);
});

test('a node is asked again soon while the next probes decide', () => {
  const dead = step(probed(alive, silent, silent, silent), { type: 'ruling', at: 5_000, ruling: 'dead' });
  const cases: [NodeState, boolean][] = [
    [newNode(0), false],
    [probed(newNode(0), well), true],
    [alive, false],
    [probed(alive, silent), true],
    [probed(alive, silent, silent), true],
    [probed(alive, silent, silent, silent), false],
    [probed(newNode(0), silent), false],
    [dead, false],
    [probed(dead, well), true],
    [probed(dead, silent), false],
  ];
  for (const [state, unsettled] of cases) assert.equal(isUnsettled(state), unsettled, JSON.stringify(state));
});

function assertAllowed(before: NodeState, now: NodeState, why: string): void {
  if (!now.known) assert.equal(now.health, 'unknown');
  if (now.health === before.health) return;
  if (now.health === 'dead') assert.equal(why, 'dead');
  if (now.health === 'alive') assert.ok(why === 'well' && now.hits >= 2);
}

test('whatever happens: only a ruling kills, only answers revive, and who never answered is unknown', () => {
  const results = fc.constantFrom(well, refused, ill, silent, nothing);
  const event = fc.oneof(
    { weight: 8, arbitrary: results.map((result) => ({ type: 'probe' as const, result })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('dead', 'hold', 'leave').map((ruling) => ({ type: 'ruling' as const, ruling })),
    },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.integer({ min: 1, max: 20_000 })), { maxLength: 80 }), (history) => {
      let [state, at] = [newNode(0), 0];
      for (const [happening, later] of history) {
        at += later;
        const before = state;
        // As the prober does it: nobody is ruled on who isn't accused.
        if (happening.type === 'ruling' && charge(state) === undefined) continue;
        state = step(state, { ...happening, at });
        assertAllowed(before, state, happening.type === 'ruling' ? happening.ruling : happening.result.kind);
      }
    }),
  );
});
