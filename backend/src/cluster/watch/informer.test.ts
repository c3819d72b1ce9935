import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, NetworkError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import { services } from '../kinds.ts';
import type { Service } from '../kinds.ts';
import { bench, countCalls, service, started } from './testing/informer-bench.ts';
import type { Bench } from './testing/informer-bench.ts';

const forbidden = new ApiError({ status: 403, reason: 'Forbidden', message: 'services is forbidden' });
const notFound = new ApiError({ status: 404, reason: 'NotFound', message: 'the server could not find the resource' });

/** What the cache holds equals what the API server holds. */
function assertInStep({ api, informer }: Bench): void {
  const names = (objects: Iterable<Service>): unknown[] => [...objects].map((object) => object.metadata).sort(byName);
  assert.deepEqual(names(informer.values()), names(api.readAll(services)));
}

function byName(a: Service['metadata'], b: Service['metadata']): number {
  return (a?.name ?? '') < (b?.name ?? '') ? -1 : 1;
}

describe('Informer in good times', () => {
  it('lists, then follows changes', async () => {
    const made = await started();
    made.api.store(services, service('a', 'new'));
    made.api.store(services, service('c'));
    made.api.remove(services, { namespace: 'default', name: 'b' });
    await settle();
    assert.deepEqual(made.changes, ['set default/a new', 'set default/c', 'delete default/b']);
    assertInStep(made);
    assert.equal(made.informer.get('default/a')?.metadata?.labels?.['label'], 'new');
  });

  it('reads lists of more than one page', async () => {
    const made = bench();
    for (let number = 0; number < 1_201; number += 1) made.api.store(services, service(`s${number}`));
    made.informer.start();
    await settle();
    assert.equal(made.informer.size, 1_201);
  });

  it('reads all at once when the pages got too old', async () => {
    const made = bench();
    for (let number = 0; number < 600; number += 1) made.api.store(services, service(`s${number}`));
    const list = made.api.list.bind(made.api);
    made.api.list = async (kind, options) => {
      const page = await list(kind, options);
      if (page.continue !== undefined) made.api.compact();
      return page;
    };
    made.informer.start();
    await settle();
    assert.equal(made.informer.size, 600);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('drops what nobody needs from memory', async () => {
    const made = bench();
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'x' };
    made.api.store(services, { metadata: { name: 'a', namespace: 'default', annotations, managedFields: [{}] } });
    made.informer.start();
    await settle();
    const metadata = made.informer.get('default/a')?.metadata;
    assert.equal(metadata?.managedFields, undefined);
    assert.deepEqual(metadata?.annotations, { kept: 'x' });
  });

  it('follows only its selection', async () => {
    const made = bench({ labelSelector: 'label=x' });
    made.api.store(services, service('a', 'x'));
    made.api.store(services, service('b', 'y'));
    made.informer.start();
    await settle();
    made.api.store(services, service('b', 'x'));
    made.api.store(services, service('a', 'y'));
    await settle();
    assert.deepEqual(made.changes, ['set default/a x', 'set default/b x', 'delete default/a']);
  });

  it('goes on over the end of a stream without a list and without becoming stale', async () => {
    const made = await started();
    const lists = countCalls(made.api, 'list');
    await pass(made.clock, 30 * 60_000, 10_000);
    made.api.store(services, service('c'));
    await settle();
    assert.deepEqual(made.changes, ['set default/c']);
    assert.deepEqual(made.states, []);
    assert.equal(lists(), 0);
  });

  it('leaves no timer and no watch behind when it is stopped', async () => {
    const made = await started();
    made.informer.stop();
    made.api.store(services, service('c'));
    await pass(made.clock, 60_000, 1_000);
    assert.deepEqual(made.changes, []);
    assert.equal(made.api.watches, 0);
    assert.equal(made.clock.pendingTimers, 0);
    assert.equal(made.informer.size, 2);
  });

  it('does not begin after a list that was under way when it was stopped', async () => {
    const made = bench();
    made.informer.start();
    made.informer.stop();
    await settle();
    assert.equal(made.api.watches, 0);
    assert.equal(made.informer.hasSynced, false);
  });

  it('keeps what follows when a consumer throws', async () => {
    let calls = 0;
    const made = bench({
      onChange: () => {
        calls += 1;
        throw new Error('a bug of the consumer');
      },
    });
    made.api.store(services, service('a'));
    made.informer.start();
    await settle();
    made.api.store(services, service('b'));
    await settle();
    assert.equal(calls, 2);
    assertInStep(made);
    assert.ok(made.logger.entries.some((entry) => entry.level === 'error'));
  });
});

describe('Informer in bad times', () => {
  it('deletes nothing while the API server is away, and catches up when it is back', async () => {
    const made = await started();
    made.api.goDown();
    await pass(made.clock, 10 * 60_000, 1_000);
    assert.deepEqual(made.changes, []);
    assert.equal(made.informer.state.name, 'stale');
    made.api.remove(services, { namespace: 'default', name: 'a' });
    made.api.store(services, service('c'));
    made.api.comeBack();
    await pass(made.clock, 31_000, 500);
    assert.deepEqual(made.changes, ['delete default/a', 'set default/c']);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('lists again after 410 and tells the difference, deletions first', async () => {
    const made = await started();
    made.api.breakWatches(new NetworkError('connection', 'ECONNRESET'));
    await settle();
    made.api.remove(services, { namespace: 'default', name: 'a' });
    made.api.store(services, service('b', 'changed'));
    made.api.store(services, service('c'));
    made.api.compact();
    await pass(made.clock, 1_000);
    assert.deepEqual(made.changes, ['delete default/a', 'set default/b changed', 'set default/c']);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('tells a re-created object as deleted and set, by list and by event', async () => {
    const made = await started();
    made.api.goDown();
    await settle();
    made.api.remove(services, { namespace: 'default', name: 'a' });
    made.api.store(services, service('a', 'second'));
    made.api.compact();
    made.api.comeBack();
    await pass(made.clock, 2_000);
    assert.deepEqual(made.changes.splice(0), ['delete default/a', 'set default/a second']);
    made.api.remove(services, { namespace: 'default', name: 'a' });
    made.api.store(services, service('a', 'third'));
    await settle();
    assert.deepEqual(made.changes, ['delete default/a', 'set default/a third']);
  });

  for (const [error, state] of [
    [forbidden, 'denied'],
    [notFound, 'absent'],
  ] as const) {
    it(`keeps its cache as "${state}" on ${error.status}, asks slowly and recovers`, async () => {
      const made = await started();
      const allow = made.api.faults.inject({ plural: 'services', error });
      const lists = countCalls(made.api, 'list');
      made.api.breakWatches(new NetworkError('connection', 'ECONNRESET'));
      await pass(made.clock, 10 * 60_000, 1_000);
      assert.deepEqual(made.changes, []);
      assert.equal(made.informer.size, 2);
      assert.equal(made.informer.state.name, state);
      assert.ok(lists() > 5 && lists() < 25, `${lists()} lists in 10 minutes`);
      allow();
      await pass(made.clock, 60_000, 1_000);
      assert.equal(made.informer.state.name, 'synced');
      made.api.store(services, service('c'));
      await settle();
      assertInStep(made);
    });

    it(`begins as "${state}" on ${error.status} and has not synced`, async () => {
      const made = bench();
      made.api.faults.inject({ plural: 'services', error });
      made.informer.start();
      await pass(made.clock, 60_000, 1_000);
      assert.deepEqual(made.states, [state]);
      assert.equal(made.informer.hasSynced, false);
    });
  }

  it('notices a watch that hangs, and gets what it missed', async () => {
    const made = await started();
    made.api.muteWatches();
    made.api.store(services, service('c'));
    await pass(made.clock, 70_000, 1_000);
    assert.deepEqual(made.changes, []);
    await pass(made.clock, 6_000, 1_000);
    assert.deepEqual(made.changes, ['set default/c']);
    // A quiet kind on a server that sends no bookmarks looks the same: opening the watch anew is no reason to call the view stale.
    assert.deepEqual(made.states, []);
  });

  it('does not take a quiet watch with bookmarks for one that hangs', async () => {
    const made = await started();
    const watches = countCalls(made.api, 'watch');
    await pass(made.clock, 280_000, 1_000);
    assert.equal(watches(), 0);
  });

  it('survives a frozen API server', async () => {
    const made = await started();
    made.api.freeze();
    made.api.store(services, service('c'));
    await pass(made.clock, 5 * 60_000, 1_000);
    assert.deepEqual(made.changes, []);
    assert.equal(made.informer.state.name, 'stale');
    made.api.thaw();
    await pass(made.clock, 31_000, 500);
    assert.deepEqual(made.changes, ['set default/c']);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('backs off exponentially up to half a minute, and waits as long as the server says', async () => {
    const made = await started();
    made.api.goDown();
    const watches = countCalls(made.api, 'watch');
    await pass(made.clock, 10_000, 50);
    const early = watches();
    await pass(made.clock, 10 * 60_000, 1_000);
    const late = watches() - early;
    assert.ok(early >= 5 && early <= 9, `${early} attempts in the first 10 s`);
    assert.ok(late >= 20 && late <= 40, `${late} attempts in the next 10 min`);

    const busy = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'slow down', retryAfterMs: 120_000 });
    made.api.comeBack();
    made.api.faults.inject({ verb: 'watch', times: 1, error: busy });
    await pass(made.clock, 31_000, 500);
    const before = watches();
    await pass(made.clock, 85_000, 1_000);
    assert.equal(watches(), before);
    await pass(made.clock, 40_000, 1_000);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('suspects a version that is refused again and again', async () => {
    const made = await started();
    const tooLarge = new ApiError({ status: 504, reason: 'Timeout', message: 'Too large resource version' });
    made.api.faults.inject({ verb: 'watch', times: 3, error: tooLarge });
    const lists = countCalls(made.api, 'list');
    made.api.breakWatches(new NetworkError('connection', 'ECONNRESET'));
    await pass(made.clock, 10_000);
    assert.equal(lists(), 1);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('never takes a foreign or half answer for an empty cluster', async () => {
    const made = await started();
    made.api.breakWatches(new ApiError({ status: 410, reason: 'Expired', message: 'too old' }));
    const list = made.api.list.bind(made.api);
    made.api.list = () => Promise.resolve({ items: [], resourceVersion: '' });
    await pass(made.clock, 60_000, 500);
    assert.deepEqual(made.changes, []);
    assert.equal(made.informer.size, 2);
    made.api.list = list;
    await pass(made.clock, 31_000, 500);
    assert.equal(made.informer.state.name, 'synced');
    assert.deepEqual(made.changes, []);
  });

  it('counts its staleness from the moment at which the stream broke', async () => {
    const made = await started();
    await pass(made.clock, 40_000, 1_000);
    made.api.goDown();
    const brokeAt = made.clock.now();
    await pass(made.clock, 5_000);
    assert.deepEqual(made.informer.state, { name: 'stale', since: brokeAt });
  });

  it('tries at once when it is told that the API server is back', async () => {
    const made = await started();
    made.api.goDown();
    await pass(made.clock, 10 * 60_000, 1_000);
    made.api.store(services, service('c'));
    made.api.comeBack();
    made.informer.revive();
    await pass(made.clock, 100);
    assert.deepEqual(made.changes, ['set default/c']);
  });

  it('ends a backoff when it is told that the API server answers, and leaves a standing watch alone', async () => {
    const made = await started();
    made.api.goDown();
    await pass(made.clock, 10 * 60_000, 1_000);
    made.api.store(services, service('c'));
    made.api.comeBack();
    made.informer.retryNow();
    await pass(made.clock, 100);
    assert.deepEqual(made.changes, ['set default/c']);
    const watches = countCalls(made.api, 'watch');
    made.informer.retryNow();
    await pass(made.clock, 1_000);
    assert.equal(watches(), 0);
  });

  it('lists at once after 410, however long the API server was away before', async () => {
    const made = await started();
    made.api.goDown();
    await pass(made.clock, 10 * 60_000, 1_000);
    made.api.store(services, service('c'));
    made.api.compact();
    made.api.comeBack();
    // The longest backoff of an API server that is away; nothing on top of it.
    while (made.informer.state.name !== 'synced') await pass(made.clock, 100);
    assert.deepEqual(made.changes, ['set default/c']);
    assert.ok(made.clock.now() <= 10 * 60_000 + 30_000 + 200, `${made.clock.now()} ms`);
  });

  it('takes its time between lists if each is followed by another 410', async () => {
    const made = await started();
    made.api.watch = (_kind, _options, handlers) => {
      queueMicrotask(() => handlers.onClose(new ApiError({ status: 410, reason: 'Expired', message: 'too old' })));
      return { close: () => undefined };
    };
    made.api.breakWatches(new ApiError({ status: 410, reason: 'Expired', message: 'too old' }));
    const lists = countCalls(made.api, 'list');
    await pass(made.clock, 60_000, 100);
    assert.ok(lists() >= 5 && lists() <= 15, `${lists()} lists`);
  });

  it('waits as long as a server asks that has too much to do, and goes on from where it was: a list would be worse', async () => {
    const made = await started();
    const busy = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 20_000 });
    made.api.faults.inject({ verb: 'watch', times: 1, error: busy });
    const [lists, watches] = [countCalls(made.api, 'list'), countCalls(made.api, 'watch')];
    made.api.breakWatches(new NetworkError('connection', 'ECONNRESET'));
    await pass(made.clock, 19_900, 100);
    assert.equal(watches(), 1);
    made.api.store(services, service('c'));
    await pass(made.clock, 1_000, 100);
    assert.deepEqual([lists(), watches()], [0, 2]);
    assert.deepEqual(made.changes, ['set default/c']);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('opens a watch anew that a cut path may have left half open', async () => {
    const made = await started();
    made.api.muteWatches();
    made.api.store(services, service('c'));
    made.informer.revive();
    await pass(made.clock, 100);
    assert.deepEqual(made.changes, ['set default/c']);
    assert.equal(made.api.watches, 1);
  });

  it('is stale while that is under way', async () => {
    const made = await started();
    await pass(made.clock, 7_000);
    made.api.muteWatches();
    made.api.freeze();
    made.informer.revive();
    await pass(made.clock, 3_000);
    assert.deepEqual(made.informer.state, { name: 'stale', since: 0 });
    made.api.thaw();
    await pass(made.clock, 1_000);
    assert.equal(made.informer.state.name, 'synced');
  });
});
