import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT, Failure } from '../failure.ts';
import type { ApiReply } from '../reach/api-server.ts';
import { Patience } from './patience.ts';

const LOST = new Failure(EXIT.unreachable, 'the API server does not answer');
const OK: ApiReply = { status: 200, body: 'done' };

/** Asks once, of an API server that answers these, one after the other, the last for ever. */
async function asked(answers: readonly (ApiReply | Error)[], { hasBegun = true, path = '/x' } = {}) {
  let [calls, waits] = [0, 0];
  const wait = async (): Promise<void> => await Promise.resolve(void (waits += 1));
  const patience = new Patience({ wait, signal: new AbortController().signal }, { everyMs: 200, forMs: 2_000 });
  if (hasBegun) patience.begin();
  const call = async (): Promise<ApiReply> => {
    const answer = answers[Math.min(calls, answers.length - 1)] ?? OK;
    calls += 1;
    return answer instanceof Error ? await Promise.reject(answer) : await Promise.resolve(answer);
  };
  const api = patience.around({ call, close: () => undefined });
  const outcome = await api.call('GET', path).catch((error: unknown) => error);
  return { outcome, waits };
}

describe('whoever asks while nobody announces', () => {
  it('asks again where there was no answer, or none for now', async () => {
    const answers = [LOST, { status: 503, body: '' }, { status: 429, body: '' }, OK];
    assert.deepEqual(await asked(answers), { outcome: OK, waits: 3 });
  });

  it('takes a no for an answer', async () => {
    const no = { status: 403, body: {} };
    assert.deepEqual(await asked([no]), { outcome: no, waits: 0 });
  });

  it('asks not for ever', async () => {
    assert.deepEqual(await asked([LOST]), { outcome: LOST, waits: 10 });
    const down = { status: 500, body: '' };
    assert.deepEqual(await asked([down]), { outcome: down, waits: 10 });
  });

  it('does not before, nor for what Pods say', async () => {
    assert.deepEqual(await asked([LOST], { hasBegun: false }), { outcome: LOST, waits: 0 });
    const unready = { status: 503, body: 'waiting' };
    assert.deepEqual(await asked([unready], { path: '/pods/x:80/proxy/readyz' }), { outcome: unready, waits: 0 });
  });
});
