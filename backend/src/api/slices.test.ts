import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { Abandoned, inSlices } from './slices.ts';

suite('long work', () => {
  function bench(): { clock: FakeClock; work: (steps: number) => Generator<void, string>; steps: () => number } {
    const clock = new FakeClock();
    let done = 0;
    function* work(steps: number): Generator<void, string> {
      for (; done < steps; done += 1) {
        clock.advance(2);
        yield;
      }
      return 'done';
    }
    return { clock, work, steps: () => done };
  }

  test('lets others have their turn every few milliseconds', async () => {
    const { clock, work, steps } = bench();
    const seen: number[] = [];
    let over = false;
    const watch = (): void => {
      if (over) return;
      seen.push(steps());
      setImmediate(watch);
    };
    setImmediate(watch);
    assert.equal(await inSlices({ clock }, work(100), new AbortController().signal), 'done');
    over = true;
    const gaps = seen.slice(1).map((step, i) => step - (seen[i] ?? 0));
    assert.ok(Math.max(...gaps) <= 6, gaps.join());
  });

  test('is given up when nobody waits for it any more', async () => {
    const { clock, work, steps } = bench();
    const left = new AbortController();
    const working = inSlices({ clock }, work(1_000_000), left.signal);
    setImmediate(() => left.abort());
    await assert.rejects(working, Abandoned);
    assert.ok(steps() < 1_000);
  });
});
