import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { pass, settle } from '../cluster/fake/passage.ts';
import type { ListedService } from './schemas/service.ts';
import type { Replica } from './schemas/replica.ts';
import { announced } from './testing/facts.ts';
import { eips, factsOf, kinds, served, type ApiBench, type Ask } from './testing/api-bench.ts';
import { bench } from './testing/two-services.ts';

interface Page {
  readonly items: readonly ListedService[];
  readonly totalItems: number;
  readonly replicas: readonly Replica[];
}

const WEB = announced('192.0.2.1', 'shop/web', ['203.0.113.11']);

/** Three replicas: routers prefer the second, the third has another mind. */
async function replicas(context: TestContext): Promise<ApiBench> {
  const api = await bench(context);
  const said = (name: string, medOffset: number, nodes: readonly string[]): void =>
    void api.replicas.set(name, factsOf(name, { medOffset, addresses: [{ ...WEB, nodes }] }));
  said('porter-0', 200, ['n2']);
  said('porter-1', 100, ['n1', 'n2']);
  said('porter-2', 200, ['n2']);
  return api;
}

async function takers(api: ApiBench, path = 'services', ask: Ask = {}): Promise<string[]> {
  const { items } = await api.answer<Page>(path, ask);
  return items.flatMap((service) =>
    service.takers.map(({ ip, pool, protocol, nodes, more }) =>
      [ip, pool, protocol, nodes === null ? 'nobody says' : nodes.join('+'), more].join(' '),
    ),
  );
}

suite('a list of Services', () => {
  test('tells who takes the traffic of each address, by the replica whose routes count', async (context) => {
    const api = await replicas(context);
    assert.deepEqual(await takers(api), ['192.0.2.2 a bgp nobody says 0', '192.0.2.1 a bgp n1+n2 0']);
  });

  test('goes by who ranks first, where a peer with nextHopSelf hears the same MED from all', async (context) => {
    const api = await replicas(context);
    const said = (name: string, rank: number, nodes: readonly string[]): void =>
      void api.replicas.set(name, factsOf(name, { rank, medOffset: 100, addresses: [{ ...WEB, nodes }] }));
    // It has just begun.
    said('porter-0', 200, ['n2']);
    said('porter-1', 100, ['n1', 'n2']);
    // Of an earlier version, which says no rank.
    api.replicas.set('porter-2', factsOf('porter-2', { medOffset: 200, addresses: [{ ...WEB, nodes: ['n2'] }] }));
    assert.match((await takers(api)).join(), /192\.0\.2\.1 a bgp n1\+n2 0/);
  });

  test('names who is the owner on a link, and nobody for whom an older Service has the address', async (context) => {
    const api = await replicas(context);
    await api.store(eips, { metadata: { name: 'lan' }, spec: { address: '198.51.100.0/28', protocol: 'layer2' } });
    await api.store(kinds.services, served('shop/lan', '198.51.100.1', 'lan'), served('shop/late', '192.0.2.1'));
    const owned = { ...announced('198.51.100.1', 'shop/lan', []), nodes: ['n2'], routes: [] };
    api.replicas.set('porter-1', factsOf('porter-1', { medOffset: 100, addresses: [WEB, owned] }));
    assert.deepEqual(await takers(api, 'namespaces/shop/services'), [
      ...['198.51.100.1 lan layer2 n2 0', '192.0.2.1 a bgp  0', '192.0.2.1 a bgp n1+n2 0'],
    ]);
  });

  test('names who did not answer, and has what the others say', async (context) => {
    const api = await replicas(context);
    api.replicas.set('porter-1', undefined);
    const { replicas: asked } = await api.answer<Page>('services');
    assert.deepEqual(
      asked.map(({ name, answered }) => `${name} ${answered}`),
      ['porter-0 true', 'porter-1 false', 'porter-2 true'],
    );
    assert.match((await takers(api)).join(), /192\.0\.2\.1 a bgp n2 0/);
  });

  test('tells a tenant of his own Services what the way of one tells him', async (context) => {
    const api = await replicas(context);
    api.users.set('tenant', { name: 'tenant', may: ['list services shop'] });
    const path = 'namespaces/shop/services';
    assert.deepEqual(await takers(api, path, { token: 'tenant' }), ['192.0.2.1 a bgp n1+n2 0']);
    assert.equal((await api.get('services', { token: 'tenant' })).status, 403);
  });

  test('has Services as they are when it answers, however long a replica was waited for', async (context) => {
    const api = await bench(context);
    const asked = Promise.withResolvers<undefined>();
    const answers = Promise.withResolvers<undefined>();
    api.onAsked = async () => {
      asked.resolve(undefined);
      await answers.promise;
    };
    const lists = ['services', 'namespaces/shop/services', 'services?sortBy=namespace&ascending=true'].map(
      async (path) => await api.answer<Page>(path),
    );
    await asked.promise;
    await settle();
    api.kube.remove(kinds.services, { namespace: 'shop', name: 'web' });
    api.kube.store(kinds.services, served('bank/vault', '192.0.2.3'));
    api.kube.store(kinds.services, served('shop/late', '192.0.2.4'));
    await pass(api.clock, 1_000);
    answers.resolve(undefined);
    const shown = (await Promise.all(lists)).map(({ items, totalItems }) =>
      [...items.map(({ name, ips }) => `${name} ${ips.join()}`), totalItems].join(', '),
    );
    const all = 'late 192.0.2.4, vault 192.0.2.3, 2';
    assert.deepEqual(shown, [all, 'late 192.0.2.4, 1', 'vault 192.0.2.3, late 192.0.2.4, 2']);
  });

  test('asks for the Services of its page alone', async (context) => {
    const api = await replicas(context);
    assert.deepEqual(await takers(api, 'services?limit=1'), ['192.0.2.2 a bgp nobody says 0']);
    assert.deepEqual(await takers(api, 'services?limit=1&page=2'), ['192.0.2.1 a bgp n1+n2 0']);
  });
});
