import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { together } from './together.ts';
import { until } from './until.ts';

suite('until', () => {
  test('returns the first answer that is one', async () => {
    const answers = [undefined, false, 'yes', 'later'] as const;
    let calls = 0;
    assert.equal(await until(async () => answers[calls++], { what: 'an answer', intervalMs: 1 }), 'yes');
    assert.equal(calls, 3);
  });

  test('takes an error for "not yet" and tells the last one when time is up', async () => {
    const check = (): Promise<never> => Promise.reject(new Error('connection refused'));
    const options = { what: 'the door to open', timeoutMs: 20, intervalMs: 5, explain: () => 'it is locked' };
    await assert.rejects(until(check, options), /0\.02 s for the door to open:\nconnection refused:\nit is locked/);
  });

  test('pauses as long as looking takes', async () => {
    const looks: { readonly began: number; readonly ended: number }[] = [];
    const check = async (): Promise<boolean> => {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 40));
      looks.push({ began, ended: performance.now() });
      return looks.length === 4;
    };
    await until(check, { what: 'the fourth look', intervalMs: 1 });
    for (const [i, { began, ended }] of looks.entries()) {
      const next = looks[i + 1];
      // Timers go by whole milliseconds.
      if (next !== undefined) assert.ok(next.began - ended >= Math.min(ended - began, 500) - 2, JSON.stringify(looks));
    }
  });

  test('gives up when told to', async () => {
    const reason = new Error('enough');
    const waiting = until(() => Promise.resolve(undefined), { what: 'ever', signal: AbortSignal.abort(reason) });
    await assert.rejects(waiting, reason);
  });
});

suite('together', () => {
  test('waits for all before it throws the first failure', async () => {
    const late = Promise.withResolvers<string>();
    const events: string[] = [];
    const all = together([Promise.reject(new Error('first')), late.promise], () => events.push('told')).catch(
      (error: unknown) => events.push((error as Error).message),
    );
    setImmediate(() => {
      events.push('late');
      late.resolve('done');
    });
    await all;
    assert.deepEqual(events, ['told', 'late', 'first']);
  });

  test('returns all results in order', async () => {
    assert.deepEqual(await together([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
  });
});
