import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { aNode, aPeer } from '../domain/testing/builders.ts';
import { NO_ENDPOINTS } from '../domain/service.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { EngineHandle } from './handle.ts';
import { INPUTS, started } from './testing/shop.ts';

const IP = '192.0.2.1';

suite('whoever asks the engine', () => {
  test('hears what is decided of an address, why, and who is told of it', () => {
    const { addresses, stale, medOffset } = started().engine.facts([IP, '192.0.2.99']);
    assert.deepEqual([stale, medOffset], [false, 100]);
    const nodes = rank(IP, ['n1', 'n2']);
    assert.deepEqual(addresses, [
      {
        ...{
          ip: IP,
          services: ['shop/web'],
          younger: [],
          idle: [],
          finding: { reason: 'Announced', params: { ip: IP } },
        },
        ...{ nodes, draining: [], leftOut: [] },
        routes: [{ peer: 'r1', med: 100, nextHops: nodes.map((node) => `10.0.0.${node.slice(1)}`) }],
      },
    ]);
  });

  test('hears of no way that a router is not told, as it is the node itself, from the moment that there is such a node', () => {
    const peers = new Map(['10.0.0.254', '10.0.0.3'].map((address) => [address, aPeer(address, address)]));
    const bench = started({ ...INPUTS, peers });
    bench.engine.change({ nodes: new Map([['n3', aNode('n3', ['10.0.0.3'])]]) });
    const routes = bench.engine.facts([IP]).addresses[0]?.routes ?? [];
    const hops = new Map(routes.map(({ peer, nextHops }) => [peer, nextHops.toSorted()]));
    assert.deepEqual(hops.get('10.0.0.254'), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    assert.deepEqual(hops.get('10.0.0.3'), ['10.0.0.1', '10.0.0.2']);
    for (const { peer, nextHops } of routes) {
      const told = bench.speaker.announced()[peer]?.[`${IP}/32`] ?? '';
      assert.deepEqual([...new Set(told.match(/10\.0\.0\.\d/g))], nextHops, told);
    }
  });

  test('hears why an address is not announced, and changes nothing by that', () => {
    const bench = started();
    bench.engine.change({ endpoints: new Map([['shop/web', NO_ENDPOINTS]]) });
    bench.speaker.takeCalls();
    bench.posted.length = 0;
    const [told] = bench.engine.facts([IP]).addresses;
    assert.deepEqual([told?.finding.reason, told?.nodes, told?.routes], ['NoEndpoints', [], []]);
    assert.deepEqual([bench.speaker.takeCalls(), bench.posted], [[], []]);
  });

  test('is answered by its thread, each question by its own answer', async () => {
    const engine = new EngineHandle(
      {
        ...{ clock: new FakeClock(), logger: new FakeLogger() },
        onMessage: () => undefined,
        onDeath: (error) => assert.fail(error),
      },
      {
        ...{ replica: 'a', node: 'n1', address: '127.0.0.1', probePort: 0, layer2: false, layer2SteadyMs: 0 },
        ...{ drainGraceMs: 0, drainOnCordon: false, logLevel: 'error' },
      },
    );
    try {
      engine.start({ ...INPUTS, peers: new Map(), replicas: [] });
      const [none, one] = await Promise.all([engine.ask([]), engine.ask([IP])]);
      assert.deepEqual([none.addresses, one.addresses.map(({ ip }) => ip)], [[], [IP]]);
      assert.deepEqual(
        one.nodes.map(({ node, health }) => [node, health]),
        [
          ['n1', 'unknown'],
          ['n2', 'unknown'],
        ],
      );
      assert.deepEqual(one.sessions, []);
      const [alone, others] = await Promise.all([engine.askAddresses([IP]), engine.askAddresses([IP, '192.0.2.99'])]);
      assert.deepEqual([alone, others], [one.addresses, one.addresses]);
    } finally {
      await engine.stop();
    }
  });
});
