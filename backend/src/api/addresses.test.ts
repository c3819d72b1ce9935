import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { parseRange, type AddressRange } from '../domain/address.ts';
import type { PoolAddress, PoolAnswer } from './schemas/pool.ts';
import type { Simulation } from './schemas/simulation.ts';
import { ApiBench, eips, kinds, served } from './testing/api-bench.ts';
import { aNode } from './testing/facts.ts';

function range(text: string): AddressRange {
  const parsed = parseRange(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

async function bench(context: TestContext, spec: object): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(eips, { metadata: { name: 'a' }, spec });
  return api;
}

/** The addresses of this state, by their last part. */
async function ofState(api: ApiBench, state: PoolAddress['state']): Promise<string[]> {
  const { items } = await api.answer<{ items: PoolAddress[] }>(`pools/a/addresses?limit=500&state=${state}`);
  return items.map(({ ip }) => ip.slice(ip.lastIndexOf('.') + 1));
}

suite('addresses that no Service gets', () => {
  test("are a node's, inside and outside, the cluster's own, and a link's", async (context) => {
    const api = await bench(context, { address: '192.0.2.0-192.0.2.15', protocol: 'layer2' });
    const node = aNode('n1', '192.0.2.1');
    const addresses = [...(node.status?.addresses ?? []), { type: 'ExternalIP', address: '192.0.2.2' }];
    api.serviceRanges.push(range('192.0.2.12/30'));
    api.subnets.push(range('192.0.2.0/29'));
    await api.store(kinds.nodes, { ...node, status: { ...node.status, addresses } });
    assert.deepEqual(await ofState(api, 'reserved'), ['0', '1', '2', '7', '12', '13', '14', '15']);
    const { overlaps } = await api.answer<PoolAnswer>('pools/a');
    assert.ok(overlaps.some(({ kind, first }) => kind === 'serviceRange' && first === '192.0.2.12'));
  });

  test('are none that a simulation gives', async (context) => {
    const api = await bench(context, { address: '192.0.2.12-192.0.2.13', disable: true });
    api.serviceRanges.push(range('192.0.2.12/30'));
    const waiting = served('shop/new', '192.0.2.12');
    const annotations = { 'eip.porter.kubesphere.io/v1alpha2': 'a' };
    await api.store(kinds.services, { ...waiting, metadata: { ...waiting.metadata, annotations }, status: {} });
    const body = JSON.stringify({ pools: [{ name: 'a', disable: false }] });
    const headers = { 'content-type': 'application/json' };
    const { gains } = await api.answer<Simulation>('simulations', { method: 'POST', headers, body });
    assert.equal(gains, 0);
  });
});

suite('the list of addresses', () => {
  test('is in their order, forwards and backwards, and as new as the Services', async (context) => {
    const api = await bench(context, { address: '192.0.2.0-192.0.2.255' });
    await api.store(kinds.services, served('shop/web', '192.0.2.9'), served('shop/api', '192.0.2.10'));
    assert.deepEqual(await ofState(api, 'used'), ['9', '10']);
    const last = await api.answer<{ items: PoolAddress[] }>('pools/a/addresses?limit=2&sortBy=name&ascending=false');
    assert.deepEqual(
      last.items.map(({ ip }) => ip),
      ['192.0.2.255', '192.0.2.254'],
    );
    await api.store(kinds.services, served('shop/new', '192.0.2.100'));
    assert.deepEqual(await ofState(api, 'used'), ['9', '10', '100']);
  });
});
