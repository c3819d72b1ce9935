import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { Abandoned, inSlices } from './slices.ts';

/** Work of so many milliseconds, which notes when it is done and how much of it at once. */
function* work(
  clock: FakeClock,
  { ms, log }: { readonly ms: number; readonly log: string[] },
): Generator<void, string> {
  for (let done = 0; done < ms; done += 1) {
    clock.advance(1);
    log.push('work');
    yield;
  }
  return 'all of it';
}

/** Somebody else who has so many turns of the loop to do something in, of a millisecond each. */
function busy(clock: FakeClock, { turns, log }: { readonly turns: number; readonly log: string[] }): void {
  if (turns === 0) return;
  setImmediate(() => {
    clock.advance(1);
    log.push('other');
    busy(clock, { turns: turns - 1, log });
  });
}

/** `work 5, other 3` and so on. */
function told(log: readonly string[]): string {
  const runs: [string, number][] = [];
  for (const what of log) {
    const last = runs.at(-1);
    if (last?.[0] === what) last[1] += 1;
    else runs.push([what, 1]);
  }
  return runs.map(([what, times]) => `${what} ${times}`).join(', ');
}

suite('long work in slices', () => {
  const signal = new AbortController().signal;

  test('leaves the loop to others every few milliseconds, until they have nothing to do', async () => {
    const [clock, log] = [new FakeClock(), [] as string[]];
    busy(clock, { turns: 4, log });
    assert.equal(await inSlices({ clock }, work(clock, { ms: 12, log }), signal), 'all of it');
    assert.equal(told(log), 'work 5, other 4, work 7');
  });

  test('leaves it as often to others who have nothing to do but to look', async () => {
    const [clock, log] = [new FakeClock(), [] as string[]];
    const seen: number[] = [];
    const look = (): void => {
      seen.push(log.length);
      if (log.length < 100) setImmediate(look);
    };
    setImmediate(look);
    await inSlices({ clock }, work(clock, { ms: 100, log }), signal);
    const gaps = seen.slice(1).map((done, i) => done - (seen[i] ?? 0));
    assert.ok(seen.length > 10 && Math.max(...gaps) <= 10, gaps.join());
  });

  test('gets a quarter of the time where others always have something to do', async () => {
    const [clock, log] = [new FakeClock(), [] as string[]];
    busy(clock, { turns: 40, log });
    await inSlices({ clock }, work(clock, { ms: 12, log }), signal);
    assert.equal(told(log), 'work 5, other 15, work 5, other 15, work 2');
  });

  test('is given up between two slices when nobody waits for it any more', async () => {
    const [clock, log] = [new FakeClock(), [] as string[]];
    const leaving = new AbortController();
    setImmediate(() => leaving.abort());
    await assert.rejects(inSlices({ clock }, work(clock, { ms: 100, log }), leaving.signal), Abandoned);
    assert.equal(told(log), 'work 5');
  });
});
