import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { ViewFreshness } from './view-freshness.ts';

interface Bench {
  readonly clock: FakeClock;
  readonly view: ViewFreshness;
  readonly told: string[];
}

function bench(): Bench {
  const clock = new FakeClock();
  const told: string[] = [];
  const view = new ViewFreshness({
    clock,
    onChange: (stale) => told.push(`${stale ? 'stale' : 'fresh'} at ${clock.now()}`),
  });
  return { clock, view, told };
}

suite('the view of the API, in the eyes of the engine', () => {
  test('is what the main thread says', () => {
    const { clock, view, told } = bench();
    view.say(true);
    view.say(true);
    clock.advance(60_000);
    view.say(false);
    assert.deepEqual(told, ['stale at 0', 'fresh at 60000']);
  });

  test('is stale 6 s after the last proof, also if nobody says so, and fresh with the next', () => {
    const { clock, view, told } = bench();
    for (let at = 0; at <= 10_000; at += 1_000) {
      view.proven(at);
      clock.advance(1_000);
    }
    assert.deepEqual(told, []);
    clock.advance(20_000);
    view.proven(30_000);
    assert.deepEqual(told, ['stale at 16000', 'fresh at 31000']);
  });

  test('is stale at once in a process that was suspended, whoever asks first, and whatever proof was on its way', () => {
    const { clock, view, told } = bench();
    view.proven(0);
    // Time has passed, and no timer has fired yet.
    const now = clock.now.bind(clock);
    clock.now = () => now() + 20_000;
    view.check();
    assert.deepEqual(told, ['stale at 20000']);
    view.proven(900);
    assert.equal(told.length, 1);
  });

  test('does not become fresh by a proof while the main thread says that it is stale', () => {
    const { view, told } = bench();
    view.say(true);
    view.proven(0);
    assert.deepEqual(told, ['stale at 0']);
  });

  test('leaves no timer behind', () => {
    const { clock, view } = bench();
    view.proven(0);
    view.stop();
    assert.equal(clock.pendingTimers, 0);
  });
});
