import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { factsOf } from '../testing/api-bench.ts';
import { announced } from '../testing/facts.ts';
import { Gather } from './gather.ts';
import { MAX_TAKERS, takersOf, takersReport, wordsOfTakers, type TakersReport } from './takers.ts';

const SELF = { name: 'a', node: 'a', address: '10.0.0.1' };

/** Two replicas, of which the second answers until it is asked so often. */
function gathering(answers: number): { readonly gather: Gather<TakersReport>; readonly asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const say = (ips: readonly string[]): TakersReport =>
    takersOf(new Map(ips.map((ip) => [ip, announced(ip, 'shop/web', [])])), ips);
  const deps = {
    ...{ clock: new FakeClock(), members: () => [SELF, { ...SELF, name: 'b', node: 'b' }] },
    own: async (ips: readonly string[]) => await Promise.resolve(say(ips)),
    ask: async (_replica: unknown, ips: readonly string[]) => {
      asked.push(ips);
      if (asked.length > answers) throw new Error('connect ECONNREFUSED');
      return await Promise.resolve(say(ips));
    },
  };
  return { gather: new Gather(deps, { self: SELF, maxAddresses: MAX_TAKERS }), asked };
}

const THREE_ROUNDS = Array.from({ length: 2 * MAX_TAKERS + 1 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);

suite('who takes the traffic of addresses', () => {
  test('is told with those that are about to go, and no more nodes than a list has room for', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `n${i}`);
    const report = { ...announced('192.0.2.1', 'shop/web', []), nodes, draining: ['n9', 'n10'] };
    const { addresses } = takersOf(new Map([['192.0.2.1', report]]), ['192.0.2.1', '192.0.2.2']);
    assert.deepEqual(addresses, [{ ip: '192.0.2.1', services: ['shop/web'], nodes: nodes.slice(0, 8), more: 3 }]);
  });

  test('is heard as it was said, and from an earlier version, which says all that it knows', () => {
    const report = { ...announced('192.0.2.1', 'shop/web', []), draining: ['n3'] };
    const said = takersOf(new Map([['192.0.2.1', report]]), ['192.0.2.1']);
    for (const spoken of [said, factsOf('porter-0', { addresses: [report] })]) {
      assert.deepEqual(takersReport.parse(JSON.parse(JSON.stringify(spoken))), said);
    }
    const cut = { ip: '192.0.2.1', services: [], nodes: ['n1'], more: 7 };
    assert.deepEqual(takersReport.parse({ addresses: [cut] }).addresses, [cut]);
  });

  test('is asked in as many rounds as it takes', async () => {
    const { gather, asked } = gathering(3);
    const words = await wordsOfTakers(gather, THREE_ROUNDS);
    assert.deepEqual(
      asked.map(({ length }) => length),
      [MAX_TAKERS, MAX_TAKERS, 1],
    );
    for (const name of ['a', 'b']) {
      const word = words.get(name);
      assert.equal(word !== undefined && 'facts' in word && word.facts.addresses.length, THREE_ROUNDS.length);
    }
  });

  test('is not told by who answers some of the rounds', async () => {
    const { gather } = gathering(2);
    const words = await wordsOfTakers(gather, THREE_ROUNDS);
    assert.deepEqual(
      ['a', 'b'].map((name) => 'problem' in (words.get(name) ?? {})),
      [false, true],
    );
  });

  test('is not asked where there is no address', async () => {
    const { gather, asked } = gathering(3);
    assert.equal((await wordsOfTakers(gather, [])).size, 0);
    assert.equal(asked.length, 0);
  });
});
