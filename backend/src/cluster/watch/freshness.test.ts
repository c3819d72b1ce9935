import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass } from '../fake/passage.ts';
import { Freshness } from './freshness.ts';
import type { InformerState } from './informer.ts';

interface Source {
  state: InformerState;
  /** What opening the watch anew makes of it. */
  reviving?: InformerState;
}

interface Bench {
  readonly clock: FakeClock;
  readonly api: FakeKube;
  readonly source: Source;
  readonly told: string[];
  readonly answered: number[];
  readonly recovering: number[];
  readonly proven: number[];
  readonly freshness: Freshness;
}

function bench(): Bench {
  const clock = new FakeClock();
  const api = new FakeKube({ clock });
  const source: Source = { state: { name: 'synced' } };
  const told: string[] = [];
  const answered: number[] = [];
  const recovering: number[] = [];
  const proven: number[] = [];
  const freshness = new Freshness(
    { api, clock, random: { next: () => 0.5 }, logger: new FakeLogger(), sources: [source] },
    {
      onAnswering: () => answered.push(clock.now()),
      onRecovering: () => {
        recovering.push(clock.now());
        source.state = source.reviving ?? source.state;
      },
      onProven: (at) => proven.push(at),
      onFresh: () => told.push('fresh'),
      onStale: (since) => told.push(`stale since ${since}`),
    },
  );
  return { clock, api, source, told, answered, recovering, proven, freshness };
}

describe('Freshness', () => {
  it('is stale 5 s after the last pong, and fresh with the next', async () => {
    const { clock, api, told, freshness } = bench();
    freshness.start();
    await pass(clock, 60_000, 100);
    assert.deepEqual(told, []);
    api.goDown();
    await pass(clock, 3_900, 100);
    assert.deepEqual(told, []);
    await pass(clock, 1_200, 100);
    assert.deepEqual(told, ['stale since 60000']);
    assert.equal(freshness.stale, true);
    api.comeBack();
    await pass(clock, 1_100, 100);
    assert.deepEqual(told, ['stale since 60000', 'fresh']);
    freshness.stop();
    assert.equal(clock.pendingTimers, 0);
  });

  it('notices a server that takes requests and answers none', async () => {
    const { clock, api, told, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.freeze();
    await pass(clock, 6_000, 100);
    assert.deepEqual(told, ['stale since 10000']);
    api.thaw();
    await pass(clock, 2_000, 100);
    assert.deepEqual(told.slice(1), ['fresh']);
  });

  it('stays fresh while a busy server takes two seconds for each answer, and not with three', async () => {
    const { clock, api, told, freshness } = bench();
    const ping = api.ping.bind(api);
    const answersAfter = (ms: number): void => {
      api.ping = async (options) => {
        const late = Promise.withResolvers<void>();
        const answer = clock.setTimer(ms, () => late.resolve());
        const patience = clock.setTimer(options?.timeoutMs ?? Infinity, () => {
          answer.cancel();
          late.reject(new NetworkError('timeout', 'no answer in time'));
        });
        await late.promise;
        patience.cancel();
        await ping(options);
      };
    };
    freshness.start();
    await pass(clock, 10_000, 100);
    answersAfter(2_200);
    await pass(clock, 60_000, 100);
    assert.deepEqual(told, []);
    answersAfter(3_000);
    await pass(clock, 10_000, 100);
    assert.equal(told.length, 1);
    freshness.stop();
  });

  it('loses no more than its turn by a ping that is never answered', async () => {
    const { clock, api, told, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.faults.inject({ verb: 'ping', error: 'hang', times: 3 });
    await pass(clock, 20_000, 100);
    assert.deepEqual(told, []);
    freshness.stop();
  });

  it('is as old as the oldest broken watch, though the server answers', async () => {
    const { clock, source, told, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    source.state = { name: 'stale', since: 9_000 };
    await pass(clock, 3_500, 100);
    assert.deepEqual(told, []);
    await pass(clock, 1_500, 100);
    assert.deepEqual(told, ['stale since 9000']);
    source.state = { name: 'synced' };
    await pass(clock, 1_100, 100);
    assert.deepEqual(told.slice(1), ['fresh']);
  });

  it('tells that the server answers again, once, while broken watches still keep the view stale', async () => {
    const { clock, api, source, told, answered, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    assert.deepEqual(answered, []);
    api.goDown();
    source.state = { name: 'stale', since: 10_000 };
    await pass(clock, 10_000, 100);
    api.comeBack();
    await pass(clock, 5_000, 100);
    assert.equal(answered.length, 1);
    assert.ok((answered[0] ?? 0) <= 21_100);
    assert.deepEqual(told, ['stale since 10000']);
  });

  it('asks for watches to be opened anew with the first answer after a silence, and is not fresh before they stand', async () => {
    const { clock, api, source, told, recovering, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.goDown();
    await pass(clock, 10_000, 100);
    assert.deepEqual(recovering, []);
    // The path is back; the old watches seem to stand, and whoever is asked opens them anew.
    source.reviving = { name: 'stale', since: 10_000 };
    api.comeBack();
    await pass(clock, 5_000, 100);
    assert.deepEqual(told, ['stale since 10000']);
    // They stand; only an answer to a question from now on proves that what happened meanwhile has come.
    const answer = Promise.withResolvers<void>();
    const ping = api.ping.bind(api);
    api.ping = async () => await answer.promise;
    await pass(clock, 1_100, 100);
    source.state = { name: 'synced' };
    api.ping = ping;
    answer.resolve();
    await pass(clock, 100, 100);
    assert.deepEqual(told, ['stale since 10000']);
    await pass(clock, 1_100, 100);
    assert.deepEqual(told.slice(1), ['fresh']);
    assert.equal(recovering.length, 1);
    freshness.stop();
  });

  it('takes no answer for a proof to a question from before the watches were opened anew', async () => {
    const { clock, api, source, told, recovering, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.goDown();
    await pass(clock, 10_000, 100);
    // Two questions are under way when the first is answered, by which the watches are opened anew: these stand again before the second is.
    const answers: (() => void)[] = [];
    api.ping = async () => await new Promise<void>((resolve) => void answers.push(resolve));
    source.reviving = { name: 'stale', since: 10_000 };
    await pass(clock, 2_200, 100);
    answers[0]?.();
    await pass(clock, 100, 100);
    assert.equal(recovering.length, 1);
    source.state = { name: 'synced' };
    answers[1]?.();
    await pass(clock, 100, 100);
    assert.deepEqual(told, ['stale since 10000']);
    await pass(clock, 1_100, 100);
    for (const answer of answers) answer();
    await pass(clock, 100, 100);
    assert.deepEqual(told.slice(1), ['fresh']);
    freshness.stop();
  });

  it('is not fresh again by a slow answer to a question after which a watch broke: what it had not told yet may be lost', async () => {
    const { clock, api, source, told, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.goDown();
    await pass(clock, 10_000, 100);
    api.comeBack();
    source.reviving = { name: 'stale', since: 10_000 };
    await pass(clock, 1_100, 100);
    // The watches stand, and the next question is answered late.
    source.state = { name: 'synced' };
    const answers: (() => void)[] = [];
    api.ping = async () => await new Promise<void>((resolve) => void answers.push(resolve));
    await pass(clock, 1_100, 100);
    source.state = { name: 'stale', since: clock.now() };
    await pass(clock, 1_100, 100);
    answers[0]?.();
    await pass(clock, 100, 100);
    assert.deepEqual(told, ['stale since 10000']);
    source.state = { name: 'synced' };
    await pass(clock, 1_100, 100);
    answers.at(-1)?.();
    await pass(clock, 100, 100);
    assert.deepEqual(told.slice(1), ['fresh']);
    freshness.stop();
  });

  it('asks for that after a process that stood still, too, whose pings were all answered', async () => {
    const { clock, told, recovering, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    clock.suspend(20_000);
    await pass(clock, 3_000, 100);
    assert.deepEqual([told.length, told[1], recovering.length], [2, 'fresh', 1]);
    freshness.stop();
  });

  it('lets a slow server that misses every other ping open the watches, and asks for that once', async () => {
    const { clock, api, source, told, recovering, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    api.goDown();
    await pass(clock, 10_000, 100);
    api.comeBack();
    source.reviving = { name: 'stale', since: 10_000 };
    let pings = 0;
    const ping = api.ping.bind(api);
    api.ping = async (options) => {
      pings += 1;
      if (pings % 2 === 0) throw new NetworkError('timeout', 'no answer in time');
      await ping(options);
    };
    for (let seconds = 0; seconds < 20; seconds++) {
      await pass(clock, 1_000, 100);
      // Each opening takes it 4 s.
      if (clock.now() - (recovering.at(-1) ?? Infinity) >= 4_000) source.state = { name: 'synced' };
    }
    assert.deepEqual([told.at(-1), recovering.length], ['fresh', 1]);
    freshness.stop();
  });

  it('believes no watch that stood through another silence, and asks less and less often where there is no end of it', async () => {
    const { clock, api, source, told, recovering, freshness } = bench();
    const opening = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        await pass(clock, 1_000, 100);
        if (clock.now() - (recovering.at(-1) ?? Infinity) >= 20_000) source.state = { name: 'synced' };
      }
    };
    freshness.start();
    await pass(clock, 10_000, 100);
    api.goDown();
    await pass(clock, 10_000, 100);
    api.comeBack();
    source.reviving = { name: 'stale', since: 10_000 };
    let pings = 0;
    const ping = api.ping.bind(api);
    api.ping = async (options) => {
      pings += 1;
      if (pings % 8 !== 0) throw new NetworkError('timeout', 'no answer in time');
      await ping(options);
    };
    await opening(600);
    assert.deepEqual(told, ['stale since 10000']);
    assert.ok(recovering.length >= 2 && recovering.length <= 20, recovering.join());
    api.ping = ping;
    await opening(100);
    assert.deepEqual(told.slice(1), ['fresh']);
    freshness.stop();
  });

  it('tells each second when it was proven, as long as it is', async () => {
    const { clock, api, proven, freshness } = bench();
    freshness.start();
    await pass(clock, 10_000, 100);
    assert.ok(proven.length >= 10 && (proven.at(-1) ?? 0) >= 9_000, proven.join());
    api.goDown();
    await pass(clock, 20_000, 100);
    assert.ok((proven.at(-1) ?? 0) <= 10_000, proven.join());
    freshness.stop();
  });

  it('counts a refusal as an answer, and a kind that does not exist as known', async () => {
    const { clock, api, source, told, freshness } = bench();
    api.faults.inject({ verb: 'ping', error: new ApiError({ status: 403, reason: 'Forbidden', message: 'no' }) });
    source.state = { name: 'absent', since: 0 };
    freshness.start();
    await pass(clock, 30_000, 100);
    assert.deepEqual(told, []);
  });

  it('tells at once that nobody listens, and does not take a slow answer for that', async () => {
    const clock = new FakeClock();
    const api = new FakeKube({ clock });
    let unreachable = 0;
    const freshness = new Freshness(
      { api, clock, random: { next: () => 0.5 }, logger: new FakeLogger(), sources: [] },
      { onUnreachable: () => (unreachable += 1), onFresh: () => undefined, onStale: () => undefined },
    );
    api.faults.inject({ verb: 'ping', error: 'hang', times: 2 });
    freshness.start();
    await pass(clock, 2_500, 100);
    assert.equal(unreachable, 0);
    freshness.stop();
    api.goDown();
    freshness.start();
    await pass(clock, 100, 100);
    assert.equal(unreachable, 1);
    freshness.stop();
  });

  it('is stale while the first list does not come', async () => {
    const { clock, source, told, freshness } = bench();
    source.state = { name: 'unsynced', since: 0 };
    freshness.start();
    await pass(clock, 6_500, 100);
    assert.deepEqual(told, ['stale since 0']);
  });
});
