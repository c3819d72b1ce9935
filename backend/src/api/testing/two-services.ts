import type { TestContext } from 'node:test';
import { ApiBench, bgpConfs, bgpPeers, eips, kinds, served } from './api-bench.ts';
import { aNode } from './facts.ts';

export const POOL = {
  metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { address: '192.0.2.0/29' },
};
export const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '203.0.113.1' } } };

/** A pool, a router, two nodes, and a Service with an address in each of two namespaces. */
export async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await api.store(eips, POOL);
  await api.store(bgpPeers, PEER);
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'), aNode('n2', '203.0.113.12'));
  await api.store(kinds.services, served('shop/web', '192.0.2.1'), served('bank/vault', '192.0.2.2'));
  return api;
}
