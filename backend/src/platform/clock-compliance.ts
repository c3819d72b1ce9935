import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './ports.ts';

export interface ClockHarness {
  readonly clock: Clock;
  /** Lets at least `ms` milliseconds pass. */
  pass(ms: number): Promise<void>;
}

/** What every Clock must do; `makeHarness` is called once per test. */
export function clockCompliance(name: string, makeHarness: () => ClockHarness): void {
  test(`${name}: time and the wall clock go forward together`, async () => {
    const { clock, pass } = makeHarness();
    const before = clock.now();
    const wallBefore = clock.wallTime().getTime();
    await pass(20);
    assert.ok(clock.now() - before >= 20);
    // The wall clock counts whole milliseconds.
    assert.ok(clock.wallTime().getTime() - wallBefore >= 19);
  });

  test(`${name}: the time since the machine's boot goes forward, and the boot is the same one`, async () => {
    const { clock, pass } = makeHarness();
    const before = clock.sinceBoot();
    await pass(40);
    const after = clock.sinceBoot();
    assert.ok(before !== undefined && after !== undefined && before.boot !== '');
    assert.equal(after.boot, before.boot);
    // The kernel tells hundredths of a second.
    assert.ok(after.ms - before.ms >= 20, `${after.ms - before.ms} ms`);
  });

  test(`${name}: timers fire once, not at once, in order of their time`, async () => {
    const { clock, pass } = makeHarness();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push('late'));
    clock.setTimer(0, () => fired.push('now'));
    clock.setTimer(5, () => fired.push('soon'));
    assert.deepEqual(fired, []);
    await pass(60);
    assert.deepEqual(fired, ['now', 'soon', 'late']);
    await pass(30);
    assert.equal(fired.length, 3);
  });

  test(`${name}: no timer fires early`, async () => {
    const { clock, pass } = makeHarness();
    const before = clock.now();
    let after = 0;
    clock.setTimer(25, () => (after = clock.now()));
    // How late one may be is the machine's business.
    for (let i = 0; i < 50 && after === 0; i++) await pass(60);
    // Node.js rounds its timers to a millisecond.
    assert.ok(after - before >= 24, `${after - before} ms`);
  });

  test(`${name}: a cancelled timer never fires, and cancelling twice is harmless`, async () => {
    const { clock, pass } = makeHarness();
    const fired: string[] = [];
    const timer = clock.setTimer(5, () => fired.push('cancelled'));
    const other = clock.setTimer(5, () => fired.push('fired'));
    timer.cancel();
    timer.cancel();
    await pass(30);
    other.cancel();
    assert.deepEqual(fired, ['fired']);
  });

  test(`${name}: a timer set by a timer fires too, and one cancelled by another of the same time does not`, async () => {
    const { clock, pass } = makeHarness();
    const fired: string[] = [];
    clock.setTimer(1, () => {
      second.cancel();
      clock.setTimer(1, () => fired.push('nested'));
    });
    const second = clock.setTimer(1, () => fired.push('cancelled'));
    await pass(30);
    assert.deepEqual(fired, ['nested']);
  });
}
