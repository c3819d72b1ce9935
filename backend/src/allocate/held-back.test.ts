import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { HeldBack } from './held-back.ts';
import { Desk, setOf } from './testing/desk.ts';

const NOW = 1_000_000_000;
const FOUR = aPool('four', ['192.0.2.1'], { isDefault: true });
const SIX = aPool('six', ['2001:db8::1'], { isDefault: true });

const BOTH: Partial<Service> = { familyPolicy: 'RequireDualStack', families: ['ipv4', 'ipv6'] };
const V4: Partial<Service> = { families: ['ipv4'] };
const V6: Partial<Service> = { families: ['ipv6'] };

suite('who needs an address of each family', () => {
  test('gets them where they come free in turn, though younger Services wait for either', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('first', V4);
    desk.create('second', V6);
    desk.create('both', BOTH);
    desk.create('young-4', V4);
    desk.create('young-6', V6);
    desk.remove('first');
    assert.deepEqual(
      ['both', 'young-4'].map((name) => desk.ips(name)),
      ['', ''],
    );
    desk.remove('second');
    assert.deepEqual(
      ['both', 'young-4', 'young-6'].map((name) => desk.ips(name)),
      ['192.0.2.1,2001:db8::1', '', ''],
    );
  });

  test('keeps nothing from an older one', () => {
    const desk = new Desk(FOUR);
    desk.create('both', { ...BOTH, createdAt: NOW + 100 });
    desk.create('older', { ...V4, createdAt: NOW });
    assert.equal(desk.ips('older'), '192.0.2.1');
  });

  test('keeps nothing from others as long as no pool would ever give it the other one', () => {
    for (const six of [[], [{ ...SIX, disabled: true }], [{ ...SIX, namespaces: ['others'] }]]) {
      const desk = new Desk(FOUR, ...six);
      desk.create('both', BOTH);
      desk.create('young', V4);
      assert.equal(desk.ips('young'), '192.0.2.1');
    }
  });

  test('leaves what was held back to who waits when it is gone, and when it can have the other one no more', () => {
    const gone = new Desk(FOUR, SIX);
    const closed = new Desk(FOUR, SIX);
    for (const desk of [gone, closed]) {
      desk.create('second', V6);
      desk.create('both', BOTH);
      desk.create('young', V4);
      assert.equal(desk.ips('young'), '');
    }
    gone.remove('both');
    closed.pools(FOUR, { ...SIX, disabled: true });
    assert.deepEqual([gone.ips('young'), closed.ips('young')], ['192.0.2.1', '192.0.2.1']);
  });

  test('is told apart from who asks for the very address', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('second', V6);
    desk.create('both', BOTH);
    desk.create('wishing', { ...V4, wantedIPs: ['192.0.2.1'] });
    assert.equal(desk.ips('wishing'), '');
    desk.remove('both');
    assert.equal(desk.ips('wishing'), '192.0.2.1');
  });

  test('gives way to an older one that begins to wait, and comes next', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('second', V6);
    desk.create('younger', { ...BOTH, createdAt: NOW + 200 });
    desk.create('older', { ...BOTH, createdAt: NOW + 100 });
    desk.remove('second');
    assert.deepEqual([desk.ips('older'), desk.ips('younger')], ['192.0.2.1,2001:db8::1', '']);
    desk.remove('older');
    assert.equal(desk.ips('younger'), '192.0.2.1,2001:db8::1');
  });

  test('gives way to an older one, and has what there is of another pool held back instead', () => {
    const desk = new Desk(aPool('p', ['192.0.2.1']), aPool('q', ['192.0.2.9']), { ...SIX, isDefault: false });
    desk.create('second', { ...V6, wantedPools: ['six'] });
    desk.create('younger', { ...BOTH, createdAt: NOW + 200, wantedPools: ['p', 'q', 'six'] });
    desk.create('older', { ...BOTH, createdAt: NOW + 100, wantedPools: ['p', 'six'] });
    desk.create('plain', { ...V4, createdAt: NOW + 300, wantedPools: ['q'] });
    const { heldBack } = desk.allocator;
    assert.deepEqual(
      ['older', 'younger'].map((name) => heldBack.of(`d/${name}`).map(({ ip }) => ip)),
      [['192.0.2.1'], ['192.0.2.9']],
    );
    assert.equal(desk.ips('plain'), '');
  });

  test('comes next, before younger ones, once the one in whose place it is has got both', () => {
    const desk = new Desk(aPool('four', ['192.0.2.1-192.0.2.2'], { isDefault: true }), SIX);
    desk.create('second', V6);
    desk.create('first', BOTH);
    desk.create('next', BOTH);
    desk.remove('second');
    assert.equal(desk.ips('first'), '192.0.2.1,2001:db8::1');
    desk.create('young', V4);
    assert.equal(desk.ips('young'), '');
    desk.remove('first');
    assert.equal(desk.ips('next'), '192.0.2.2,2001:db8::1');
    assert.equal(desk.ips('young'), '192.0.2.1');
  });

  test('has it held back by a leader that begins as well', () => {
    const second = aService('d/second', {
      ...V6,
      createdAt: 1,
      claims: true,
      recorded: [{ pool: 'six', ip: '2001:db8::1' }],
    });
    const services = [
      second,
      aService('d/both', { ...BOTH, createdAt: 2 }),
      aService('d/young', { ...V4, createdAt: 3 }),
    ];
    const all = new Map(services.map((service) => [service.key, service]));
    const allocator = new Allocator({ services: all, namespaces: new Map() });
    allocator.adopt(setOf([FOUR, SIX]), { released: new Map(), used: [] }, NOW);
    assert.deepEqual(allocator.heldBack.of('d/both'), [{ pool: 'four', ip: '192.0.2.1' }]);
    const planned = allocator.plan(all.get('d/young') ?? second, NOW);
    assert.deepEqual(planned.served && planned.assignments, []);
  });
});

suite('of an address that is held back and could as well be another one', () => {
  const MORE = aPool('four', ['192.0.2.1-192.0.2.2'], { isDefault: true });
  const held = (desk: Desk): string[] => desk.allocator.heldBack.of('d/both').map(({ ip }) => ip);

  function waiting(pool = MORE): Desk {
    const desk = new Desk(pool, SIX);
    desk.create('second', V6);
    desk.create('both', BOTH);
    assert.deepEqual(held(desk), ['192.0.2.1']);
    return desk;
  }

  test('who asks for it by address gets it, and the other one is held back instead', () => {
    for (const wish of [{ wantedIPs: ['192.0.2.1'] }, { recorded: [{ pool: 'four', ip: '192.0.2.1' }] }]) {
      const desk = waiting();
      desk.create('wishing', { ...V4, ...wish });
      assert.deepEqual([desk.ips('wishing'), held(desk)], ['192.0.2.1', ['192.0.2.2']]);
      desk.create('young', V4);
      desk.remove('second');
      assert.deepEqual([desk.ips('young'), desk.ips('both')], ['', '192.0.2.2,2001:db8::1']);
    }
  });

  test('who had it before gets it again', () => {
    const desk = new Desk(MORE, SIX);
    desk.create('second', V6);
    for (const name of ['first', 'last']) desk.create(name, V4);
    for (const name of ['first', 'last']) desk.remove(name);
    desk.create('both', BOTH);
    assert.deepEqual(held(desk), ['192.0.2.1']);
    desk.create('first', V4);
    assert.deepEqual([desk.ips('first'), held(desk)], ['192.0.2.1', ['192.0.2.2']]);
  });

  test('who had it before is no exception where there is no other one', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('second', V6);
    desk.create('first', V4);
    desk.create('both', BOTH);
    desk.remove('first');
    desk.create('first', V4);
    assert.deepEqual([desk.ips('first'), held(desk)], ['', ['192.0.2.1']]);
  });

  test('who asks for it gets it as soon as there is another one, unless an older one waits for that', () => {
    for (const [names, has] of [
      [['wishing'], '192.0.2.2'],
      [['older', 'wishing'], ''],
    ] as const) {
      const desk = new Desk(MORE, SIX);
      desk.create('second', V6);
      desk.create('first', V4);
      desk.create('both', BOTH);
      for (const name of names) desk.create(name, name === 'wishing' ? { ...V4, wantedIPs: ['192.0.2.2'] } : V4);
      assert.equal(desk.ips('wishing'), '');
      desk.remove('first');
      assert.deepEqual([desk.ips('wishing'), held(desk)], [has, [has === '' ? '192.0.2.2' : '192.0.2.1']]);
    }
  });

  test('the other one is held back before a younger one gets it', () => {
    const desk = new Desk(MORE, SIX);
    desk.create('second', V6);
    desk.create('first', V4);
    desk.create('both', BOTH);
    desk.create('wishing', { ...V4, wantedIPs: ['192.0.2.2'] });
    desk.create('young', V4);
    desk.remove('first');
    assert.deepEqual([desk.ips('wishing'), held(desk), desk.ips('young')], ['192.0.2.2', ['192.0.2.1'], '']);
  });

  test('who asks for it gets it once its own Service asks for it no more', () => {
    const desk = new Desk(MORE, SIX);
    desk.create('second', V6);
    desk.create('both', { ...BOTH, wantedIPs: ['192.0.2.1'] });
    desk.create('wishing', { ...V4, wantedIPs: ['192.0.2.1'] });
    assert.equal(desk.ips('wishing'), '');
    desk.edit('both', { wantedIPs: [] });
    assert.deepEqual([desk.ips('wishing'), held(desk)], ['192.0.2.1', ['192.0.2.2']]);
  });

  test('nobody else gets it where its Service asks for it as well, or had it before', () => {
    const asking = new Desk(MORE, SIX);
    asking.create('second', V6);
    asking.create('both', { ...BOTH, wantedIPs: ['192.0.2.1'] });
    const former = new Desk(MORE, SIX);
    former.create('both', BOTH);
    former.remove('both');
    former.create('second', V6);
    former.create('both', BOTH);
    const edited = new Desk(MORE, SIX);
    edited.create('second', V6);
    edited.create('both', BOTH);
    edited.edit('both', { wantedIPs: ['192.0.2.1'] });
    for (const desk of [asking, former, edited]) {
      assert.deepEqual(held(desk), ['192.0.2.1']);
      desk.create('wishing', { ...V4, wantedIPs: ['192.0.2.1'] });
      assert.deepEqual([desk.ips('wishing'), held(desk)], ['', ['192.0.2.1']]);
    }
  });
});

test('of who needs one address and who needs both the older comes first, also where both come free at once', () => {
  const desk = new Desk({ ...FOUR, reuseAfterSeconds: 60 }, { ...SIX, reuseAfterSeconds: 60 });
  desk.create('holder', BOTH);
  desk.create('six', V6);
  desk.create('both', BOTH);
  desk.remove('holder');
  desk.pass(60);
  assert.deepEqual([desk.ips('six'), desk.ips('both')], ['2001:db8::1', '']);
});

test('what is free after one got both goes to who has waited longest, before some of it is held back for the next one', () => {
  const desk = new Desk(FOUR, aPool('six', ['2001:db8::1-2001:db8::2'], { isDefault: true }));
  desk.create('first', BOTH);
  desk.create('second', BOTH);
  desk.create('six', V6);
  desk.create('third', BOTH);
  desk.remove('first');
  assert.equal(desk.ips('second'), '192.0.2.1,2001:db8::2');
  assert.deepEqual([desk.ips('six'), desk.ips('third')], ['2001:db8::1', '']);
});

test('what one holds back no more after an edit is offered when older ones have got what the edit gives them', () => {
  const pools = [
    aPool('p', ['2001:db8::1'], { isDefault: true }),
    aPool('q', ['192.0.2.2'], { isDefault: true }),
    aPool('r', ['2001:db8::2-2001:db8::3'], { isDefault: true }),
  ];
  const desk = new Desk(...pools);
  desk.create('six', V6);
  desk.create('gives-up', { ...BOTH, wantedPools: ['p', 'q'] });
  desk.create('older', { ...BOTH, wantedPools: ['r', 'p'] });
  for (const name of ['young-1', 'young-2', 'young-3']) desk.create(name, BOTH);
  desk.pools(aPool('p', ['192.0.2.0-192.0.2.1'], { isDefault: true }), ...pools.slice(1));
  const [older, young] = [desk.ips('older'), desk.ips('young-1')];
  assert.deepEqual([older.includes('192.0.2.'), young.includes('192.0.2.')], [true, true]);
  assert.deepEqual(
    ['gives-up', 'young-2', 'young-3'].map((name) => desk.ips(name)),
    ['', '', ''],
  );
});

test('what one holds back no more after an edit goes to an older one that the edit lets in', () => {
  const web = { labels: { app: 'web' } };
  const forWeb = { serviceSelector: { matchLabels: web.labels, matchExpressions: [] } };
  const desk = new Desk(aPool('p', ['192.0.2.1-192.0.2.2', '2001:db8::1'], forWeb));
  desk.create('first', { ...BOTH, ...web });
  desk.create('both', { ...BOTH, ...web });
  desk.create('older', V4);
  desk.create('young', { ...V4, ...web });
  assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'p', ip: '192.0.2.2' }]);
  desk.pools(aPool('p', ['192.0.2.1-192.0.2.2'], { isDefault: true }));
  assert.deepEqual([desk.ips('older'), desk.ips('young')], ['192.0.2.2', '']);
});

suite('where an edit gives a pool what was held back of another one', () => {
  const SIX_OF_P = aPool('p', ['192.0.2.9', '2001:db8::1'], { isDefault: true });
  const Q = aPool('q', ['192.0.2.2'], { isDefault: true });

  /** The oldest has all of p; of q, `both` has the address held back. */
  function waiting(...pools: readonly Pool[]): Desk {
    const desk = new Desk(...pools);
    desk.create('first', BOTH);
    desk.create('both', BOTH);
    desk.create('young', V4);
    assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'q', ip: '192.0.2.2' }]);
    return desk;
  }

  test('and it is held back no more, it goes to who waits for the one that gives it now', () => {
    const desk = waiting(SIX_OF_P, Q);
    desk.pools({ ...SIX_OF_P, ranges: Q.ranges }, Q);
    assert.deepEqual([desk.ips('both'), desk.ips('young')], ['', '192.0.2.2']);
  });

  test('and the former one is gone, as well', () => {
    const later = { ...Q, name: 'r' };
    const desk = waiting(SIX_OF_P, Q, later);
    desk.pools(aPool('p', ['192.0.2.9'], { isDefault: true }), later);
    assert.deepEqual([desk.ips('both'), desk.ips('young')], ['', '192.0.2.2']);
  });

  test('and it is held back still, it is held back of that one alone', () => {
    const desk = waiting(SIX_OF_P, Q);
    desk.pools({ ...SIX_OF_P, ranges: [...Q.ranges, ...SIX_OF_P.ranges] }, Q);
    assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'p', ip: '192.0.2.2' }]);
    desk.remove('both');
    assert.deepEqual([desk.ips('young'), desk.allocator.heldBack.of('d/both')], ['192.0.2.2', []]);
  });
});

suite('what is held back', () => {
  const [older, younger] = [
    { key: 'd/older', createdAt: 1 },
    { key: 'd/younger', createdAt: 2 },
  ];
  const first = { pool: 'p', ip: '192.0.2.1' };
  const second = { pool: 'p', ip: '192.0.2.2' };

  test('is one address of a family of a pool, for the oldest', () => {
    const held = new HeldBack();
    assert.deepEqual(held.set(younger, [first]), []);
    assert.deepEqual(held.set(older, [second]), [{ service: younger, assignment: first, isAskedFor: false }]);
    assert.deepEqual(held.set(younger, [first]), []);
    assert.deepEqual([held.of('d/older'), held.of('d/younger')], [[second], []]);
    assert.deepEqual([held.has('192.0.2.1'), held.has('192.0.2.2')], [false, true]);
    assert.deepEqual(held.set(older, [first]), [{ service: older, assignment: second, isAskedFor: false }]);
  });

  test('is no more what a younger one had of it from another pool, as before an edit', () => {
    const held = new HeldBack();
    held.set(younger, [{ ...first, pool: 'former' }]);
    assert.deepEqual(held.set(older, [first]), [
      { service: younger, assignment: { ...first, pool: 'former' }, isAskedFor: false },
    ]);
    assert.deepEqual([held.of('d/younger'), held.set(younger, [])], [[], []]);
    assert.equal(held.keptFrom(first.ip, younger), 'd/older');
  });

  test('is of one pool, though it be wanted of the former one as well', () => {
    const held = new HeldBack();
    const former = { ...first, pool: 'former' };
    held.set(younger, [former]);
    held.set(younger, [first, former]);
    assert.deepEqual(held.of('d/younger'), [first]);
    held.take(first.ip);
    assert.deepEqual([held.of('d/younger'), held.isTaken({ pool: 'former', family: 'ipv4' })], [[], false]);
  });

  test('is kept from younger ones alone', () => {
    const held = new HeldBack();
    held.set(older, [first]);
    assert.deepEqual([held.keptFrom(first.ip, younger), held.keptFrom(first.ip, older)], ['d/older', undefined]);
    assert.equal(held.keptFrom(second.ip, younger), undefined);
    assert.equal(held.take(first.ip)?.key, 'd/older');
    assert.deepEqual([held.keptFrom(first.ip, younger), held.take(first.ip)], [undefined, undefined]);
  });
});
