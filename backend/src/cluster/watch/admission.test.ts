import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Reserved } from '../../allocate/reserved.ts';
import type { Service } from '../../domain/service.ts';
import { aPool, sharingTerms } from '../../domain/testing/builders.ts';
import { Bench, FOR_A, FOR_ALL, holder, IP, withPool } from './testing/admission-bench.ts';

suite('an address that stands in the status of a Service', () => {
  test('is passed on if the pool lets the namespace in, and not if it does not', () => {
    const bench = withPool(FOR_A).begin();
    assert.deepEqual(bench.service(holder('a/s')), ['a/s']);
    bench.service(holder('b/s', {}, '192.0.2.2'));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/s')], [['p=192.0.2.1'], []]);
  });

  test('is nothing while the leader’s proof is missing, the type is another, or the Service goes', () => {
    const bench = withPool(FOR_ALL).begin();
    for (const gone of [{ claims: false }, { isLoadBalancer: false }, { deleting: true }]) {
      bench.service(holder('a/s', gone));
      assert.deepEqual(bench.passed('a/s'), []);
    }
  });

  test('is judged one by one where there are several, and they stay in their order', () => {
    const bench = withPool(FOR_A);
    bench.pools.set('six', aPool('six', ['2001:db8::/120']));
    bench.begin();
    const recorded = [
      { pool: 'six', ip: '2001:db8::1' },
      { pool: 'p', ip: IP },
    ];
    const families = ['ipv4', 'ipv6'] as const;
    bench.service(holder('b/s', { families, recorded }));
    bench.service(holder('a/s', { families, recorded: [{ pool: 'six', ip: '2001:db8::2' }, ...recorded.slice(1)] }));
    assert.deepEqual(
      [bench.passed('b/s'), bench.passed('a/s')],
      [['six=2001:db8::1'], ['six=2001:db8::2', 'p=192.0.2.1']],
    );
  });
});

suite('an address that was believed once', () => {
  const edits: [string, (bench: Bench) => void][] = [
    ['its pool’s namespaces', (bench) => void bench.pool({ ...FOR_ALL, namespaces: ['other'] })],
    ['its pool’s namespaceSelector', (bench) => void bench.pool({ ...FOR_ALL, namespaceSelector: { team: 'x' } })],
    ['its pool’s addresses', (bench) => void bench.pool(aPool('p', ['198.51.100.0/28'], { namespaces: ['other'] }))],
    ['its namespace’s labels', (bench) => void bench.namespace('a', { team: 'y' })],
    ['its pool’s existence', (bench) => void bench.noPool('p')],
  ];
  for (const [what, edit] of edits) {
    test(`stays after an edit of ${what}, and whatever else becomes of its Service`, () => {
      const bench = withPool({ ...FOR_ALL, namespaceSelector: { team: 'x' } });
      bench.namespaces.set('a', { team: 'x' });
      bench.begin().service(holder('a/s'));
      edit(bench);
      bench.service(holder('a/s', { labels: { app: 'other' }, resourceVersion: '2' }));
      assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
    });
  }

  test('is judged anew once its Service has let go of it', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.pool({ ...FOR_ALL, namespaces: ['other'] });
    bench.service(holder('a/s', { claims: false }));
    bench.service(holder('a/s'));
    assert.deepEqual(bench.passed('a/s'), []);
  });

  test('is judged anew for another Service of the same name', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.pool({ ...FOR_ALL, namespaces: ['other'] });
    bench.service(holder('a/s', { uid: 'another' }));
    assert.deepEqual(bench.passed('a/s'), []);
  });

  test('keeps the pool that it was believed with, when its record names one that bars the namespace', () => {
    const bench = withPool(FOR_ALL);
    bench.pools.set('q', aPool('q', ['192.0.2.0/24'], { namespaces: ['other'] }));
    bench.begin().service(holder('a/s'));
    bench.service(holder('a/s', {}, IP, 'q'));
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
    bench.used.set(IP, ['a/s']);
    assert.deepEqual(bench.pool(aPool('q', ['192.0.2.0/24'])), ['a/s']);
    assert.deepEqual(bench.passed('a/s'), ['q=192.0.2.1']);
  });
});

suite('an address that is not believed', () => {
  test('is, as soon as its pool lets the namespace in', () => {
    const bench = withPool(FOR_A).begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.pool({ ...FOR_A, namespaces: ['a', 'b'] }), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
    assert.deepEqual(bench.pool(FOR_A), [], 'nobody waits any more');
  });

  test('is, as soon as the pool’s status says that its namespace holds addresses', () => {
    const bench = withPool(FOR_A).begin();
    bench.service(holder('b/s'));
    bench.pool({ ...FOR_A, heldNamespaces: ['b'] });
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
  });

  test('is, as soon as its namespace has the label; other namespaces make no difference', () => {
    const bench = withPool({ ...FOR_ALL, namespaceSelector: { team: 'x' } }).begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.namespace('bb', { team: 'x' }), []);
    assert.deepEqual(bench.namespace('b', { team: 'x' }), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
  });
});

suite('an address that the pool would not give by its rules', () => {
  const node = new Reserved({ nodes: new Map([[IP, 'n1']]), serviceRanges: [], subnets: [] });

  test('is nothing, until the pool’s status says that the Service holds it', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.reserved = node;
    bench.service(holder('a/s'));
    assert.deepEqual(bench.passed('a/s'), []);
    bench.used.set(IP, ['a/s']);
    assert.deepEqual(bench.pool(FOR_ALL), ['a/s']);
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
  });

  test('stays with who was believed before the rules changed', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.reserved = node;
    bench.pool({ ...FOR_ALL, serviceSelector: { matchLabels: { tier: 'gold' }, matchExpressions: [] } });
    bench.service(holder('a/s', { resourceVersion: '2' }));
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
  });

  test('is refused at the start as well, and kept by whom the status names', () => {
    const bench = withPool(FOR_ALL);
    bench.pools.set('p', { ...FOR_ALL, serviceSelector: { matchLabels: { tier: 'gold' }, matchExpressions: [] } });
    bench.services.set('a/s', holder('a/s'));
    bench.services.set('a/forger', holder('a/forger', {}, '192.0.2.2'));
    bench.used.set(IP, ['a/s']);
    bench.begin();
    assert.deepEqual([bench.passed('a/s'), bench.passed('a/forger')], [['p=192.0.2.1'], []]);
  });
});

suite('an address in no pool', () => {
  test('is passed on, so that it is reported, but is no holding that stays', () => {
    const bench = new Bench().begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
    assert.deepEqual(bench.pool(FOR_A), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), []);
  });

  test('keeps nobody else from getting it', () => {
    const bench = new Bench().begin();
    bench.service(holder('b/s'));
    bench.pool(FOR_A);
    bench.service(holder('a/s'));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/s')], [['p=192.0.2.1'], []]);
  });
});

suite('two Services with one address', () => {
  const shared = (port: string): Partial<Service> => ({
    sharing: sharingTerms({ key: 'k', namespace: 'a', ports: [port] }),
  });

  function foundAtTheStart(...services: readonly Service[]): Bench {
    const bench = withPool(FOR_ALL);
    for (const service of services) bench.services.set(service.key, service);
    return bench.begin();
  }

  const each = (bench: Bench, ...keys: readonly string[]): readonly string[][] => keys.map((key) => bench.passed(key));
  const PASSED = ['p=192.0.2.1'];

  test('found at the start: neither is passed on, until the leader has given one of them another address', () => {
    for (const [loser, keeper] of [
      ['a/old', 'b/young'],
      ['b/young', 'a/old'],
    ] as const) {
      const bench = foundAtTheStart(holder('b/young', { createdAt: 2 }), holder('a/old', { createdAt: 1 }));
      assert.deepEqual(each(bench, 'a/old', 'b/young'), [[], []]);
      assert.deepEqual(bench.pool(FOR_ALL).sort(), ['a/old', 'b/young'], 'an edit of the pool decides nothing');
      assert.deepEqual(each(bench, 'a/old', 'b/young'), [[], []]);
      assert.deepEqual(bench.service(holder(loser, {}, '192.0.2.2')).sort(), ['a/old', 'b/young']);
      assert.deepEqual(each(bench, keeper, loser), [PASSED, ['p=192.0.2.2']]);
    }
  });

  test('found at the start: until one of them goes, or is made anew without it', () => {
    const gone = foundAtTheStart(holder('b/young'), holder('a/old'));
    gone.remove('a/old');
    assert.deepEqual(each(gone, 'a/old', 'b/young'), [[], PASSED]);
    const anew = foundAtTheStart(holder('b/young'), holder('a/old'));
    anew.service(holder('a/old', { uid: 'another', claims: false }));
    assert.deepEqual(each(anew, 'a/old', 'b/young'), [[], PASSED]);
  });

  test('found at the start: until the pool’s status names one of them, which has it from then on', () => {
    const bench = foundAtTheStart(holder('b/young', { createdAt: 2 }), holder('a/old', { createdAt: 1 }));
    bench.used.set(IP, ['b/young']);
    bench.pool(FOR_ALL);
    assert.deepEqual(each(bench, 'a/old', 'b/young'), [[], PASSED]);
    bench.used.clear();
    bench.pool(FOR_ALL);
    bench.service(holder('a/old', { createdAt: 1, resourceVersion: '2' }));
    assert.deepEqual(each(bench, 'a/old', 'b/young'), [[], PASSED]);
  });

  test('found at the start: a third one that claims it meanwhile comes after them, however old', () => {
    const bench = foundAtTheStart(holder('b/young', { createdAt: 3 }), holder('a/old', { createdAt: 2 }));
    bench.service(holder('c/forger', { createdAt: 1 }));
    assert.deepEqual(each(bench, 'a/old', 'b/young', 'c/forger'), [[], [], []]);
    bench.service(holder('b/young', {}, '192.0.2.2'));
    assert.deepEqual(each(bench, 'a/old', 'c/forger'), [PASSED, []]);
    bench.remove('a/old');
    assert.deepEqual(each(bench, 'c/forger'), [PASSED]);
  });

  test('found at the start: who is not believed contests nothing', () => {
    const bench = withPool(FOR_A);
    for (const key of ['b/forger', 'a/s']) bench.services.set(key, holder(key));
    bench.begin();
    assert.deepEqual(each(bench, 'a/s', 'b/forger'), [PASSED, []]);
  });

  test('found at the start: those that share it have it', () => {
    const bench = foundAtTheStart(holder('a/s', shared('TCP/80')), holder('a/dns', shared('UDP/53')));
    assert.deepEqual(each(bench, 'a/s', 'a/dns'), [PASSED, PASSED]);
  });

  test('found at the start: one that shares it since the pool’s status was written has it as well', () => {
    const bench = withPool(FOR_ALL);
    bench.services.set('a/s', holder('a/s', shared('TCP/80')));
    bench.services.set('a/dns', holder('a/dns', shared('UDP/53')));
    bench.used.set(IP, ['a/s']);
    bench.begin();
    assert.deepEqual(each(bench, 'a/s', 'a/dns'), [PASSED, PASSED]);
  });

  test('found at the start: both are passed on if the pool’s status names both, as they shared it', () => {
    const bench = withPool(FOR_ALL);
    for (const key of ['a/one', 'a/two']) bench.services.set(key, holder(key, shared('TCP/80')));
    bench.used.set(IP, ['a/one', 'a/two']);
    bench.begin();
    assert.deepEqual(each(bench, 'a/one', 'a/two'), [PASSED, PASSED]);
  });

  test('found at the start: only the one that the pool’s status names, even if it is the younger', () => {
    const bench = withPool(FOR_ALL);
    for (const key of ['b/young', 'a/old']) bench.services.set(key, holder(key));
    bench.used.set(IP, ['b/young']);
    bench.begin();
    assert.deepEqual([bench.passed('a/old'), bench.passed('b/young')], [[], ['p=192.0.2.1']]);
  });

  test('one turns up later, even if it is the older: it waits until the other lets go', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/forger', { createdAt: 1 }));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/forger')], [['p=192.0.2.1'], []]);
    assert.deepEqual(bench.service(holder('a/s', { resourceVersion: '2' })), ['a/s']);
    assert.deepEqual(bench.remove('a/s').sort(), ['a/s', 'b/forger']);
    assert.deepEqual(bench.passed('b/forger'), ['p=192.0.2.1']);
  });

  test('of several that wait, the oldest gets it', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/young', { createdAt: 3_000 }));
    bench.service(holder('b/old', { createdAt: 2_000 }));
    bench.service(holder('a/s', {}, '192.0.2.2'));
    assert.deepEqual(
      ['a/s', 'b/young', 'b/old'].map((key) => bench.passed(key)),
      [['p=192.0.2.2'], [], ['p=192.0.2.1']],
    );
  });

  test('of several of one age, the first by name gets it, as everywhere', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/second', { uid: '1', createdAt: 2_000 }));
    bench.service(holder('b/first', { uid: '2', createdAt: 2_000 }));
    bench.remove('a/s');
    assert.deepEqual([bench.passed('b/first'), bench.passed('b/second')], [['p=192.0.2.1'], []]);
  });

  test('a Service made anew under its name does not wait for itself', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('a/s', { uid: 'another' }));
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
  });

  test('that agree to share it: both have it, at once or from when the terms fit', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s', shared('TCP/80')));
    bench.service(holder('a/dns', shared('UDP/53')));
    bench.service(holder('a/web', shared('TCP/80')));
    assert.deepEqual(
      ['a/s', 'a/dns', 'a/web'].map((key) => bench.passed(key).length),
      [1, 1, 0],
    );
    bench.service(holder('a/s', shared('TCP/8080')));
    assert.deepEqual(bench.passed('a/web'), ['p=192.0.2.1']);
  });

  test('that do not agree any more keep it: no edit of one takes it from the other', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s', shared('TCP/80')));
    bench.service(holder('a/dns', shared('UDP/53')));
    bench.service(holder('a/dns', shared('TCP/80')));
    assert.deepEqual([bench.passed('a/s').length, bench.passed('a/dns').length], [1, 1]);
  });
});
