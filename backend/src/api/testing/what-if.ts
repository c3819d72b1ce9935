import type { TestContext } from 'node:test';
import type { ReplicaReport } from '../replicas/facts.ts';
import type { Simulation } from '../schemas/simulation.ts';
import { ApiBench, bgpConfs, bgpPeers, eips, factsOf, kinds, served } from './api-bench.ts';
import { aNode, aSession } from './facts.ts';

export const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } };
export const READY = {
  ...({ type: 'Ready', status: 'True', reason: 'InUse', message: '' } as const),
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
export const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '203.0.113.1' } } };

/** Where the Pods of a Service run. */
export function pods(service: string, ...nodes: string[]): kinds.EndpointSlice {
  const [namespace = '', name = ''] = service.split('/');
  return {
    metadata: { name: `${name}-x`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: nodes.map((nodeName, i) => ({
      ...{ addresses: [`10.0.0.${i + 1}`], nodeName },
      conditions: { ready: true, serving: true, terminating: false },
    })),
  };
}

/** The links of a replica's host, where Services have addresses of `POOL`. */
export const LAN = [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.200/24'] }];

export function local(service: kinds.Service): kinds.Service {
  return { ...service, spec: { ...service.spec, externalTrafficPolicy: 'Local' } };
}

export async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await api.store(eips, POOL);
  await api.store(bgpPeers, PEER);
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'), aNode('n2', '203.0.113.12'));
  await api.store(kinds.endpointSlices, pods('shop/web', 'n1', 'n2'), pods('bank/vault', 'n1'));
  await api.store(kinds.services, served('shop/web', '192.0.2.1'), local(served('bank/vault', '192.0.2.2')));
  api.replicas.set('porter-0', factsOf('porter-0', { sessions: [aSession('r1')] }));
  return api;
}

/** What the replica says from now on. */
export function says(api: ApiBench, facts: Partial<ReplicaReport>): void {
  api.replicas.set('porter-0', factsOf('porter-0', facts));
  api.clock.advance(2_000);
}

export async function whatIf(api: ApiBench, request: object, token = 'admin'): Promise<Simulation> {
  const headers = { 'content-type': 'application/json' };
  return await api.answer('simulations', { method: 'POST', token, headers, body: JSON.stringify(request) });
}

export function effects({ changes }: Simulation): string[] {
  return changes.map(({ effect, ip, services, before, after }) => {
    const nodes = `${before.nodes.toSorted().join('+')} -> ${after.nodes.toSorted().join('+')}`;
    return `${effect} ${ip} ${services.join()} ${nodes}`;
  });
}
