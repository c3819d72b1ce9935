import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { Farewell } from './farewell.ts';

interface Scene {
  readonly clock: FakeClock;
  readonly farewell: Farewell;
  readonly said: () => void;
  readonly hasEnded: () => Promise<boolean>;
}

function ending(): Scene {
  const clock = new FakeClock();
  const farewell = new Farewell(clock);
  let [said, ended] = [(): void => undefined, false];
  void farewell.end((then) => (said = then)).then(() => (ended = true));
  const hasEnded = async (): Promise<boolean> => {
    await new Promise(setImmediate);
    return ended;
  };
  return { clock, farewell, said: () => said(), hasEnded };
}

test('who leaves does when all is said', async () => {
  const { clock, said, hasEnded } = ending();
  assert.equal(await hasEnded(), false);
  said();
  assert.equal(await hasEnded(), true);
  assert.equal(clock.pendingTimers, 0);
});

test('a router has two seconds from when it is its turn, however long others had theirs before', async () => {
  const { clock, farewell, hasEnded } = ending();
  clock.advance(4_000);
  farewell.turnCame();
  clock.advance(1_000);
  farewell.turnCame();
  clock.advance(999);
  assert.equal(await hasEnded(), false);
  clock.advance(1);
  assert.equal(await hasEnded(), true);
});

test('nobody leaves later because a turn never comes', async () => {
  const { clock, farewell, hasEnded } = ending();
  clock.advance(5_000);
  assert.equal(await hasEnded(), true);
  farewell.turnCame();
  assert.equal(clock.pendingTimers, 0);
});
