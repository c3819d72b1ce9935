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
    for (let i = 0; i < 1_000; i += 1)
      void limit.ask(async () => await new Promise(() => undefined)).catch(() => undefined);
    clock.advance(100);
    for (let i = 0; i < 8; i += 1)
      void limit.ask(async () => await new Promise(() => undefined)).catch(() => undefined);
    await assert.rejects(
      limit.ask(async () => await Promise.resolve()),
      TooManyQuestions,
    );
  });

  test('are refused where their turn does not come for long, and take no place any more', async () => {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    const ends: (() => void)[] = [];
    for (let i = 0; i < 8; i += 1) void limit.ask(async () => await new Promise<void>((resolve) => ends.push(resolve)));
    let asked = 0;
    const ask = async (): Promise<void> =>
      await limit.ask(async () => {
        asked += 1;
        await Promise.resolve();
      });
    const late = assert.rejects(ask(), TooManyQuestions);
    clock.advance(3_000);
    await late;
    const next = ask();
    for (const end of ends) end();
    await next;
    assert.equal(asked, 1);
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
