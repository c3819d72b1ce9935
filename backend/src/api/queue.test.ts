import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { settle } from '../cluster/fake/passage.ts';
import { Problem } from './errors.ts';
import { Queue } from './queue.ts';

class Bench {
  readonly queue = new Queue({ maxWaiting: 4, maxPerCaller: 2 });
  readonly begun: string[] = [];
  readonly ends = new Map<string, () => void>();

  /** Work that goes on until it is told to end. */
  async work(name: string, signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.queue.run(name.slice(0, 1), signal, async () => {
      if (signal.aborted) throw new Error('abandoned');
      this.begun.push(name);
      await new Promise<void>((resolve) => this.ends.set(name, resolve));
    });
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)?.();
    await settle();
  }
}

suite('work in a row', () => {
  test('is done one after the other, also after one that failed', async () => {
    const bench = new Bench();
    const failed = bench.queue.run(
      'f',
      new AbortController().signal,
      async () => await Promise.reject(new Error('no')),
    );
    const [first, second] = [bench.work('a1'), bench.work('b1')];
    await assert.rejects(failed, /no/);
    await settle();
    assert.deepEqual(bench.begun, ['a1']);
    await bench.end('a1');
    assert.deepEqual(bench.begun, ['a1', 'b1']);
    await bench.end('b1');
    await Promise.all([first, second]);
  });

  test('does not grow without end, and is not all of one caller', async () => {
    const bench = new Bench();
    const running = [bench.work('a1'), bench.work('a2')];
    await assert.rejects(bench.work('a3'), Problem);
    running.push(bench.work('b1'), bench.work('c1'), bench.work('d1'));
    await assert.rejects(bench.work('e1'), Problem);
    await settle();
    for (const name of ['a1', 'a2', 'b1', 'c1', 'd1']) await bench.end(name);
    await Promise.all(running);
  });

  test('is left out where nobody waits for it any more', async () => {
    const bench = new Bench();
    const left = new AbortController();
    const running = bench.work('a1');
    const abandoned = assert.rejects(bench.work('b1', left.signal), /abandoned/);
    const last = bench.work('c1');
    left.abort();
    await abandoned;
    assert.deepEqual(bench.begun, ['a1']);
    await bench.end('a1');
    assert.deepEqual(bench.begun, ['a1', 'c1']);
    await bench.end('c1');
    await Promise.all([running, last]);
  });
});
