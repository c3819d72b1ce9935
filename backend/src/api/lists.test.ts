import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { selects } from '../domain/selector.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { parseSelector } from './label-selector.ts';
import { page, type Columns } from './page.ts';
import { RateLimit } from './rate-limit.ts';
import { ShortCache } from './short-cache.ts';
import { preferredLanguage } from './texts.ts';

suite('a label selector as text', () => {
  const labels = { app: 'web', 'example.com/tier': 'front', empty: '' };
  const cases: readonly [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web,example.com/tier=front', true],
    ['app = web', true],
    ['app!=web', false],
    ['other!=web', true],
    ['app in (web, api)', true],
    ['app in (api),empty', false],
    ['app notin (api,db)', true],
    ['empty=', true],
    ['empty', true],
    ['!app', false],
    ['!other', true],
  ];
  for (const [text, expected] of cases) {
    test(`"${text}" ${expected ? 'selects' : 'leaves out'}`, () => {
      const selector = parseSelector(text);
      assert.ok(!('invalid' in selector));
      assert.equal(selects(selector, labels), expected);
    });
  }
  for (const text of ['=', 'a==b==c', 'a in b', 'a in (b', 'a,,b', '-a', 'a=-b', 'a/b/c', 'a b', 'a>1']) {
    test(`"${text}" is none`, () => assert.ok('invalid' in parseSelector(text)));
  }
});

test('a list that is the same one is sorted once for all who ask for that order, forwards and backwards', () => {
  let looks = 0;
  const size = (item: string): number => {
    looks += 1;
    return item.length;
  };
  const columns: Columns<string> = { name: (item) => item, labels: () => ({}), sort: { size } };
  const all = ['ccc', 'b', 'dd', 'a'];
  const sorted = (query: object, of = all): string =>
    page(of, { page: 1, limit: 3, sortBy: 'size', ascending: true, ...query }, columns).items.join();
  assert.deepEqual([sorted({}), sorted({ page: 2 }), looks], ['a,b,dd', 'ccc', 4]);
  assert.deepEqual([sorted({ ascending: false }), sorted({ ascending: false, page: 2 })], ['ccc,dd,a', 'b']);
  assert.equal(looks, 8);
  assert.deepEqual(
    [sorted({ name: 'd' }), sorted({ sortBy: 'name' }), sorted({}, [...all, 'e'])],
    ['dd', 'a,b,ccc', 'a,b,e'],
  );
  assert.deepEqual([sorted({}), all], ['a,b,dd', ['ccc', 'b', 'dd', 'a']]);
});

suite('the language of an answer', () => {
  const cases = [
    [undefined, 'en'],
    ['', 'en'],
    ['zh', 'zh'],
    ['zh-Hans-CN', 'zh'],
    ['ZH-tw;q=0.9, en;q=0.8', 'zh'],
    ['en-US,zh;q=0.5', 'en'],
    ['fr, *;q=0.5, zh;q=0.1', 'en'],
    ['fr, zh;q=0', 'en'],
    ['zh;q=x', 'en'],
    [`${'x'.repeat(10_000)}, zh`, 'en'],
  ] as const;
  for (const [header, language] of cases) {
    test(`is ${language} for ${String(header).slice(0, 30)}`, () => assert.equal(preferredLanguage(header), language));
  }
});

test('who asks too often waits for as long as it is told, and nobody else does', () => {
  const clock = new FakeClock();
  const limit = new RateLimit({ clock }, { burst: 3, perSecond: 0.5 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [undefined, undefined, undefined, 2],
  );
  assert.equal(limit.take('b'), undefined);
  clock.advance(2_000);
  assert.deepEqual([limit.take('a'), limit.take('a')], [undefined, 2]);
});

suite('an answer that counts for a short time', () => {
  test('is asked for once, also by those who come while it is on its way', async () => {
    const clock = new FakeClock();
    const cache = new ShortCache<number>({ clock }, { max: 10 });
    let asked = 0;
    const get = async (): Promise<number> =>
      await cache.get(
        'a',
        () => 1_000,
        async () => await Promise.resolve((asked += 1)),
      );
    assert.deepEqual(await Promise.all([get(), get()]), [1, 1]);
    clock.advance(999);
    assert.equal(await get(), 1);
    clock.advance(1);
    assert.equal(await get(), 2);
  });

  test('that fails is asked for again', async () => {
    const cache = new ShortCache<number>({ clock: new FakeClock() }, { max: 10 });
    await assert.rejects(
      cache.get(
        'a',
        () => 1_000,
        async () => await Promise.reject(new Error('no')),
      ),
    );
    assert.equal(cache.has('a'), false);
    assert.equal(
      await cache.get(
        'a',
        () => 1_000,
        async () => await Promise.resolve(7),
      ),
      7,
    );
  });

  test('is forgotten where there are too many', async () => {
    const cache = new ShortCache<string>({ clock: new FakeClock() }, { max: 2 });
    for (const key of ['a', 'b', 'c'])
      await cache.get(
        key,
        () => 1_000,
        async () => await Promise.resolve(key),
      );
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => cache.has(key)),
      [false, true, true],
    );
  });
});
