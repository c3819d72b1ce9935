import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { pass, settle } from '../fake/passage.ts';
import { WorkQueue } from './queue.ts';
import type { Outcome, WorkQueueOptions } from './queue.ts';

const done: Outcome = { type: 'done' };

function bench(options: Partial<WorkQueueOptions> = {}): { clock: FakeClock; queue: WorkQueue; runs: string[] } {
  const clock = new FakeClock();
  const runs: string[] = [];
  const { process = () => Promise.resolve(done), ...rest } = options;
  const queue = new WorkQueue(
    { clock, random: { next: () => 1 }, logger: new FakeLogger() },
    {
      name: 'test',
      concurrency: 2,
      backoff: { baseMs: 100, maxMs: 1_000 },
      process: (key, signal) => {
        runs.push(`${key}@${clock.now()}`);
        return process(key, signal);
      },
      ...rest,
    },
  );
  return { clock, queue, runs };
}

/** Work that goes on until the test says that it is through. */
class Held {
  readonly #waiting: ((outcome: Outcome) => void)[] = [];
  readonly process = (): Promise<Outcome> => new Promise((resolve) => this.#waiting.push(resolve));

  get running(): number {
    return this.#waiting.length;
  }

  async finish(outcome: Outcome = done): Promise<void> {
    this.#waiting.shift()?.(outcome);
    await settle();
  }
}

describe('WorkQueue', () => {
  it('runs a key once however often it was added', async () => {
    const held = new Held();
    const { queue, runs } = bench({ process: held.process, concurrency: 1 });
    queue.add('first');
    for (let time = 0; time < 10; time += 1) queue.add('again');
    assert.equal(queue.depth, 1);
    await held.finish();
    await held.finish();
    assert.deepEqual(runs, ['first@0', 'again@0']);
    assert.equal(queue.size, 0);
  });

  it('runs a key once more that was added while it was being worked on, never twice at a time', async () => {
    const held = new Held();
    const { queue, runs } = bench({ process: held.process });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    assert.equal(held.running, 1);
    await held.finish();
    assert.equal(held.running, 1);
    await held.finish();
    assert.deepEqual(runs, ['a@0', 'a@0']);
  });

  it('holds to its concurrency and to the order', async () => {
    const held = new Held();
    const { queue, runs } = bench({ process: held.process, concurrency: 2 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    assert.equal(held.running, 2);
    await held.finish();
    assert.equal(held.running, 2);
    await held.finish();
    await held.finish();
    await held.finish();
    assert.deepEqual(runs, ['a@0', 'b@0', 'c@0', 'd@0']);
  });

  it('doubles the time between failures up to its bound and forgets them after a success', async () => {
    const outcomes: Outcome[] = Array.from({ length: 6 }, () => ({ type: 'retry', error: new Error('no') }));
    outcomes.push(done, { type: 'retry', error: new Error('no') });
    const { clock, queue, runs } = bench({ process: () => Promise.resolve(outcomes.shift() ?? done) });
    queue.add('a');
    await pass(clock, 5_000);
    assert.deepEqual(runs, ['a@0', 'a@100', 'a@300', 'a@700', 'a@1500', 'a@2500', 'a@3500']);
    queue.add('a');
    await pass(clock, 1_000);
    assert.deepEqual(runs.slice(7), ['a@5000', 'a@5100']);
  });

  it('takes a rejection for a failure that may pass', async () => {
    let calls = 0;
    const { clock, queue } = bench({
      process: async () => {
        calls += 1;
        await settle();
        throw new Error('thrown');
      },
    });
    queue.add('a');
    await pass(clock, 250);
    assert.equal(calls, 2);
  });

  it('waits as long as the server asked', async () => {
    const outcomes: Outcome[] = [{ type: 'retry', error: new Error('429'), notBeforeMs: 3_000 }];
    const { clock, queue, runs } = bench({ process: () => Promise.resolve(outcomes.shift() ?? done) });
    queue.add('a');
    await pass(clock, 5_000);
    assert.deepEqual(runs, ['a@0', 'a@3000']);
  });

  it('looks again after the time that the outcome names', async () => {
    const outcomes: Outcome[] = [{ type: 'after', ms: 500 }];
    const { clock, queue, runs } = bench({ process: () => Promise.resolve(outcomes.shift() ?? done) });
    queue.add('a');
    await pass(clock, 5_000);
    assert.deepEqual(runs, ['a@0', 'a@500']);
  });

  it('keeps the earliest of several times, and lets news go first', async () => {
    const { clock, queue, runs } = bench();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 300);
    queue.addAfter('a', 2_000);
    await pass(clock, 3_000);
    assert.deepEqual(runs.splice(0), ['a@300']);
    queue.addAfter('b', 1_000);
    queue.add('b');
    await pass(clock, 3_000);
    assert.deepEqual(runs, ['b@3000']);
  });

  it('stops when what runs is through, tells it by a signal, and drops the rest', async () => {
    const held = new Held();
    let told: AbortSignal | undefined;
    const { clock, queue, runs } = bench({
      concurrency: 1,
      process: (_key, signal) => {
        told = signal;
        return held.process();
      },
    });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    let stopped = false;
    const stop = queue.stop().then(() => (stopped = true));
    await settle();
    assert.equal(told?.aborted, true);
    assert.equal(stopped, false);
    await held.finish({ type: 'retry', error: new Error('aborted') });
    await stop;
    queue.add('d');
    await pass(clock, 5_000);
    assert.deepEqual(runs, ['a@0']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends backoffs on demand, and no other time that was named', async () => {
    const outcomes: Outcome[] = [
      { type: 'retry', error: new Error('no') },
      { type: 'retry', error: new Error('429'), notBeforeMs: 3_000 },
      { type: 'after', ms: 2_000 },
    ];
    const { clock, queue, runs } = bench({ process: () => Promise.resolve(outcomes.shift() ?? done), concurrency: 3 });
    for (const key of ['failed', 'throttled', 'later']) queue.add(key);
    queue.addAfter('settling', 1_000);
    await settle();
    runs.length = 0;
    queue.retryNow();
    await settle();
    assert.deepEqual(runs.splice(0), ['failed@0']);
    await pass(clock, 5_000);
    assert.deepEqual(runs, ['settling@1000', 'later@2000', 'throttled@3000']);
  });

  it('never loses news and never runs a key twice at a time, whatever the order of things', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      delay: fc.nat(3),
      takes: fc.nat(3),
      fails: fc.boolean(),
      answersAgain: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, concurrency) => {
          const clock = new FakeClock();
          const seen = new Map<string, number>();
          const wanted = new Map<string, number>();
          const running = new Set<string>();
          let current = steps[0];
          const queue = new WorkQueue(
            { clock, random: { next: () => 0 }, logger: new FakeLogger() },
            {
              name: 'property',
              concurrency,
              backoff: { baseMs: 1, maxMs: 4 },
              process: async (key) => {
                assert.ok(!running.has(key), `${key} runs twice`);
                running.add(key);
                assert.ok(running.size <= concurrency);
                const version = wanted.get(key) ?? 0;
                const { takes, fails } = current ?? { takes: 0, fails: false };
                await new Promise<void>((resolve) => clock.setTimer(takes, resolve));
                running.delete(key);
                if (fails) return { type: 'retry', error: new Error('no') };
                seen.set(key, version);
                return done;
              },
            },
          );
          for (const [index, next] of steps.entries()) {
            current = next;
            wanted.set(next.key, index + 1);
            queue.addAfter(next.key, next.delay);
            if (next.answersAgain) queue.retryNow();
            await pass(clock, 1, 1);
          }
          current = undefined;
          await pass(clock, 50, 1);
          assert.deepEqual(seen, wanted);
          assert.equal(queue.size, 0);
          assert.equal(clock.pendingTimers, 0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
