import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { Burst } from './burst.ts';

suite('a burst', () => {
  /** Notes some, evenly, for a time. */
  function come(burst: Burst, clock: FakeClock, [perSecond, seconds]: readonly [number, number]): void {
    for (let i = 0; i < perSecond * seconds; i++) {
      burst.note();
      clock.advance(1_000 / perSecond);
    }
  }

  test('begins when many come in a second, goes on while some do, and is over two seconds after that', () => {
    const clock = new FakeClock();
    const burst = new Burst({ clock }, { perSecond: 20, few: 5 });
    assert.equal(burst.isOn, false);
    come(burst, clock, [15, 5]);
    assert.equal(burst.isOn, false);
    come(burst, clock, [50, 2]);
    assert.equal(burst.isOn, true);
    come(burst, clock, [10, 20]);
    assert.equal(burst.isOn, true);
    clock.advance(2_000);
    assert.equal(burst.isOn, false);
    come(burst, clock, [10, 20]);
    assert.equal(burst.isOn, false);
  });

  test('of few each second ends', () => {
    const clock = new FakeClock();
    const burst = new Burst({ clock }, { perSecond: 20, few: 5 });
    come(burst, clock, [50, 2]);
    come(burst, clock, [4, 4]);
    assert.equal(burst.isOn, false);
  });
});
