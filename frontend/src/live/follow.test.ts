import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { Failure } from '../api/failure.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Follower, POLL_MS, type Source } from './follow.ts';
import { afterEvent, beginning, type LiveState } from './live-state.ts';

class Api {
  answer = 1;
  failure: Failure | undefined;
  asked = 0;
  listened = 0;
  say: (answer: number) => void = () => undefined;
  alive: () => void = () => undefined;
  end: (error?: Failure) => void = () => undefined;

  readonly ask = (): Promise<number> => {
    this.asked += 1;
    return this.failure === undefined ? Promise.resolve(this.answer) : Promise.reject(this.failure);
  };

  readonly listen: NonNullable<Source<number>['listen']> = ({ onAnswer, onAlive }, signal) => {
    this.listened += 1;
    this.alive = onAlive;
    this.say = (answer) => {
      onAlive();
      onAnswer(answer);
    };
    return new Promise((resolve, reject) => {
      this.end = (error) => (error === undefined ? resolve() : reject(error));
      signal.addEventListener('abort', () => reject(new Failure('away', 'aborted')));
    });
  };
}

interface Bench {
  readonly api: Api;
  readonly state: () => LiveState<number>;
  /** Lets time pass, and what follows of it happen. */
  readonly pass: (ms: number) => Promise<void>;
}

async function follow(context: TestContext, source: (api: Api) => Source<number>): Promise<Bench> {
  const api = new Api();
  const clock = new FakeClock();
  let state = beginning<number>();
  const follower = new Follower(source(api), clock, (event) => (state = afterEvent(state, event))).start();
  context.after(() => follower.stop());
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  await pass(0);
  return { api, pass, state: () => state };
}

suite('an answer that changes', () => {
  test('is asked for again and again where nobody tells', async (context) => {
    const { api, state, pass } = await follow(context, ({ ask }) => ({ ask }));
    assert.equal(state().answer, 1);
    api.answer = 2;
    await pass(POLL_MS - 1);
    assert.equal(state().answer, 1);
    await pass(1);
    assert.deepEqual([state().answer, state().feed], [2, 'polling']);
  });

  test('is heard of at once where the API tells, and not asked for', async (context) => {
    const { api, state, pass } = await follow(context, (api) => api);
    api.say(5);
    assert.deepEqual([state().answer, state().feed], [5, 'live']);
    api.say(6);
    assert.equal(state().answer, 6);
    await pass(POLL_MS * 3);
    assert.equal(api.asked, 0);
  });

  test('is heard of again when the API ends the stream, as it does every two minutes', async (context) => {
    const { api, pass } = await follow(context, (api) => api);
    api.say(5);
    api.end();
    await pass(0);
    await pass(1_000);
    assert.deepEqual([api.listened, api.asked], [2, 0]);
  });

  test('is asked for where something in between holds the stream back, which is tried again later', async (context) => {
    const { api, state, pass } = await follow(context, (api) => api);
    assert.equal(state().answer, undefined);
    await pass(5_000);
    assert.deepEqual([state().answer, state().feed, api.listened], [1, 'polling', 1]);
    for (let poll = 0; poll < 6; poll += 1) await pass(POLL_MS);
    assert.equal(api.listened, 2);
  });

  test('is asked for when a stream falls silent without an end', async (context) => {
    const { api, state, pass } = await follow(context, (api) => api);
    api.say(5);
    await pass(30_000);
    api.alive();
    await pass(30_000);
    assert.equal(state().feed, 'live');
    await pass(10_000);
    assert.deepEqual([state().answer, state().feed], [1, 'polling']);
  });

  test('stays as it was, with the reason, while nobody answers', async (context) => {
    const { api, state, pass } = await follow(context, ({ ask }) => ({ ask }));
    api.failure = new Failure('away', 'no route');
    await pass(POLL_MS);
    assert.deepEqual([state().answer, state().failure?.message], [1, 'no route']);
    api.failure = undefined;
    await pass(POLL_MS);
    assert.deepEqual([state().answer, state().failure], [1, undefined]);
  });

  test('is shown no longer when it is gone or forbidden', async (context) => {
    for (const kind of ['notFound', 'forbidden'] as const) {
      const { api, state, pass } = await follow(context, ({ ask }) => ({ ask }));
      api.failure = new Failure(kind, 'no');
      await pass(POLL_MS);
      assert.deepEqual([state().answer, state().failure?.kind], [undefined, kind]);
    }
  });
});
