import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { settle } from '../../cluster/fake/passage.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { JudgeLimit, TooManyQuestions, type Asker } from './judge-limit.ts';

const SHOP = { caller: 'shop', purpose: 'admission' } as const;

suite('questions of all callers together', () => {
  test('are asked a few at a time, in the order in which they came', async () => {
    const limit = new JudgeLimit({ clock: new FakeClock() });
    const asked: number[] = [];
    const open: (() => void)[] = [];
    const all = Array.from({ length: 20 }, async (_, i) => {
      await limit.ask(SHOP, async () => {
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
      void limit.ask(SHOP, async () => await new Promise(() => undefined)).catch(() => undefined);
    clock.advance(100);
    for (let i = 0; i < 8; i += 1)
      void limit.ask(SHOP, async () => await new Promise(() => undefined)).catch(() => undefined);
    await assert.rejects(
      limit.ask(SHOP, async () => await Promise.resolve()),
      TooManyQuestions,
    );
  });

  test('are refused where their turn does not come for long, and take no place any more', async () => {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    const ends: (() => void)[] = [];
    for (let i = 0; i < 8; i += 1)
      void limit.ask(SHOP, async () => await new Promise<void>((resolve) => ends.push(resolve)));
    let asked = 0;
    const ask = async (): Promise<void> =>
      await limit.ask(SHOP, async () => {
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

  test('have a rate, whoever asks, beyond which they wait, and go on after one that failed', async () => {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    const ask = async (): Promise<never> => await limit.ask(SHOP, async () => await Promise.reject(new Error('down')));
    for (let i = 0; i < 1_000; i += 1) await assert.rejects(ask(), /down/);
    let isAsked = false;
    const late = assert.rejects(ask(), /down/).then(() => (isAsked = true));
    await settle();
    assert.equal(isAsked, false);
    clock.advance(1_000);
    await late;
  });
});

suite('callers that ask for more than there is', () => {
  /** What is asked for each caller in so many seconds, of so many questions of each in every second. */
  async function asked(wanted: ReadonlyMap<Asker, number>, seconds: number): Promise<Map<Asker, number>> {
    const clock = new FakeClock();
    const limit = new JudgeLimit({ clock });
    const counts = new Map([...wanted.keys()].map((asker) => [asker, 0]));
    const count = (asker: Asker): void => void counts.set(asker, (counts.get(asker) ?? 0) + 1);
    for (let step = 0; step < seconds * 10; step += 1) {
      for (const [asker, perSecond] of wanted) {
        const due = Math.floor(((step + 1) * perSecond) / 10) - Math.floor((step * perSecond) / 10);
        for (let i = 0; i < due; i += 1) {
          const question = async (): Promise<void> => await Promise.resolve(count(asker));
          void limit.ask(asker, question).catch((error: unknown) => assert.ok(error instanceof TooManyQuestions));
        }
      }
      for (let part = 0; part < 20; part += 1) {
        clock.advance(5);
        await settle();
      }
    }
    return counts;
  }

  test('take turns: who asks little has all his questions asked', async () => {
    const crowd = Array.from({ length: 20 }, (_, i): [Asker, number] => [{ ...SHOP, caller: `tenant-${i}` }, 60]);
    const admin = { ...SHOP, caller: 'admin' };
    const counts = await asked(new Map([...crowd, [admin, 2]]), 20);
    assert.ok((counts.get(admin) ?? 0) >= 39, `${counts.get(admin)} of 40`);
    const others = crowd.map(([asker]) => counts.get(asker) ?? 0);
    assert.ok(Math.max(...others) - Math.min(...others) <= 2, others.join(' '));
  });

  test('are let in before names are asked for, and names run out first', async () => {
    const names = Array.from({ length: 12 }, (_, i): [Asker, number] => {
      return [{ caller: `tenant-${i}`, purpose: 'names' }, 125];
    });
    const doors = names.map(([{ caller }]): [Asker, number] => [{ caller, purpose: 'admission' }, 2]);
    const counts = await asked(new Map([...names, ...doors]), 20);
    for (const [asker] of doors) assert.ok((counts.get(asker) ?? 0) >= 39, `${asker.caller}: ${counts.get(asker)}`);
    const others = names.map(([asker]) => counts.get(asker) ?? 0);
    assert.ok(Math.min(...others) > 200 && Math.max(...others) - Math.min(...others) <= 20, others.join(' '));
  });

  test('have a place for one more, whose place one of the caller with most gives', async () => {
    const limit = new JudgeLimit({ clock: new FakeClock() });
    const hung = async (): Promise<void> => await new Promise(() => undefined);
    const all = Array.from({ length: 1_008 }, async () => await limit.ask(SHOP, hung));
    const refused = assert.rejects(Promise.race(all), TooManyQuestions);
    void limit.ask({ ...SHOP, caller: 'admin' }, hung);
    await refused;
    await assert.rejects(limit.ask(SHOP, hung), TooManyQuestions);
  });
});
