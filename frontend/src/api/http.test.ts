import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { installTexts } from '../testing/fake-texts.ts';
import { Failure } from './failure.ts';
import { browserHttp } from './http.ts';

const request = { method: 'GET', url: '/kapis', headers: {} };

/** A cluster of which nothing more comes once it was asked, from which point on is told. */
function lost(context: TestContext, answer: (signal: AbortSignal) => Promise<Response>): void {
  installTexts();
  context.mock.timers.enable({ apis: ['setTimeout'] });
  context.mock.method(globalThis, 'fetch', (_url: string, { signal }: RequestInit) => {
    assert.ok(signal instanceof AbortSignal);
    return answer(signal);
  });
}

/** Rejects as what is under way does when it is given up. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

function isAway(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'away' && error.message === 'no answer within 60 s';
}

suite('a question to the cluster', () => {
  test('that nobody answers is given up', async (context) => {
    lost(context, untilAborted);
    const sent = assert.rejects(browserHttp.send(request), isAway);
    context.mock.timers.tick(60_000);
    await sent;
  });

  test('whose answer stops half way is given up', async (context) => {
    const half = (signal: AbortSignal): Response => Object.assign(new Response(), { text: () => untilAborted(signal) });
    lost(context, async (signal) => await Promise.resolve(half(signal)));
    const sent = assert.rejects(browserHttp.send(request), isAway);
    await new Promise(setImmediate);
    context.mock.timers.tick(60_000);
    await sent;
  });

  test('that is answered leaves nothing behind', async (context) => {
    const signals: AbortSignal[] = [];
    lost(context, async (signal) => {
      signals.push(signal);
      return await Promise.resolve(new Response('{}'));
    });
    assert.equal(await browserHttp.send(request), '{}');
    context.mock.timers.tick(60_000);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false],
    );
  });
});
