import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Assignment } from '../../domain/service.ts';
import { aPool } from '../../domain/testing/builders.ts';
import { type Bench, holder, withPool } from './testing/admission-bench.ts';

const BIG = aPool('p', ['10.1.0.0/16']);
const MANY: readonly Assignment[] = Array.from({ length: 500 }, (_, i) => ({
  pool: 'p',
  ip: `10.1.${1 + (i >> 8)}.${i & 255}`,
}));

function twoPools(): Bench {
  const bench = withPool(BIG);
  bench.pools.set('six', aPool('six', ['2001:db8::/64']));
  return bench;
}

suite('of a status that no leader can have written', () => {
  test('with many addresses of a family the first alone is believed', () => {
    const bench = withPool(BIG).begin();
    bench.service(holder('a/s', { recorded: MANY }));
    assert.deepEqual(bench.passed('a/s'), ['p=10.1.1.0']);
  });

  test('that which was there before stays the only one, wherever it stands', () => {
    const bench = withPool(BIG).begin();
    bench.service(holder('a/s', {}, '10.1.1.9'));
    bench.service(holder('a/s', { recorded: MANY }));
    assert.deepEqual(bench.passed('a/s'), ['p=10.1.1.9']);
  });

  test('that which the status of the pool names is the one, when a replica starts', () => {
    const bench = withPool(BIG);
    bench.used.set('10.1.1.9', ['a/s']);
    bench.services.set('a/s', holder('a/s', { recorded: MANY }));
    bench.begin();
    assert.deepEqual(bench.passed('a/s'), ['p=10.1.1.9']);
  });

  for (const [what, overrides] of [
    ["has another one's class", { loadBalancerClass: 'example.com/other' }],
    ['has opted out', { loadBalancerClass: undefined, optedOut: true }],
    ['lacks the family', { families: ['ipv6'] }],
  ] as const) {
    test(`nothing is believed where the Service ${what}, until that is over`, () => {
      const bench = twoPools().begin();
      bench.service(holder('a/s', overrides, '10.1.9.1'));
      assert.deepEqual(bench.passed('a/s'), []);
      bench.service(holder('a/s', {}, '10.1.9.1'));
      assert.deepEqual(bench.passed('a/s'), ['p=10.1.9.1']);
      bench.service(holder('a/s', overrides, '10.1.9.1'));
      assert.deepEqual(bench.passed('a/s'), ['p=10.1.9.1'], 'the leader takes it back');
    });
  }

  test('one address of each family is believed', () => {
    const bench = twoPools().begin();
    const six = { pool: 'six', ip: '2001:db8::5' };
    bench.service(holder('a/s', { families: ['ipv4', 'ipv6'], recorded: [six, ...MANY.slice(0, 3)] }));
    assert.deepEqual(bench.passed('a/s'), ['six=2001:db8::5', 'p=10.1.1.0']);
  });
});
