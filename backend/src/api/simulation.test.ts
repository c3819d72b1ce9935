import assert from 'node:assert/strict';
import { request } from 'node:http';
import { suite, test } from 'node:test';
import { BASE_PATH } from './routes.ts';
import type { Status } from './schemas/status.ts';
import { eips, kinds, served } from './testing/api-bench.ts';
import { aNode, aSession } from './testing/facts.ts';
import { bench, effects, LAN, PEER, pods, POOL, READY, says, whatIf } from './testing/what-if.ts';

suite('what if', () => {
  test('nothing: nothing', async (context) => {
    const { loses, moves, gains, keeps } = await whatIf(await bench(context), {});
    assert.deepEqual([loses, moves, gains, keeps], [0, 0, 0, 2]);
  });

  test('a node goes: its Pods are gone, and others take the rest', async (context) => {
    const answer = await whatIf(await bench(context), { drainNodes: ['n1'] });
    assert.deepEqual(effects(answer), ['loses 192.0.2.2 bank/vault n1 -> ', 'moves 192.0.2.1 shop/web n1+n2 -> n2']);
    assert.deepEqual([answer.loses, answer.moves, answer.keeps], [1, 1, 0]);
    assert.equal(answer.changes[0]?.after.reason, 'NoEndpoints');
  });

  test('what changes comes in the order of addresses: each replica has heard of Services in an order of its own', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'wide' }, spec: { addresses: ['192.0.2.8/29', '192.0.2.64/27'] } });
    const shared = { 'lb.kubesphere.io/allow-shared-ip': 'x' };
    const wanted = ['z/late 192.0.2.80', 'y/two 192.0.2.70', 'y/also 192.0.2.70', 'z/early 192.0.2.9'];
    for (const [i, each] of wanted.entries()) {
      const [key = '', ip = ''] = each.split(' ');
      const { metadata, spec, ...rest } = served(key, ip, 'wide');
      const annotations = { ...metadata?.annotations, ...shared };
      const ports = [{ port: 80 + i, protocol: 'TCP' as const }];
      await api.store(kinds.endpointSlices, pods(key, 'n1', 'n2'));
      await api.store(kinds.services, { ...rest, metadata: { ...metadata, annotations }, spec: { ...spec, ports } });
    }
    const { changes } = await whatIf(api, { peers: [{ name: 'r1', delete: true }] });
    assert.deepEqual(
      changes.map(({ ip, services }) => `${ip} ${services.join()}`),
      [
        '192.0.2.1 shop/web',
        '192.0.2.2 bank/vault',
        '192.0.2.9 z/early',
        '192.0.2.70 y/also,y/two',
        '192.0.2.80 z/late',
      ],
    );
  });

  test('a pool is disabled or deleted: who has an address keeps it', async (context) => {
    const api = await bench(context);
    for (const change of [{ disable: true }, { delete: true }]) {
      const { keeps, changes } = await whatIf(api, { pools: [{ name: 'a', ...change }] });
      assert.deepEqual([keeps, changes], [2, []]);
    }
  });

  test('a pool takes other nodes: its addresses move', async (context) => {
    const api = await bench(context);
    const labelled = aNode('n2', '203.0.113.12');
    await api.store(kinds.nodes, { ...labelled, metadata: { name: 'n2', labels: { edge: 'yes' } } });
    const spec = { ...POOL.spec, nodeSelector: { matchLabels: { edge: 'yes' } } };
    assert.deepEqual(effects(await whatIf(api, { pools: [{ name: 'a', spec }] })), [
      'loses 192.0.2.2 bank/vault n1 -> ',
      'moves 192.0.2.1 shop/web n1+n2 -> n2',
    ]);
  });

  test('the only router is taken away: nobody hears of anything', async (context) => {
    const api = await bench(context);
    for (const change of [{ delete: true }, { adminDown: true }]) {
      const { loses, changes } = await whatIf(api, { peers: [{ name: 'r1', ...change }] });
      assert.deepEqual([loses, changes[0]?.after.reason], [2, 'NoPeer']);
    }
  });

  test('a router is changed: one that has no session now hears by another address, in another family of nothing', async (context) => {
    const api = await bench(context);
    says(api, { sessions: [aSession('r1', 'Active')] });
    const { conf } = PEER.spec;
    const elsewhere = { conf: { ...conf, neighborAddress: '203.0.113.2' } };
    const gained = await whatIf(api, { peers: [{ name: 'r1', spec: elsewhere }] });
    assert.deepEqual([gained.gains, gained.changes[0]?.before.reason], [2, 'NoPeerEstablished']);
    says(api, { sessions: [aSession('r1')] });
    const afiSafis = [{ config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' } } }];
    const lost = await whatIf(api, { peers: [{ name: 'r1', spec: { ...PEER.spec, afiSafis } }] });
    assert.deepEqual([lost.loses, lost.changes[0]?.after.reason], [2, 'NoPeer']);
    const added = await whatIf(api, { peers: [{ name: 'r2', spec: elsewhere }] });
    assert.deepEqual([added.moves, added.changes[0]?.after.peers], [2, ['r1', 'r2']]);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ peers: [{ name: 'r1', spec: { conf: { ...conf, neighborAddress: 'x' } } }] });
    const { status, text } = await api.get('simulations', { method: 'POST', headers, body });
    assert.equal(status, 400);
    assert.match(text, /body\.peers\.r1\.spec\.conf\.neighborAddress/);
  });

  test('starts from how it is: nodes that are being drained, routers without a session, replicas on links', async (context) => {
    const api = await bench(context);
    const facts = { sessions: [aSession('r1')], drains: [['n1', 'drained']] } as const;
    says(api, facts);
    const drained = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual(effects(drained), ['loses 192.0.2.2 bank/vault n1 -> ']);
    says(api, { sessions: [] });
    assert.equal((await whatIf(api, { peers: [{ name: 'r1', delete: true }] })).keeps, 2);
    await api.store(eips, { ...POOL, spec: { ...POOL.spec, protocol: 'layer2' } });
    says(api, { node: 'n2', links: LAN });
    const moved = await whatIf(api, { drainNodes: ['n2'] });
    // The second one is announced in the name of a node without a replica.
    assert.deepEqual(effects(moved), ['loses 192.0.2.1 shop/web n2 -> ', 'loses 192.0.2.2 bank/vault n1 -> ']);
    assert.equal(moved.changes[0]?.after.reason, 'NoReplicaOnLink');
  });

  test('a pool is enabled: who waits gets an address', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.0/30', disable: true } });
    const waiting = served('shop/new', '192.0.2.1');
    const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'b' };
    const metadata = { ...waiting.metadata, annotations };
    await api.store(kinds.services, { ...waiting, metadata, status: {} });
    const { gains, changes } = await whatIf(api, { pools: [{ name: 'b', disable: false }] });
    assert.deepEqual([gains, changes[0]?.services, changes[0]?.before.reason], [1, ['shop/new'], 'PoolDisabled']);
  });

  test('a pool is enabled that has less than is waited for: the oldest get it, and nobody else is counted', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.8/31', disable: true } });
    const waiting = (name: string): kinds.Service => {
      const service = served(`shop/${name}`, '192.0.2.1');
      const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'b' };
      return { ...service, metadata: { ...service.metadata, annotations }, status: {} };
    };
    for (const name of ['y', 'z', 'x']) await api.store(kinds.services, waiting(name));
    const services = async (request: object): Promise<unknown[]> => {
      const { gains, changes } = await whatIf(api, request);
      return [gains, changes.map((change) => change.services.join())];
    };
    assert.deepEqual(await services({ pools: [{ name: 'b', disable: false }] }), [2, ['shop/y', 'shop/z']]);
    // What they get without the change is no gain of it.
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.8' } });
    assert.deepEqual(await services({ pools: [{ name: 'b', spec: { address: '198.51.100.8/31' } }] }), [1, ['shop/z']]);
  });

  test('a pool becomes the first default one: who asks for no class gets an address, and nobody who has one by another', async (context) => {
    const api = await bench(context);
    const classless = (name: string, ingress: readonly object[] = []): kinds.Service => ({
      metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }] },
      status: { loadBalancer: { ingress: [...ingress] } },
    });
    await api.store(kinds.services, classless('plain'), classless('cloud', [{ ip: '203.0.113.200' }]));
    const gained = async (change: object): Promise<unknown[]> => {
      const { gains, changes } = await whatIf(api, { pools: [{ name: 'a', ...change }] });
      return [gains, changes.map(({ services, before }) => `${services.join()} ${before.reason}`)];
    };
    assert.deepEqual(await gained({ isDefault: true }), [1, ['shop/plain NotOptedIn']]);
    assert.deepEqual(await gained({ spec: POOL.spec, isDefault: true }), [1, ['shop/plain NotOptedIn']]);
    const fresh = { name: 'new', spec: { address: '198.51.100.0/30' }, isDefault: true };
    assert.equal((await whatIf(api, { pools: [fresh] })).gains, 1);
    // Others are asked for by name, or by class, only.
    assert.deepEqual(await gained({ spec: POOL.spec }), [0, []]);
    assert.deepEqual(await gained({ isDefault: true, disable: true }), [0, []]);
  });

  test('the only default pool is one no more: who has an address keeps it, and who waits for one goes on waiting', async (context) => {
    const api = await bench(context);
    const annotations = { 'eip.porter.kubesphere.io/is-default-eip': 'true' };
    await api.store(eips, { ...POOL, metadata: { name: 'a', annotations } });
    for (const change of [{ isDefault: false }, { spec: POOL.spec, isDefault: false }]) {
      const { changes, keeps } = await whatIf(api, { pools: [{ name: 'a', ...change }] });
      assert.deepEqual([changes, keeps], [[], 2]);
    }
  });

  test('a pool selects others: who waits for what somebody keeps goes on waiting', async (context) => {
    const api = await bench(context);
    const ready = { ...READY, observedGeneration: 1 };
    const status = { addresses: ['203.0.113.1'], namespaces: ['shop'], used: {}, conditions: [ready] };
    const one = { metadata: { name: 'one', generation: 1 }, spec: { address: '203.0.113.1' }, status };
    await api.store(eips, one);
    const had = served('shop/had', '203.0.113.1', 'one');
    const metadata = {
      ...{ name: 'gold', namespace: 'shop', labels: { tier: 'gold' } },
      annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'one' },
    };
    await api.store(kinds.services, had, { ...had, metadata, status: {} });
    const spec = { ...one.spec, serviceSelector: { matchLabels: { tier: 'gold' } } };
    const { gains, loses } = await whatIf(api, { pools: [{ name: 'one', spec }] });
    assert.deepEqual([gains, loses], [0, 0]);
  });

  test('names Services only to whom may list them, and asks for the right to ask', async (context) => {
    const api = await bench(context);
    api.users.set('tenant', { name: 'tenant', may: ['create simulations', 'list services shop'] });
    const { changes } = await whatIf(api, { drainNodes: ['n1'] }, 'tenant');
    assert.deepEqual(
      changes.map(({ services }) => services),
      [[null], ['shop/web']],
    );
    const headers = { 'content-type': 'application/json' };
    assert.equal((await api.get('simulations', { method: 'POST', token: 'nothing', headers, body: '{}' })).status, 403);
  });

  test('of 200 ranges in all is answered', async (context) => {
    const api = await bench(context);
    const pools = [0, 1, 2, 3].map((i) => ({
      name: `p${i}`,
      spec: { addresses: Array.from({ length: i < 3 ? 64 : 8 }, (_, at) => `198.51.${i}.${at * 2}`) },
    }));
    assert.equal((await whatIf(api, { pools })).keeps, 2);
  });

  test('that nobody waits for any more is no fault', async (context) => {
    const api = await bench(context);
    const [asked, answering] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    api.onAsked = async () => {
      asked.resolve(undefined);
      await answering.promise;
    };
    const leaving = request({
      ...{ host: '127.0.0.1', port: api.port, method: 'POST', path: `${BASE_PATH}/simulations` },
      headers: { authorization: 'Bearer admin', 'content-type': 'application/json' },
    });
    leaving.on('error', () => undefined).end('{}');
    await asked.promise;
    leaving.destroy();
    await api.gone.promise;
    api.onAsked = () => undefined;
    answering.resolve(undefined);
    // One after the other: the first one is over when there is an answer to the next.
    await whatIf(api, {});
    // Watches whose server is busy are another matter.
    const told = api.logger.entries.filter(({ level, message }) => level !== 'info' && message !== 'watch failed');
    assert.deepEqual(told, []);
  });

  test('ends with its client: what nobody waits for any more is worked on no further', async (context) => {
    const api = await bench(context);
    const crowd = Array.from({ length: 300 }, (_, i) => served(`crowd/s${i}`, `192.0.3.${i % 250}`));
    await api.store(kinds.services, ...crowd);
    let looks = 0;
    const now = api.clock.now.bind(api.clock);
    // Each look at the clock takes so long that it is others' turn.
    api.clock.now = () => now() + 10 * (looks += 1);
    await whatIf(api, { drainNodes: ['n1'] });
    const whole = looks;
    assert.ok(whole > 600, `${whole} steps`);
    looks = 0;
    const headers = { 'content-type': 'application/json', authorization: 'Bearer admin' };
    const path = `${BASE_PATH}/simulations`;
    const client = request({ host: '127.0.0.1', port: api.port, path, method: 'POST', headers });
    client.on('error', () => undefined);
    client.end(JSON.stringify({ drainNodes: ['n1'] }));
    while (looks < 20) await new Promise(setImmediate);
    client.destroy();
    await api.gone.promise;
    // Others have a few turns between two steps, after which it is seen that nobody waits.
    for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
    const done = looks;
    assert.ok(done < whole / 2, `${done} of ${whole} steps`);
    for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
    assert.equal(looks, done);
  });

  test('is answered ten times in a row, and then once in two seconds', async (context) => {
    const api = await bench(context);
    const ask = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (let i = 0; i < 10; i += 1) assert.equal((await api.get('simulations', ask)).status, 200);
    const { status, headers } = await api.get('simulations', ask);
    assert.deepEqual([status, headers['retry-after']], [429, '2']);
    api.clock.advance(2_000);
    assert.equal((await api.get('simulations', ask)).status, 200);
  });

  const refused = [
    ['no JSON', '{', 'application/json', 400, 'InvalidBody'],
    ['another form', 'drainNodes=n1', 'application/x-www-form-urlencoded', 415, 'UnsupportedMediaType'],
    ['a field that there is not', '{"drain":["n1"]}', 'application/json', 400, 'InvalidBody'],
    ['a node that there is not', '{"drainNodes":["n9"]}', 'application/json', 400, 'InvalidBody'],
    ['a pool that there is not', '{"pools":[{"name":"z","disable":true}]}', 'application/json', 400, 'InvalidBody'],
    [
      'a spec that can not be read',
      '{"pools":[{"name":"a","spec":{"address":"x"}}]}',
      'application/json',
      400,
      'InvalidBody',
    ],
    [
      'more ranges than can be compared in a moment',
      JSON.stringify({
        pools: [0, 1, 2, 3].map((i) => ({
          name: `p${i}`,
          spec: { addresses: Array.from({ length: i < 3 ? 64 : 9 }, (_, at) => `198.51.${i}.${at * 2}`) },
        })),
      }),
      'application/json',
      400,
      'InvalidBody',
    ],
    ['more than anybody needs', `{"x":"${'y'.repeat(70_000)}"}`, 'application/json', 413, 'RequestEntityTooLarge'],
    ['a charset of old', '{}', 'application/json; charset=latin1', 415, 'UnsupportedMediaType'],
  ] as const;
  for (const [what, body, type, code, reason] of refused) {
    test(`${what} is refused`, async (context) => {
      const api = await bench(context);
      const { status, json } = await api.get('simulations', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      assert.deepEqual([status, json<Status>().reason], [code, reason]);
    });
  }
});
