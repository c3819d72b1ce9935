import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaReport } from './replicas/facts.ts';
import type { Overview } from './schemas/overview.ts';
import { aNode, aSession } from './testing/facts.ts';
import { ApiBench, bgpConfs, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { bench, PEER, POOL } from './testing/two-services.ts';

suite('the overview', () => {
  test('counts, draws, and has nothing to complain of', async (context) => {
    const api = await bench(context);
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    await api.store(eips, { ...POOL, status: { conditions: [ready] } } as never);
    await api.store(bgpPeers, {
      ...PEER,
      status: {
        conditions: [ready],
        replicas: [{ replica: 'porter-0', node: 'n1', sessionState: 'Established', since: '2026-01-01T00:00:00Z' }],
      },
    } as never);
    api.replicas.set('porter-0', factsOf('porter-0', { node: 'n1', sessions: [aSession('r1')] }));
    const { health, counts, problems, picture } = await api.answer<Overview>('overview');
    assert.deepEqual([health, problems], ['good', []]);
    assert.deepEqual(counts.services, { served: 2, withAddress: 2, announced: 2 });
    assert.deepEqual(counts.pools, { all: 1, ready: 1, used: 2 });
    assert.deepEqual(counts.peers, { all: 1, established: 1 });
    assert.deepEqual(picture.edges.map(({ from, to, state }) => `${from} ${to} ${state}`).toSorted(), [
      'pool/a peer/r1 good',
      'replica/porter-0 node/n1 good',
      'replica/porter-0 peer/r1 good',
    ]);
  });

  test('draws pools, peers and nodes by name: each replica has heard of them in an order of its own', async (context) => {
    const api = await bench(context);
    const { spec } = PEER;
    await api.store(eips, { metadata: { name: '0' }, spec: { address: '198.51.100.0/28' } });
    await api.store(bgpPeers, {
      metadata: { name: 'r0' },
      spec: { conf: { ...spec.conf, neighborAddress: '203.0.113.2' } },
    });
    await api.store(kinds.nodes, aNode('n0', '203.0.113.10'));
    const { picture } = await api.answer<Overview>('overview');
    const drawn = picture.nodes.filter(({ kind }) => kind !== 'replica').map(({ id }) => id);
    assert.deepEqual(drawn, ['pool/0', 'pool/a', 'peer/r0', 'peer/r1', 'node/n0', 'node/n1', 'node/n2']);
    const announced = picture.edges.filter(({ kind }) => kind === 'announces').map(({ from, to }) => `${from} ${to}`);
    assert.deepEqual(announced, ['pool/0 peer/r0', 'pool/0 peer/r1', 'pool/a peer/r0', 'pool/a peer/r1']);
  });

  test('draws who answers for addresses on a local network, by the replica whose view is the freshest', async (context) => {
    const api = await bench(context);
    const pool = (name: string, address: string, more: object = {}): object => ({
      ...{ metadata: { name }, spec: { address, protocol: 'layer2', ...more } },
    });
    await api.store(
      eips,
      ...([
        pool('lan', '198.51.100.0/28'),
        pool('six', '2001:db8::/120'),
        pool('far', '203.0.113.128/28', { interface: 'eth1' }),
        pool('nobody', '198.51.100.32/28'),
      ] as never[]),
    );
    const owner = (pool: string, node: string, ip: string): ReplicaReport['owners'][number] => ({ pool, node, ip });
    const links = [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['2001:db8::11/64', '198.51.100.11/24'] }];
    const owners = [
      ...[owner('lan', 'n1', '198.51.100.1'), owner('lan', 'n2', '198.51.100.2'), owner('six', 'n2', '2001:db8::1')],
      owner('far', 'n1', '203.0.113.129'),
    ];
    api.replicas.set(
      'porter-0',
      factsOf('porter-0', { medOffset: 400, owners: [owner('lan', 'gone', '198.51.100.1')] }),
    );
    api.replicas.set('porter-1', factsOf('porter-1', { medOffset: 100, links, owners }));
    const { picture } = await api.answer<Overview>('overview');
    const drawn = picture.edges.filter(({ to }) => to.startsWith('link/'));
    assert.deepEqual(drawn.map(({ from, to, kind }) => `${from} ${kind} ${to}`).toSorted(), [
      'node/n1 answers link/198.51.100.0/24',
      'node/n1 answers link/eth1',
      'node/n2 answers link/198.51.100.0/24',
      'pool/far announces link/eth1',
      'pool/lan announces link/198.51.100.0/24',
      'pool/six announces link/198.51.100.0/24',
    ]);
    assert.deepEqual(
      picture.nodes.filter(({ kind }) => kind === 'link').map(({ name }) => name),
      ['198.51.100.0/24', 'eth1'],
    );
  });

  test('does not complain of what somebody switched off, but of who waits for it', async (context) => {
    const api = await bench(context);
    const not = (type: string, reason: string): object => ({
      ...{ type, status: 'False', reason, message: 'It is not so.', lastTransitionTime: '2026-01-01T00:00:00Z' },
    });
    const off = { spec: { ...POOL.spec, disable: true }, status: { conditions: [not('Ready', 'PoolDisabled')] } };
    const shut = { spec: { conf: { ...PEER.spec.conf, adminDown: true } } };
    await api.store(eips, { ...POOL, ...off } as never);
    await api.store(bgpPeers, { ...PEER, ...shut, status: { conditions: [not('Ready', 'NotEstablished')] } } as never);
    const quiet = await api.answer<Overview>('overview');
    assert.deepEqual([quiet.health, quiet.problems], ['good', []]);
    assert.deepEqual(
      quiet.picture.nodes.filter(({ kind }) => kind === 'pool' || kind === 'peer').map(({ state }) => state),
      ['off', 'off'],
    );

    const waiting = { ...served('shop/late', '192.0.2.9') };
    const conditions = [not('network.kubesphere.io/Allocated', 'PoolDisabled')];
    await api.store(kinds.services, { ...waiting, status: { conditions } } as never);
    await api.store(eips, { ...POOL, ...off, status: { conditions: [not('Ready', 'Invalid')] } } as never);
    const { health, problems } = await api.answer<Overview>('overview');
    assert.equal(health, 'degraded');
    assert.deepEqual(problems.map(({ kind, reason, objects }) => `${kind} ${reason} ${objects.join()}`).toSorted(), [
      'Eip Invalid a',
      'Service PoolDisabled shop/late',
    ]);
  });

  test('says what is wrong, the most frequent first', async (context) => {
    const api = await bench(context);
    const waiting = (name: string): kinds.Service => ({
      ...served(`shop/${name}`, '192.0.2.9'),
      status: {
        conditions: [
          {
            type: 'network.kubesphere.io/Allocated',
            status: 'False',
            reason: 'PoolFull',
            message: 'Full.',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
    await api.store(kinds.services, waiting('x'), waiting('y'));
    api.replicas.set('porter-1', undefined);
    const { problems, health } = await api.answer<Overview>('overview');
    assert.equal(health, 'degraded');
    assert.deepEqual(
      problems.map(({ kind, reason, count, objects }) => [kind, reason, count, objects.join()]),
      [
        ['Service', 'PoolFull', 2, 'shop/x,shop/y'],
        ['Replica', 'ReplicaSilent', 1, 'porter-1'],
      ],
    );
  });

  test('says what it has to say itself in the language of the reader, and of a divided node what replicas find', async (context) => {
    const api = await bench(context);
    const probe = { node: 'n1', address: '203.0.113.11', since: '2026-01-01T00:00:00Z', found: 'no answer', misses: 9 };
    const rest = { answered: undefined, status: undefined, ailingMs: 0, witness: undefined, witnessSaid: undefined };
    const found = (health: 'alive' | 'dead'): ReplicaReport['nodes'] => [{ ...probe, ...rest, flaps: 0, health }];
    api.replicas.set('porter-0', factsOf('porter-0', { nodes: found('alive'), stale: true }));
    api.replicas.set('porter-1', factsOf('porter-1', { nodes: found('dead') }));
    api.replicas.set('porter-2', undefined);
    const told = async (language: string): Promise<string[]> => {
      const { problems } = await api.answer<Overview>('overview', { headers: { 'accept-language': language } });
      return problems.map(({ reason, message }) => `${reason}: ${message}`);
    };
    assert.deepEqual(await told('en'), [
      'NodeDivided: The node n1 answers porter-0 and does not answer porter-1. Look at the network between them.',
      'ReplicaSilent: The replica porter-2 on porter-2-node did not say what it knows: connect ECONNREFUSED',
      'ViewStale: The replica porter-0 has not heard from the API server of Kubernetes for five seconds or more.',
    ]);
    const chinese = await told('zh');
    assert.equal(chinese.length, 3);
    for (const message of chinese) assert.match(message, /节点 n1 应答 porter-0|副本 porter-2|副本 porter-0/);
    api.replicas.set('porter-0', factsOf('porter-0', { nodes: found('dead') }));
    api.clock.advance(2_000);
    assert.equal((await told('zh'))[0], 'NodeDead: 节点 n1 没有应答。');
  });
});

test('settings of BGP that can not be used are a problem of the overview, whose health is not good', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'Invalid',
    message: 'spec.as: 0 is no AS number.',
  } as const;
  const conditions = [{ ...condition, lastTransitionTime: '2026-01-02T00:00:00Z' }];
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 0 }, status: { conditions } });
  const { problems, health } = await api.answer<Overview>('overview');
  const { reason, message } = condition;
  assert.deepEqual(
    problems.filter(({ kind }) => kind === 'BgpConf'),
    [{ kind: 'BgpConf', reason, count: 1, objects: ['default'], message, text: message }],
  );
  assert.equal(health, 'degraded');
});
