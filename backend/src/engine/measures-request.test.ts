import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { settle } from '../cluster/fake/passage.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import type { EngineMeasures } from './measures.ts';
import { MeasuresRequest } from './measures-request.ts';

const FACTS = { medOffset: 100 } as EngineMeasures;

class Bench {
  readonly clock = new FakeClock();
  asked = 0;
  readonly request = new MeasuresRequest({ clock: this.clock, ask: () => void (this.asked += 1) });
}

suite('asking the engine', () => {
  test('ends with its answer', async () => {
    const bench = new Bench();
    const facts = bench.request.measures(1_000);
    bench.request.answered(FACTS);
    assert.deepEqual([await facts, bench.asked, bench.clock.pendingTimers], [FACTS, 1, 0]);
  });

  test('ends without one after the time, however long the engine hangs', async () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i += 1) {
      const facts = bench.request.measures(1_000);
      bench.clock.advance(1_000);
      assert.equal(await facts, undefined);
    }
    assert.deepEqual([bench.asked, bench.clock.pendingTimers], [1, 0], 'one question, not one more for each scrape');
  });

  test('is answered late: whoever asks then has that answer, and the next question is another one', async () => {
    const bench = new Bench();
    const early = bench.request.measures(1_000);
    bench.clock.advance(1_000);
    const late = bench.request.measures(1_000);
    bench.request.answered(FACTS);
    assert.deepEqual([await early, await late, bench.asked], [undefined, FACTS, 1]);
    void bench.request.measures(1_000);
    assert.equal(bench.asked, 2);
    bench.request.stop();
    await settle();
    assert.equal(bench.clock.pendingTimers, 0);
  });
});
