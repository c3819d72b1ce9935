import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { Heartbeat } from './heartbeat.ts';

function beating(): { clock: FakeClock; heartbeat: Heartbeat } {
  const clock = new FakeClock();
  return { clock, heartbeat: new Heartbeat({ clock }, { misses: 10 }) };
}

suite('a heartbeat of ten misses', () => {
  test('is silent ten seconds after the last beat, not before', () => {
    const { clock, heartbeat } = beating();
    clock.advance(5_000);
    heartbeat.beat();
    clock.advance(9_999);
    assert.equal(heartbeat.silent, false);
    clock.advance(1);
    assert.equal(heartbeat.silent, true);
  });

  test('is never silent while beats come, and no longer once they come again', () => {
    const { clock, heartbeat } = beating();
    for (let i = 0; i < 100; i++) {
      clock.advance(9_000);
      heartbeat.beat();
      assert.equal(heartbeat.silent, false);
    }
    clock.advance(60_000);
    assert.equal(heartbeat.silent, true);
    heartbeat.beat();
    assert.equal(heartbeat.silent, false);
  });

  test('is silent if no beat ever came', () => {
    const { clock, heartbeat } = beating();
    clock.advance(10_000);
    assert.equal(heartbeat.silent, true);
  });

  test('does not blame the other thread for an hour in which the whole process was suspended', () => {
    const { clock, heartbeat } = beating();
    clock.advance(3_000);
    clock.suspend(3_600_000);
    assert.equal(heartbeat.silent, false);
    clock.advance(5_000);
    assert.equal(heartbeat.silent, false);
    clock.advance(1_000);
    assert.equal(heartbeat.silent, true, 'seconds after waking count as ever');
  });

  test('leaves no timer behind', () => {
    const { clock, heartbeat } = beating();
    clock.advance(5_000);
    heartbeat.stop();
    assert.equal(clock.pendingTimers, 0);
  });
});
