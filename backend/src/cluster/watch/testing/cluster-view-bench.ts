import assert from 'node:assert/strict';
import type { InputDelta } from '../../../engine/messages.ts';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import { LOAD_BALANCER_CLASS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../../resources/keys.ts';
import { bgpConfs, bgpPeers, eips } from '../../custom-kinds.ts';
import { FakeKube } from '../../fake/fake-kube.ts';
import { settle } from '../../fake/passage.ts';
import * as kinds from '../../kinds.ts';
import { ClusterView } from '../cluster-view.ts';

export const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } };
export const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '192.0.2.254' } } };
export const SETTINGS = { metadata: { name: 'default' }, spec: { as: 64512, routerId: '192.0.2.253' } };

/** A Service that holds an address, as the leader writes it. */
export function holding(name: string, ip = '192.0.2.1'): kinds.Service {
  const condition = {
    type: SERVICE_CONDITIONS.allocated,
    status: 'True',
    reason: 'Allocated',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  return {
    metadata: {
      name,
      namespace: 'd',
      finalizers: [SERVICE_KEYS.finalizer],
      annotations: { [SERVICE_KEYS.assigned]: `a=${ip}` },
    },
    spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS },
    status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] }, conditions: [condition] },
  };
}

export function slice(service: string, addresses: readonly string[], namespace = 'd'): kinds.EndpointSlice {
  return {
    metadata: { name: `${service}-x`, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: addresses.map((address, i) => ({
      addresses: [address],
      nodeName: `n${i + 1}`,
      targetRef: { kind: 'Pod', name: `pod-${i}` },
      conditions: { ready: true, serving: true, terminating: false },
    })),
  };
}

export interface Bench {
  readonly clock: FakeClock;
  readonly api: FakeKube;
  readonly view: ClusterView;
  readonly deltas: InputDelta[];
  readonly changes: string[];
  readonly synced: () => number;
}

export function bench(): Bench {
  const clock = new FakeClock();
  const api = new FakeKube({ clock });
  const deltas: InputDelta[] = [];
  const changes: string[] = [];
  let synced = 0;
  const view = new ClusterView(
    { api, clock, random: { next: () => 0.5 }, logger: new FakeLogger() },
    {
      membership: 'system/porter-manager',
      namespace: 'system',
      address: '10.0.0.7',
      serviceRanges: () => [],
      onSynced: () => (synced += 1),
      onInputs: (delta) => deltas.push(delta),
      onChange: (kind, key) => changes.push(`${kind} ${key}`),
    },
  );
  return { clock, api, view, deltas, changes, synced: () => synced };
}

/** In step with a cluster that has one object of each kind. */
export async function started(): Promise<Bench> {
  const made = bench();
  const { api, view } = made;
  api.store(kinds.services, holding('s'));
  api.store(kinds.endpointSlices, slice('s', ['10.0.0.1']));
  api.store(kinds.endpointSlices, slice('porter-manager', ['10.0.0.7'], 'system'));
  api.store(kinds.nodes, {
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
  });
  api.store(kinds.namespaces, { metadata: { name: 'd', labels: { team: 'x' } } });
  api.store(eips, POOL);
  api.store(bgpPeers, PEER);
  api.store(bgpConfs, SETTINGS);
  view.start();
  await settle();
  assert.equal(made.synced(), 1);
  made.deltas.length = 0;
  made.changes.length = 0;
  return made;
}

/** What every kind shows of itself. */
export function contents(view: ClusterView): unknown {
  return {
    services: [...view.services.keys()],
    nodes: [...view.nodes.keys()],
    namespaces: [...view.namespaces],
    pools: [...view.poolsInForce().keys()],
    peers: [...view.peers.values()].map(([name]) => name),
    settings: view.settings.get('default')?.value?.as,
    replicas: view.replicas(),
    endpoints: [...(view.inputs().endpoints ?? [])].map(([key, at]) => `${key} on ${at?.ipv4.ready.join() ?? ''}`),
  };
}
