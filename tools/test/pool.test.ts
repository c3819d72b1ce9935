import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachOf, type Lane } from './pool.ts';

const never = new AbortController().signal;

/** Work whose ends a test decides. */
class Site {
  readonly started: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();
  readonly #lanes = new Map<string, Lane>();

  readonly work = (item: string, lane: Lane): Promise<void> => {
    this.started.push(item);
    this.#lanes.set(item, lane);
    const end = Promise.withResolvers<void>();
    this.#ends.set(item, end);
    return end.promise;
  };

  async end(...items: string[]): Promise<void> {
    for (const item of items) this.#ends.get(item)?.resolve();
    await settled();
  }

  lane(item: string): Lane {
    const lane = this.#lanes.get(item);
    assert.ok(lane !== undefined, item);
    return lane;
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('so many at a time, in their order', async () => {
  const site = new Site();
  const all = forEachOf(['a', 'b', 'c'], 2, never, site.work);
  assert.deepEqual(site.started, ['a', 'b']);
  await site.end('b');
  assert.deepEqual(site.started, ['a', 'b', 'c']);
  await site.end('a', 'c');
  assert.deepEqual(await all, []);
});

test('in place of one that rests another one runs, and as it works again nothing is started before there is room', async () => {
  const site = new Site();
  const all = forEachOf(['a', 'b', 'c', 'd'], 2, never, site.work);
  site.lane('a').rest();
  site.lane('a').rest();
  assert.deepEqual(site.started, ['a', 'b', 'c']);
  site.lane('a').work();
  site.lane('a').work();
  await site.end('b');
  assert.deepEqual(site.started, ['a', 'b', 'c'], 'a and c work');
  await site.end('c');
  assert.deepEqual(site.started, ['a', 'b', 'c', 'd']);
  await site.end('a', 'd');
  assert.deepEqual(await all, []);
});

test('one that ends while it rests leaves no more room than it had', async () => {
  const site = new Site();
  const all = forEachOf(['a', 'b', 'c'], 1, never, site.work);
  site.lane('a').rest();
  await site.end('a');
  assert.deepEqual(site.started, ['a', 'b']);
  await site.end('b');
  await site.end('c');
  assert.deepEqual(await all, []);
});

test('nothing is started any more once it is to stop', async () => {
  const site = new Site();
  const stop = new AbortController();
  const all = forEachOf(['a', 'b', 'c'], 1, stop.signal, site.work);
  stop.abort();
  site.lane('a').rest();
  await site.end('a');
  assert.deepEqual(await all, ['b', 'c']);
});

test('work that fails fails the whole', async () => {
  await assert.rejects(
    forEachOf(['a'], 1, never, () => Promise.reject(new Error('no'))),
    /no/,
  );
});
