import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { OPENELB_KEYS, SERVICE_KEYS } from '../../resources/keys.ts';
import { bgpConfs, bgpPeers, eips, type Eip } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import {
  bench,
  contents,
  holding,
  PEER,
  POOL,
  SETTINGS,
  slice,
  started,
  type Bench,
} from './testing/cluster-view-bench.ts';

const KINDS: readonly ResourceKind<never>[] = [
  kinds.services,
  kinds.endpointSlices,
  eips,
  bgpPeers,
  bgpConfs,
  kinds.nodes,
  kinds.namespaces,
];

suite('the view of the cluster', () => {
  for (const missing of KINDS) {
    test(`is synced only when ${missing.plural} are listed too`, async () => {
      const { clock, api, view, synced } = bench();
      const unavailable = new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'not now' });
      const mend = api.faults.inject({ verb: 'list', plural: missing.plural, error: unavailable });
      view.start();
      await pass(clock, 5_000);
      assert.deepEqual([synced(), view.synced, view.unsynced()], [0, false, [missing.plural]]);
      mend();
      await pass(clock, 60_000);
      assert.deepEqual([synced(), view.synced, view.unsynced()], [1, true, []]);
      view.stop();
    });
  }

  test('has all kinds as domain values', async () => {
    const { view } = await started();
    assert.deepEqual(contents(view), {
      services: ['d/s'],
      nodes: ['n1'],
      namespaces: [['d', { team: 'x' }]],
      pools: ['a'],
      peers: ['r1'],
      settings: 64512,
      replicas: ['pod-0'],
      endpoints: ['d/s on n1'],
    });
    assert.deepEqual([...(view.inputs().services?.keys() ?? [])], ['d/s']);
    view.stop();
  });

  for (const kind of KINDS) {
    for (const [status, reason] of [
      [403, 'Forbidden'],
      [404, 'NotFound'],
    ] as const) {
      test(`loses nothing when the API server answers ${status} for ${kind.plural}`, async () => {
        const { clock, api, view, deltas, changes } = await started();
        const before = contents(view);
        const error = new ApiError({ status, reason, message: 'no' });
        api.faults.inject({ verb: 'list', plural: kind.plural, error });
        api.faults.inject({ verb: 'watch', plural: kind.plural, error });
        api.breakWatches(undefined, kind.plural);
        await pass(clock, 120_000, 500);
        assert.deepEqual(contents(view), before);
        assert.deepEqual([deltas, changes], [[], []]);
        view.stop();
      });
    }
  }
});

suite('what the engine is told', () => {
  test('is every change of a node, and none of its heartbeats', async () => {
    const { api, view, deltas } = await started();
    const node = api.read(kinds.nodes, { name: 'n1' });
    const beat = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' };
    api.store(kinds.nodes, { ...node, status: { ...node?.status, conditions: [beat] } });
    await settle();
    assert.deepEqual([deltas.length, deltas[0]?.nodes?.get('n1')?.ready], [1, true]);
    api.store(kinds.nodes, {
      ...node,
      status: { ...node?.status, conditions: [{ ...beat, lastHeartbeatTime: '2026-01-01T00:00:05Z' }] },
    });
    await settle();
    assert.equal(deltas.length, 1);
    api.remove(kinds.nodes, { name: 'n1' });
    await settle();
    assert.deepEqual([deltas.length, deltas[1]?.nodes?.get('n1')], [2, null]);
    view.stop();
  });

  test('is nothing of an address that the pool would not give, until its status says that the Service holds it', async () => {
    const { api, view, deltas } = await started();
    const wide = { metadata: { name: 'wide' }, spec: { address: '10.0.0.0/29' } };
    api.store(eips, wide);
    await settle();
    deltas.length = 0;
    // A node's address.
    api.store(kinds.services, holding('forged', '10.0.0.1'));
    await settle();
    assert.equal(deltas.length, 0);
    api.store(eips, { ...wide, status: { used: { '10.0.0.1': 'd/forged' } } });
    await settle();
    assert.deepEqual([...(deltas[0]?.services?.keys() ?? [])], ['d/forged']);
    view.stop();
  });

  test('is nothing that a tenant adds to a group of many where the pool does not select the Service', async () => {
    const { api, view, deltas } = await started();
    const gold = { tier: 'gold' };
    const sharers = Array.from({ length: 9 }, (_, i) => `s${i}`);
    const used = {
      '10.0.0.1': sharers
        .slice(0, 8)
        .map((name) => `d/${name}`)
        .join(';'),
    };
    const spec = { address: '10.0.0.0/29', serviceSelector: { matchLabels: gold } };
    const ready = { type: 'Ready', status: 'True', reason: 'InUse', observedGeneration: 1 } as const;
    const status = { addresses: ['10.0.0.0/29'], namespaces: ['d'], used, conditions: [ready] };
    api.store(eips, { metadata: { name: 'gold' }, spec, status } as unknown as Eip);
    await settle();
    const share = (name: string, port: number, labels: Readonly<Record<string, string>>): void => {
      const { metadata, ...rest } = holding(name, '10.0.0.1');
      const annotations = { [SERVICE_KEYS.assigned]: 'gold=10.0.0.1', [SERVICE_KEYS.allowSharedIP]: 'web' };
      const own = { ...rest.spec, ports: [{ port, protocol: 'TCP' }], externalTrafficPolicy: 'Cluster' };
      api.store(kinds.services, { ...rest, metadata: { ...metadata, labels, annotations }, spec: own });
    };
    for (const [i, name] of sharers.entries()) share(name, 80 + i, gold);
    await settle();
    deltas.length = 0;
    share('forged', 9000, {});
    await settle();
    const passed = [...(view.inputs().services?.keys() ?? [])].filter((key) => key !== 'd/s').sort();
    assert.deepEqual([passed, deltas.length], [sharers.map((name) => `d/${name}`), 0]);
    view.stop();
  });

  test('is what stood there when an edit that the leader has not seen yet came with the replica', async () => {
    const { api, view } = bench();
    const ready = { type: 'Ready', status: 'True', reason: 'InUse', observedGeneration: 1 };
    const status = { addresses: ['192.0.2.0/24'], namespaces: ['d'], used: {}, conditions: [ready] };
    for (const name of ['a', 'b'])
      api.store(eips, { metadata: { name }, spec: { address: `192.0.${name === 'a' ? 2 : 3}.0/24` }, status } as Eip);
    api.store(eips, { ...api.read(eips, { name: 'a' }), spec: { address: '198.51.100.1' } });
    api.store(kinds.services, holding('s', '192.0.2.1'));
    view.start();
    await settle();
    assert.equal(view.words.mayOmit('a'), true);
    assert.equal(view.words.mayOmit('b'), false);
    assert.deepEqual([...(view.inputs().services?.keys() ?? [])], ['d/s']);
    view.stop();
  });

  test('is what stood there when an Eip came without a status of ours: restored, or written by another version', async () => {
    const { api, view } = bench();
    const address = [{ type: 'InternalIP', address: '192.0.2.1' }];
    api.store(kinds.nodes, { metadata: { name: 'n1' }, status: { addresses: address } });
    api.store(eips, POOL);
    api.store(kinds.services, holding('s'));
    view.start();
    await settle();
    assert.deepEqual([...(view.inputs().services?.keys() ?? [])], ['d/s']);
    const others = { occupied: false, usage: 1, poolSize: 16, used: { '192.0.2.9': 'd/gone' }, ready: true };
    const ready = { type: 'Ready', status: 'True', reason: 'InUse', observedGeneration: 1 };
    const told: boolean[] = [];
    for (const status of [{}, others, { ...others, conditions: [] }, { ...others, conditions: [ready] }]) {
      api.store(eips, { metadata: { name: 'a', generation: 1 }, spec: POOL.spec, status });
      await settle();
      told.push(view.words.mayOmitAtFirst('a'));
    }
    assert.deepEqual(told, [true, true, true, false]);
    view.stop();
  });

  test('is nothing of Services without an address, nor of their endpoints', async () => {
    const { api, view, deltas, changes } = await started();
    api.store(kinds.services, { metadata: { name: 'other', namespace: 'd' }, spec: { type: 'LoadBalancer' } });
    api.store(kinds.endpointSlices, slice('other', ['10.0.0.1']));
    await settle();
    assert.deepEqual([deltas, changes], [[], ['service d/other']]);
    api.store(kinds.services, holding('other', '192.0.2.2'));
    await settle();
    assert.deepEqual(deltas[0]?.endpoints?.get('d/other')?.ipv4.ready, ['n1']);
    assert.ok(deltas[0]?.services?.get('d/other'));
    api.remove(kinds.services, { namespace: 'd', name: 'other' });
    await settle();
    const last = deltas.at(-1);
    assert.deepEqual([last?.services?.get('d/other'), last?.endpoints?.get('d/other')], [null, null]);
    view.stop();
  });

  test('is who the replicas are', async () => {
    const { api, view, deltas, changes } = await started();
    api.store(kinds.endpointSlices, slice('porter-manager', ['10.0.0.7', '10.0.0.8'], 'system'));
    await settle();
    assert.deepEqual(
      deltas.map(({ replicas }) => replicas?.map(({ name }) => name)),
      [['pod-0', 'pod-1']],
    );
    assert.deepEqual(changes, ['replicas system/porter-manager']);
    view.stop();
  });

  test('is the BgpConf named default, and null without it', async () => {
    const { api, view, deltas, changes } = await started();
    api.store(bgpConfs, { ...SETTINGS, metadata: { name: 'other' } });
    await settle();
    assert.deepEqual([deltas, changes], [[], []]);
    api.remove(bgpConfs, { name: 'default' });
    await settle();
    assert.deepEqual([deltas, changes], [[{ settings: null }], ['settings default']]);
    view.stop();
  });

  test('is nothing of a peer that is labelled as the CNI’s', async () => {
    const { api, view, deltas } = await started();
    const metadata = { name: 'r1', labels: { [OPENELB_KEYS.cni]: 'calico' } };
    api.store(bgpPeers, { ...PEER, metadata });
    await settle();
    assert.deepEqual([deltas[0]?.peers?.get('r1'), view.peers.get('r1')], [null, undefined]);
    view.stop();
  });
});

/** A pool that Services of namespace d may not use. */
const BARRED = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28', namespaces: ['other'] } };

suite('an address that a tenant wrote into a status', () => {
  test('is nothing that the engine hears of, until the pool lets the namespace in', async () => {
    const { api, view, deltas, changes } = await started();
    api.store(eips, { ...BARRED, metadata: { name: 'b' }, spec: { ...BARRED.spec, address: '198.51.100.0/28' } });
    api.store(kinds.services, holding('forged', '198.51.100.1'));
    await settle();
    assert.deepEqual(
      deltas.map((delta) => Object.keys(delta)),
      [['pools']],
    );
    assert.ok(changes.includes('service d/forged'), 'the leader hears of it');
    api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.0/28' } });
    await settle();
    // Pool and Service in one message.
    assert.deepEqual(
      [deltas.length, deltas[1]?.pools?.has('b'), deltas[1]?.services?.get('d/forged')?.assignments.length],
      [2, true, 1],
    );
    view.stop();
  });

  test('takes no address from another Service', async () => {
    const { api, view, deltas } = await started();
    api.store(kinds.services, holding('forged'));
    await settle();
    assert.equal(deltas.length, 0);
    api.remove(kinds.services, { namespace: 'd', name: 's' });
    await settle();
    const told = deltas.map(({ services = new Map() }) => [...services].map(([key, at]) => [key, at !== null]));
    assert.deepEqual(told, [
      [
        ['d/s', false],
        ['d/forged', true],
      ],
    ]);
    view.stop();
  });
});

suite('at the start', () => {
  for (const last of KINDS) {
    test(`an address is passed on or not whether ${last.plural} are listed last or not`, async () => {
      const { clock, api, view } = bench();
      api.store(eips, { ...POOL, spec: { ...POOL.spec, namespaceSelector: { team: 'x' } } });
      api.store(kinds.namespaces, { metadata: { name: 'd', labels: { team: 'x' } } });
      for (const name of ['one', 'twin']) api.store(kinds.services, holding(name));
      api.store(kinds.services, holding('s', '192.0.2.3'));
      api.store(kinds.services, { ...holding('forged', '192.0.2.2'), metadata: { name: 'forged', namespace: 'e' } });
      const error = new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'not now' });
      const mend = api.faults.inject({ verb: 'list', plural: last.plural, error });
      view.start();
      await pass(clock, 1_000);
      mend();
      await pass(clock, 60_000, 500);
      assert.deepEqual([...(view.inputs().services?.keys() ?? [])], ['d/s']);
      view.stop();
    });
  }
});

suite('a change of a pool', () => {
  async function afterStoring(
    change: KubeObject & { readonly spec?: unknown; readonly status?: unknown },
  ): Promise<Bench> {
    const made = await started();
    made.api.store(eips, { ...made.api.read(eips, { name: 'a' }), ...change } as typeof POOL);
    await settle();
    made.view.stop();
    return made;
  }

  test('is told apart from a write of its status', async () => {
    const { changes, deltas } = await afterStoring({ status: { usage: 1 } });
    assert.deepEqual([changes, deltas], [['pool-object a'], []]);
  });

  test('is told to the engine and to those who give addresses', async () => {
    const { changes, deltas } = await afterStoring({ spec: { address: '192.0.2.0/28', disable: true } });
    assert.deepEqual(changes, ['pool a']);
    assert.equal(deltas[0]?.pools?.get('a')?.disabled, true);
  });

  test('that cannot be read leaves the last good one in force', async () => {
    const { changes, deltas, view } = await afterStoring({ spec: { address: 'nonsense' } });
    assert.deepEqual([changes, deltas], [['pool-object a'], []]);
    assert.ok(view.poolsInForce().has('a'));
    assert.equal(view.pools.get('a')?.problems.length, 1);
  });

  test('of its namespaces takes no address from anybody', async () => {
    const { deltas, view } = await afterStoring({ spec: BARRED.spec });
    assert.deepEqual(
      deltas.map((delta) => Object.keys(delta)),
      [['pools']],
    );
    assert.ok(view.inputs().services?.has('d/s'));
  });

  test('that cannot be read hides neither what its status says nor that it is being deleted', async () => {
    const status = { addresses: ['192.0.2.0/24'], namespaces: ['d'] };
    const { api, view, changes } = await started();
    const stored = api.read(eips, { name: 'a' });
    const metadata = { ...stored?.metadata, name: 'a', deletionTimestamp: '2026-01-02T00:00:00Z' };
    api.store(eips, { metadata, spec: { address: 'nonsense' }, status });
    await settle();
    const pool = view.poolsInForce().get('a');
    assert.deepEqual(
      [pool?.deleting, pool?.heldNamespaces, pool?.heldRanges.length, pool?.ranges.length],
      [true, ['d'], 1, 1],
    );
    assert.deepEqual(changes, ['pool a']);
    view.stop();
  });

  test('that could not be read since the start is as its status says', async () => {
    const { api, view } = bench();
    api.store(kinds.services, holding('s'));
    api.store(kinds.namespaces, { metadata: { name: 'd' } });
    const status = { addresses: ['192.0.2.0-192.0.2.15'], namespaces: ['d'] };
    api.store(eips, { ...POOL, spec: { addresses: ['192.0.2.1', '192.0.2.1'] }, status });
    view.start();
    await settle();
    assert.deepEqual([view.poolsInForce().get('a')?.disabled, view.pools.get('a')?.problems.length], [true, 1]);
    assert.ok(view.inputs().services?.has('d/s'));
    api.store(eips, { ...POOL, status });
    await settle();
    assert.equal(view.poolsInForce().get('a')?.disabled, false);
    view.stop();
  });

  test('is seen by who compares the map of pools with the one before', async () => {
    const { api, view } = await started();
    const before = view.poolsInForce();
    api.store(eips, { ...POOL, status: { usage: 1 } });
    await settle();
    assert.equal(view.poolsInForce(), before);
    api.store(eips, BARRED);
    await settle();
    assert.notEqual(view.poolsInForce(), before);
    assert.deepEqual(before.get('a')?.namespaces, []);
    view.stop();
  });

  test('that is its end takes it away', async () => {
    const { api, view, changes, deltas } = await started();
    api.remove(eips, { name: 'a' });
    await settle();
    assert.deepEqual(changes, ['pool a']);
    assert.equal(deltas[0]?.pools?.get('a'), null);
    assert.equal(view.poolObject('a'), undefined);
    view.stop();
  });
});
