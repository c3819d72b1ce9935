import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Overview } from './schemas/overview.ts';
import type { PoolAddress, PoolAnswer, PoolSummary } from './schemas/pool.ts';
import type { ServiceSummary } from './schemas/service.ts';
import { ApiBench, eips, kinds, served } from './testing/api-bench.ts';

const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.0.0/16' } };

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(kinds.namespaces, { metadata: { name: 'shop' } }, { metadata: { name: 'bank' } });
  return api;
}

suite('names of Services of others', () => {
  // There is no namespace `gone` any more, and no Service of it.
  const names = 'bank/vault, gone/db and shop/web';
  const rest = 'which keep it (1/2 is full: lb.kubesphere.io/allow-shared-ip, 2001:db8::1/64).';
  const message = `192.0.2.1/32 is held by ${names}, ${rest}`;
  const masked = `192.0.2.1/32 is held by another Service, another Service and shop/web, ${rest}`;

  test("are left out of a pool's conditions, and of what the overview says of them", async (context) => {
    const api = await bench(context);
    const ready = {
      type: 'Ready',
      status: 'False',
      reason: 'Disabled',
      message,
      lastTransitionTime: '2026-01-02T00:00:00Z',
    };
    await api.store(eips, { ...POOL, status: { conditions: [ready] } } as typeof POOL);
    const may = ['get pools', 'list pools', 'get overview', 'list services shop'];
    api.users.set('tenant', { name: 'tenant', may });
    for (const [token, text] of [
      ['admin', message],
      ['tenant', masked],
    ] as const) {
      const { items } = await api.answer<{ items: PoolSummary[] }>('pools', { token });
      assert.equal(items[0]?.ready?.message, text);
      const pool = await api.answer<PoolAnswer>('pools/a', { token });
      assert.deepEqual([pool.ready?.message, pool.conditions[0]?.message], [text, text]);
      const { problems } = await api.answer<Overview>('overview', { token });
      assert.equal(problems.find(({ kind }) => kind === 'Eip')?.message, text);
    }
  });

  test('are left out of what stands in the conditions of a Service, and of what the overview says of them', async (context) => {
    const api = await bench(context);
    const own = served('shop/web', '192.0.2.1');
    const condition = {
      status: 'False',
      reason: 'WantedAddressTaken',
      message,
      lastTransitionTime: '2026-01-02T00:00:00Z',
    };
    const conditions = ['Allocated', 'Announced'].map((type) => ({
      type: `network.kubesphere.io/${type}`,
      ...condition,
    }));
    await api.store(kinds.services, { ...own, status: { ...own.status, conditions } });
    api.users.set('tenant', { name: 'tenant', may: ['get overview', 'get services shop', 'list services shop'] });
    for (const [token, text] of [
      ['admin', message],
      ['tenant', masked],
    ] as const) {
      const { items } = await api.answer<{ items: ServiceSummary[] }>('namespaces/shop/services', { token });
      assert.deepEqual([items[0]?.allocated?.message, items[0]?.announced?.message], [text, text]);
      const one = await api.answer<ServiceSummary>('namespaces/shop/services/web', { token });
      assert.deepEqual([one.allocated?.message, one.announced?.message], [text, text]);
      const { problems } = await api.answer<Overview>('overview', { token });
      assert.equal(problems.find(({ kind }) => kind === 'Service')?.message, text);
    }
  });

  test('of the same namespace are left out for who may ask about one Service alone', async (context) => {
    const api = await bench(context);
    await api.store(eips, POOL);
    const wanting = served('shop/new', '192.0.2.1');
    const annotations = { 'lb.kubesphere.io/ips': '192.0.2.1', 'eip.openelb.kubesphere.io/v1alpha2': 'a' };
    const condition = {
      ...{ type: 'network.kubesphere.io/Allocated', status: 'False', reason: 'WantedAddressTaken' },
      ...{ message: 'It is held by shop/web.', lastTransitionTime: '2026-01-02T00:00:00Z' },
    };
    await api.store(kinds.services, served('shop/web', '192.0.2.1'), {
      ...wanting,
      metadata: { ...wanting.metadata, annotations },
      status: { conditions: [condition] },
    });
    const own = ['get services shop/new', 'get services/explanation shop/new'];
    api.users.set('guest', { name: 'guest', may: own });
    api.users.set('tenant', { name: 'tenant', may: [...own, 'list services shop'] });
    const told = async (token: string): Promise<readonly [string, string | undefined]> => {
      const path = 'namespaces/shop/services/new';
      const { sentence } = await api.answer<{ sentence: string }>(`${path}/explanation`, { token });
      return [sentence, (await api.answer<ServiceSummary>(path, { token })).allocated?.message];
    };
    const [sentence, message] = await told('tenant');
    assert.match(sentence, /held by the Service shop\/web/);
    assert.equal(message, 'It is held by shop/web.');
    const [masked, rest] = await told('guest');
    assert.match(masked, /held by another Service/);
    assert.equal(rest, 'It is held by another Service.');
  });

  test('are shown of every namespace that the reader may see, of a hundred as well', async (context) => {
    const api = await bench(context);
    await api.store(eips, POOL);
    const namespaces = Array.from({ length: 120 }, (_, i) => `ns${i}`);
    await api.store(kinds.services, ...namespaces.map((name, i) => served(`${name}/web`, `192.0.2.${i}`)));
    const own = namespaces.filter((_, i) => i % 2 === 0);
    api.users.set('tenant', {
      name: 'tenant',
      may: ['get pools/addresses', ...own.map((name) => `list services ${name}`)],
    });
    const { items } = await api.answer<{ items: PoolAddress[] }>('pools/a/addresses?state=used&limit=500', {
      token: 'tenant',
    });
    const named = items.flatMap(({ services }) => services.flatMap((key) => key ?? []));
    assert.deepEqual(named.toSorted(), own.map((name) => `${name}/web`).toSorted());
  });
});
