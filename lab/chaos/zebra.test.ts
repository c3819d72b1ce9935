import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pathAtRest } from './observe.ts';
import { judgeRest, leftoversOf, tellLeftover, type RouterSight } from './rest.ts';
import { readZebra, type ZebraRoutes, type ZebraWords } from './zebra.ts';

const ip = '172.30.0.3';
const wanted = new Map([['172.30.0.0', ['x']]]);
/** A Service at 172.30.0.3 was deleted while the router was down, and its kernel kept the route. */
const kernel = new Map([...wanted, [ip, ['y', 'z']]]);
const told = new Map([['a', new Map([['172.30.0.0', [pathAtRest('x', 100)]]])]]);
const sessions = { established: ['a'], complete: ['a'] };

function sight(zebra: ZebraWords, more: Partial<RouterSight> = {}): RouterSight {
  return { sessions, heard: { told, retained: [] }, kernel, zebra, ...more };
}

const linesOf = (found: RouterSight): readonly string[] => judgeRest('r1', found, ['a'], wanted).lines;
const line = `r1's kernel has y, z for ${ip}, not nothing`;

suite('a route to an address that nobody tells a router any more', () => {
  test('is its own affair, where zebra found it when it started, or knows nothing of it', () => {
    for (const word of ['found', 'none'] as const) {
      const found = sight(new Map([[ip, word]]));
      assert.deepEqual(linesOf(found), []);
      const left = ['y', 'z'].map((gateway) => ({ peer: 'zebra', ip, gateway }));
      assert.deepEqual(leftoversOf(found), left);
      assert.deepEqual(
        left.map((one) => tellLeftover('r1', one)),
        ['y', 'z'].map((one) => `r1 keeps ${one} for ${ip} by itself, from before its crash, and its bgpd has no path`),
      );
    }
  });

  test('is not, where bgpd gave it to zebra, or zebra was not asked', () => {
    for (const words of [new Map([[ip, 'given']]), new Map()] as ZebraWords[]) {
      assert.deepEqual(leftoversOf(sight(words)), []);
      assert.deepEqual(linesOf(sight(words)), [line]);
    }
  });

  test('is not, where a replica still tells it: that is said of the replica and of the kernel', () => {
    const more = new Map([['a', new Map([...(told.get('a') ?? []), [ip, [pathAtRest('y', 100)]]])]]);
    const found = sight(new Map([[ip, 'found']]), { heard: { told: more, retained: [] } });
    assert.deepEqual(leftoversOf(found), []);
    assert.deepEqual(linesOf(found), [`r1 from a has ${pathAtRest('y', 100)} for ${ip}, not nothing`, line]);
  });

  test('is not, as long as bgpd retains a path of a replica that is away', () => {
    const retained = [{ peer: 'b', ip, gateway: 'y' }];
    assert.deepEqual(leftoversOf(sight(new Map([[ip, 'found']]), { heard: { told, retained } })), []);
  });

  test('excuses no replica that does not tell a wanted one', () => {
    const found = sight(new Map([['172.30.0.0', 'found']]), {
      heard: { told: new Map(), retained: [] },
      kernel: wanted,
    });
    assert.deepEqual(linesOf(found), [`r1 from a has nothing for 172.30.0.0, not ${pathAtRest('x', 100)}`]);
  });
});

test('where zebra has a route from, by what FRR 8.4.4 prints', () => {
  const entry = (internalFlags: number, selected = true): object => ({ protocol: 'bgp', selected, internalFlags });
  const routes = {
    '172.30.0.1/32': [entry(10)],
    '172.30.0.2/32': [entry(8)],
    'fd30:1::1/128': [entry(2, false), entry(8)],
  } as unknown as ZebraRoutes;
  assert.deepEqual(Object.fromEntries(readZebra(routes, ['172.30.0.1', '172.30.0.2', 'fd30:1::1', '172.30.0.3'])), {
    '172.30.0.1': 'found',
    '172.30.0.2': 'given',
    'fd30:1::1': 'given',
    '172.30.0.3': 'none',
  });
});
