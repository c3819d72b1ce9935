import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { pass } from '../../cluster/fake/passage.ts';
import { factsOf } from '../testing/api-bench.ts';
import { announced } from '../testing/facts.ts';
import { Gather } from './gather.ts';
import { MAX_TAKERS, TAKERS_LIMITS, takersOf, takersReport, wordsOfTakers, type TakersReport } from './takers.ts';

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
  return { gather: new Gather(deps, { self: SELF, ...TAKERS_LIMITS }), asked };
}

/** What so many who read other pages, of so many addresses each, hear of these at once, and after how many milliseconds the last one does. */
async function readers(count: number, addresses: number, takesMs: number): Promise<{ known: number[][]; ms: number }> {
  const clock = new FakeClock();
  const say = (ips: readonly string[]): TakersReport =>
    takersOf(new Map(ips.map((ip) => [ip, announced(ip, 'shop/web', [])])), ips);
  const deps = {
    ...{ clock, members: () => [SELF, { ...SELF, name: 'b', node: 'b' }] },
    own: async (ips: readonly string[]) => await Promise.resolve(say(ips)),
    ask: async (_replica: unknown, ips: readonly string[]) => {
      await new Promise<void>((resolve) => void clock.setTimer(takesMs, resolve));
      return say(ips);
    },
  };
  const gather = new Gather(deps, { self: SELF, ...TAKERS_LIMITS });
  const began = clock.now();
  let ms = 0;
  const reading = Array.from({ length: count }, async (_reader, i) => {
    const page = Array.from({ length: addresses }, (_ip, j) => `10.${i}.${j >> 8}.${j & 255}`);
    const words = await wordsOfTakers(gather, page);
    ms = Math.max(ms, clock.now() - began);
    return ['a', 'b'].map((name) => {
      const word = words.get(name);
      const said = new Set(word !== undefined && 'facts' in word ? word.facts.addresses.map(({ ip }) => ip) : []);
      return page.filter((ip) => said.has(ip)).length;
    });
  });
  const known = Promise.all(reading);
  known.catch(() => undefined);
  await pass(clock, 3_000, 10);
  return { known: await known, ms };
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

  test('is told to however many read at once', async () => {
    for (const [count, addresses] of [
      [30, 200],
      [12, 1_000],
    ] as const) {
      const { known, ms } = await readers(count, addresses, 20);
      assert.deepEqual(new Set(known.flat()), new Set([addresses]));
      assert.ok(ms <= 500, `the last one after ${ms} ms`);
    }
  });

  test('is told by the others where one hangs, and nobody waits for long', async () => {
    const { known, ms } = await readers(30, 200, 60_000);
    assert.deepEqual(new Set(known.map(String)), new Set(['200,0']));
    assert.ok(ms <= 500, `the last one after ${ms} ms`);
  });

  test('is not known, rather than refused, where more is asked at once than there are turns for', async () => {
    const { known, ms } = await readers(250, 200, 60_000);
    assert.deepEqual(new Set(known.map(String)), new Set(['200,0', '0,0']));
    assert.ok(ms <= 1_500, `the last one after ${ms} ms`);
  });

  test('is not asked of one that is known to hang, which is named', async () => {
    const asked: string[] = [];
    const deps = {
      ...{
        clock: new FakeClock(),
        members: () => [SELF, ...['b', 'c'].map((name) => ({ ...SELF, name, node: name }))],
      },
      own: async () => await Promise.resolve({ addresses: [] }),
      ask: async ({ name }: { readonly name: string }) => {
        asked.push(name);
        return await Promise.resolve({ addresses: [] });
      },
      passedOver: ({ name }: { readonly name: string }) => (name === 'b' ? 'no answer within 1500 ms' : undefined),
    };
    const words = await wordsOfTakers(new Gather(deps, { self: SELF, ...TAKERS_LIMITS }), ['192.0.2.1']);
    assert.deepEqual(asked, ['c']);
    const problems = [...words.values()].map((word) => ('problem' in word ? word.problem : ''));
    assert.deepEqual(problems, ['', 'no answer within 1500 ms', '']);
  });

  test('names eight of many nodes as routers prefer them, or as many as there are, and how many more there are', () => {
    const names = Array.from({ length: 12 }, (_node, i) => `n${i}`);
    const few = { ip: '192.0.2.1', services: ['shop/web'], nodes: ['n3', 'n1'], draining: ['n3', 'n5'] };
    const many = { ip: '192.0.2.2', services: ['shop/db'], nodes: names, first: names.toReversed().slice(0, 8) };
    const reports = new Map([few, { ...many, draining: ['n20'] }].map((report) => [report.ip, report]));
    const { addresses } = takersOf(reports, [...reports.keys()]);
    assert.deepEqual(
      addresses.map(({ nodes, more }) => [nodes.join(), more]),
      [
        ['n3,n1,n5', 0],
        ['n11,n10,n9,n8,n7,n6,n5,n4', 5],
      ],
    );
    assert.deepEqual(takersReport.parse(JSON.parse(JSON.stringify({ addresses }))).addresses, addresses);
  });

  test('is not asked where there is no address', async () => {
    const { gather, asked } = gathering(3);
    assert.equal((await wordsOfTakers(gather, [])).size, 0);
    assert.equal(asked.length, 0);
  });
});
