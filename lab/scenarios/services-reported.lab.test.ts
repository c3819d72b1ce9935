import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { on, ours, slice } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { allocated, announced, ingressOf, ManagerLab } from './manager/manager-lab.ts';
import { inPool, Pools } from './manager/pools.ts';

const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';

interface KubeEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly eventTime: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
}

suite('what becomes of a Service is told in its conditions and Events', () => {
  let lab: ManagerLab;
  let pools: Pools;

  before(async () => {
    lab = await ManagerLab.up();
    pools = new Pools(lab);
  });
  after(() => lab.down());

  /** The Events of a Service in `default`, oldest first, as `type reason action`. */
  async function told(name: string): Promise<string[]> {
    const events = await lab.lab.api.list<KubeEvent>('/apis/events.k8s.io/v1/namespaces/default/events');
    return events
      .filter(({ regarding }) => regarding.kind === 'Service' && regarding.name === name)
      .sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1))
      .map(({ type, reason, action }) => `${type} ${reason} ${action}`);
  }

  /** Waits until these and no others are the Events of a Service. */
  async function tells(name: string, ...events: string[]): Promise<void> {
    const explain = async (): Promise<string> => (await told(name)).join('\n');
    const what = `the Events of ${name} to be ${events.join(', ')}`;
    await until(async () => (await told(name)).join() === events.join(), { what, explain });
  }

  test('no endpoints: not announced, and announced as soon as one is ready', async () => {
    await lab.create('empty', { spec: ours }, []);
    const ip = await lab.address('empty');
    assert.equal((await lab.announcedBecause('empty', 'NoEndpoints')).status, 'False');
    await lab.setEndpoints(slice('empty', on(['n2'], 'unready')));
    await lab.routed(ip, []);
    await lab.setEndpoints(slice('empty', on(['n2'])));
    assert.equal((await lab.announcedBecause('empty', 'Announced')).status, 'True');
    await lab.routed(ip);
    await tells(
      'empty',
      'Normal EnsuredLoadBalancer Allocated',
      'Warning UnAvailableLoadBalancer NoEndpoints',
      'Normal EnsuredLoadBalancer Announced',
    );
  });

  test('all nodes are excluded: no route and a reason, until the label goes', async () => {
    await lab.create('homeless', { spec: ours });
    const ip = await lab.address('homeless');
    await lab.announcedBecause('homeless', 'Announced');
    const label = (value: string | null): object => ({ metadata: { labels: { [excludeLabel]: value } } });
    for (const node of lab.nodeNames) await lab.patchNode(node, label(''));
    assert.equal((await lab.announcedBecause('homeless', 'AllNodesExcluded')).status, 'False');
    await lab.routed(ip, []);
    assert.deepEqual(ingressOf(await lab.service('homeless')), [ip]);
    for (const node of lab.nodeNames) await lab.patchNode(node, label(null));
    assert.equal((await lab.announcedBecause('homeless', 'Announced')).status, 'True');
    await lab.routed(ip);
  });

  test('no peer is selected by the pool: not announced, until a peer has the label', async () => {
    const rack = { rack: 'west' };
    await pools.create('west', { addresses: ['172.31.0.0/28'], bgp: { peerSelector: { matchLabels: rack } } });
    await lab.create('unheard', { spec: ours, annotations: inPool('west') });
    const ip = await lab.address('unheard');
    const condition = await lab.announcedBecause('unheard', 'NoPeer');
    assert.equal(condition.status, 'False');
    for (const text of [ip, 'spec.bgp.peerSelector']) assert.ok(condition.message.includes(text), condition.message);
    await lab.routed(ip, []);
    const peer = '/apis/network.kubesphere.io/v1alpha2/bgppeers/r1';
    await lab.lab.api.patch(peer, { metadata: { labels: rack } });
    assert.equal((await lab.announcedBecause('unheard', 'Announced')).status, 'True');
    await lab.routed(ip);
    await lab.lab.api.patch(peer, { metadata: { labels: { rack: null } } });
    assert.equal((await lab.announcedBecause('unheard', 'NoPeer')).status, 'False');
    await lab.routed(ip, []);
  });

  test('Events tell of a full pool, of the address that came at last, and of the end', async () => {
    await pools.create('full', { addresses: ['172.31.1.1'] });
    const wishes = { spec: ours, annotations: inPool('full') };
    await lab.create('has-it', wishes);
    await lab.address('has-it');
    await lab.create('waits', wishes);
    await lab.allocatedBecause('waits', 'PoolFull');
    await tells('waits', 'Warning SyncLoadBalancerFailed PoolFull');
    await lab.deleteService('has-it');
    await lab.address('waits');
    await tells('waits', 'Warning SyncLoadBalancerFailed PoolFull', 'Normal EnsuredLoadBalancer Allocated');
    await tells('has-it', 'Normal EnsuredLoadBalancer Allocated', 'Normal DeletedLoadBalancer Deleting');
  });

  test('Events tell of the end of a Service that becomes a ClusterIP', async () => {
    await lab.create('retires', { spec: ours });
    await lab.routed(await lab.address('retires'));
    await lab.patchService('retires', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    await lab.when('retires', 'to lose our marks', ({ metadata }) => metadata.finalizers === undefined);
    await tells('retires', 'Normal EnsuredLoadBalancer Allocated', 'Normal DeletedLoadBalancer NotLoadBalancer');
  });

  test('a Service with endpoints is written twice and told of once, whatever nodes, endpoints and managers do', async () => {
    const { metadata } = await lab.lab.api.get('/api/v1/services');
    await lab.create('quiet', { spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n1', 'n2']);
    const ip = await lab.address('quiet');
    await lab.announcedBecause('quiet', 'Announced');
    await lab.routed(ip, ['n1', 'n2']);
    await lab.setEndpoints(slice('quiet', on(['n3'])));
    await lab.routed(ip, ['n3']);
    await lab.setEndpoints(slice('quiet', on(lab.nodeNames)));
    await lab.routed(ip);
    await lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'False' }] });
    await lab.routed(ip, ['n1', 'n2']);
    await lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'True' }] });
    await lab.restart('n1');
    await lab.create('afterwards', { spec: ours });
    await lab.announcedBecause('afterwards', 'Announced');
    await lab.routed(ip);

    const states = await lab.history('quiet', String(metadata['resourceVersion']));
    const conditions = states.map(({ status }) => (status.conditions ?? []).map(({ type }) => type).sort());
    assert.deepEqual(conditions, [[], [allocated], [allocated, announced]]);
    await tells('quiet', 'Normal EnsuredLoadBalancer Allocated');
  });
});
