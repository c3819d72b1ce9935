import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { settle } from '../../cluster/fake/passage.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { JudgeLimit, TooManyQuestions } from './judge-limit.ts';

suite('questions of all callers together', () => {
  test('are asked a few at a time, in the order in which they came', async () => {
    const limit = new JudgeLimit({ clock: new FakeClock() });
    const asked: number[] = [];
    const open: (() => void)[] = [];
    const all = Array.from({ length: 20 }, async (_, i) => {
      await limit.ask(async () => {
        asked.push(i);
        await new Promise<void>((resolve) => open.push(resolve));
      });
    });
    await settle();
    assert.equal(asked.length, 8);
    while (asked.length < 20 || open.length > 0) {
      open.shift()?.();
      await settle();
    }
    await Promise.all(all);
    assert.deepEqual(
      asked,
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  test('are not kept for long where the judge hangs: the next ones are refused', async () => {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    for (let i = 0; i < 1_008; i += 1) {
      clock.advance(10);
      void limit.ask(async () => await new Promise(() => undefined));
    }
    await assert.rejects(
      limit.ask(async () => await Promise.resolve()),
      TooManyQuestions,
    );
  });

  test('have a rate, whoever asks, and go on after one that failed', async () => {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    const ask = async (): Promise<never> => await limit.ask(async () => await Promise.reject(new Error('down')));
    for (let i = 0; i < 1_000; i += 1) await assert.rejects(ask(), /down/);
    await assert.rejects(ask(), TooManyQuestions);
    clock.advance(1_000);
    await assert.rejects(ask(), /down/);
  });
});
