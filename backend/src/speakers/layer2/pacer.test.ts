import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../platform/fake/clock.ts';
import { DueHeap } from './due-heap.ts';
import { Pacer, type Paced } from './pacer.ts';

interface Turn {
  readonly name: string;
  readonly at: number;
}

function pacing(perSecond: number): {
  clock: FakeClock;
  pacer: Pacer;
  turns: Turn[];
  player: (name: string, ...delays: number[]) => Paced;
} {
  const clock = new FakeClock();
  const pacer = new Pacer({ clock }, { perSecond });
  const turns: Turn[] = [];
  const player = (name: string, ...delays: number[]): Paced => ({
    turn: () => {
      turns.push({ name, at: clock.now() });
      return delays.shift();
    },
  });
  return { clock, pacer, turns, player };
}

test('a turn comes at once, and again after as long as it says', () => {
  const { clock, pacer, turns, player } = pacing(1000);
  pacer.now(player('a', 100, 200));
  pacer.run();
  assert.deepEqual(turns, [{ name: 'a', at: 0 }]);
  clock.advance(1000);
  assert.deepEqual(
    turns.map(({ at }) => at),
    [0, 100, 300],
  );
  assert.equal(clock.pendingTimers, 0);
});

test('who is due within a millisecond of a turn has his own then: timers are no finer, and another one would come late', () => {
  const { clock, pacer, turns, player } = pacing(1000);
  for (const [name, delayMs] of Object.entries({ a: 10, b: 10.9, c: 11 })) pacer.after(player(name), delayMs);
  clock.advance(10);
  assert.deepEqual(
    turns.map(({ name }) => name),
    ['a', 'b'],
  );
  clock.advance(1);
  assert.equal(turns.at(-1)?.name, 'c');
});

test('without `run` it comes with the next tick, never from within `now`', () => {
  const { clock, pacer, turns, player } = pacing(1000);
  pacer.now(player('a'));
  assert.deepEqual(turns, []);
  clock.advance(0);
  assert.equal(turns.length, 1);
});

test('many at once: no more than 50 ms of them in one go, never more than the rate afterwards, the last one first', () => {
  const { clock, pacer, turns, player } = pacing(1000);
  for (let i = 0; i < 500; i++) pacer.now(player(`p${i}`));
  pacer.run();
  assert.equal(turns.length, 50);
  assert.equal(turns[0]?.name, 'p499');
  clock.advance(100);
  assert.ok(turns.length >= 140 && turns.length <= 150, `${turns.length} after 100 ms`);
  clock.advance(400);
  assert.equal(turns.length, 500);
  assert.equal(turns.at(-1)?.name, 'p0');
  for (const [i, { at }] of turns.entries()) assert.ok(i < 50 + at, `turn ${i} at ${at} ms`);
});

test('who asks now goes before those whose time has come', () => {
  const { clock, pacer, turns, player } = pacing(20);
  for (let i = 0; i < 10; i++) pacer.after(player(`late ${i}`), 100);
  clock.advance(100);
  assert.equal(turns.length, 1);
  pacer.now(player('urgent'));
  clock.advance(50);
  assert.equal(turns[1]?.name, 'urgent');
});

test('a cancelled turn does not come, and one that is asked for again comes once', () => {
  const { clock, pacer, turns, player } = pacing(1000);
  const [a, b] = [player('a'), player('b')];
  pacer.now(a);
  pacer.after(b, 10);
  pacer.after(b, 20);
  pacer.cancel(a);
  pacer.run();
  clock.advance(1000);
  assert.deepEqual(turns, [{ name: 'b', at: 20 }]);
});

test('turns do not nest: one that asks for others, even by `run`, ends before they begin', () => {
  const { pacer, turns, player } = pacing(1000);
  const inner = player('inner');
  const outer: Paced = {
    turn: () => {
      pacer.now(inner);
      pacer.run();
      assert.deepEqual(turns, []);
      return undefined;
    },
  };
  pacer.now(outer);
  pacer.run();
  assert.equal(turns.length, 1);
});

test('after `close` no turn comes and no timer is left', () => {
  const { clock, pacer, turns, player } = pacing(10);
  for (let i = 0; i < 5; i++) pacer.now(player('a', 10));
  pacer.run();
  const before = turns.length;
  pacer.close();
  clock.advance(1000);
  assert.equal(turns.length, before);
  assert.equal(clock.pendingTimers, 0);
});

test('a heap gives what is due first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (dues) => {
      const heap = new DueHeap<{ due: number }>();
      for (const due of dues) heap.push({ due });
      const popped: number[] = [];
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) popped.push(entry.due);
      assert.deepEqual(
        popped,
        dues.toSorted((a, b) => a - b),
      );
    }),
  );
});
