import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { TAKING_OVER_MS, WorseRanks, type Succession } from './worse-ranks.ts';

/** One peer, r1, that has been told 100. */
class Bench {
  readonly clock = new FakeClock();
  readonly ranks = new WorseRanks(this.clock, () => this.settle());
  told = new Map([['r1', 100]]);
  wanted: { readonly offset: number; readonly succession: Succession } | undefined;
  isOld = false;

  want(offset: number, succession: Succession, isOld = false): void {
    [this.wanted, this.isOld] = [{ offset, succession }, isOld];
    this.settle();
  }

  settle(): void {
    const wanted = new Map(this.wanted === undefined ? [] : [['r1', this.wanted] as const]);
    this.told = this.ranks.settle(wanted, this.told, this.isOld);
  }

  /** In milliseconds from now, to the next 50. */
  takes(): number {
    const start = this.clock.now();
    while (this.told.get('r1') === 100 && this.clock.now() - start < 60_000) this.clock.advance(50);
    return this.clock.now() - start;
  }
}

suite('a worse rank is in force', () => {
  test('at once where nobody is to win in our place, and where the peer has not heard of a better one', () => {
    const bench = new Bench();
    bench.want(400, 'nobody');
    assert.equal(bench.told.get('r1'), 400);
    const other = new Bench();
    other.told.clear();
    other.want(400, 'announces');
    assert.equal(other.told.get('r1'), 400);
    assert.equal(other.clock.pendingTimers, 0);
  });

  test('when the successor that announces had its time', () => {
    const bench = new Bench();
    bench.want(200, 'announces');
    assert.equal(bench.takes(), TAKING_OVER_MS);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('soon after the successor has begun to announce, though nobody tells of that', () => {
    const bench = new Bench();
    bench.want(200, 'coming');
    bench.clock.advance(1_000);
    bench.wanted = { offset: 200, succession: 'announces' };
    assert.ok(bench.takes() <= TAKING_OVER_MS);
  });

  test('after five seconds where the successor never does, after one where what we announce is old', () => {
    for (const isOld of [false, true]) {
      const bench = new Bench();
      bench.want(400, 'coming', isOld);
      assert.equal(bench.takes(), isOld ? 1_000 : 5_000);
    }
  });

  test('never, where it is wanted no longer; and then the next one has its whole time', () => {
    const bench = new Bench();
    for (const offset of [200, 100, 200, 100]) {
      bench.want(offset, 'announces');
      bench.clock.advance(TAKING_OVER_MS - 1);
      assert.equal(bench.told.get('r1'), 100);
    }
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('of a peer that went meanwhile and came back: its whole time later', () => {
    const bench = new Bench();
    bench.want(200, 'announces');
    bench.clock.advance(TAKING_OVER_MS - 1);
    bench.wanted = undefined;
    bench.settle();
    bench.told = new Map([['r1', 100]]);
    bench.want(200, 'announces');
    assert.equal(bench.takes(), TAKING_OVER_MS);
  });
});

test('a better one is in force at once', () => {
  const bench = new Bench();
  bench.want(49, 'announces');
  assert.equal(bench.told.get('r1'), 49);
});

test('whoever waits for it hears when it has been put into force, at once if nothing waits', () => {
  const bench = new Bench();
  const heard: (number | undefined)[] = [];
  const hear = (): void => void heard.push(bench.told.get('r1'));
  bench.ranks.whenSettled(hear);
  assert.deepEqual(heard, [100]);
  bench.want(900, 'announces');
  bench.ranks.whenSettled(hear);
  bench.clock.advance(TAKING_OVER_MS);
  assert.deepEqual(heard, [100, 900]);
});
