import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { on, ours, slice } from '../local/objects.ts';
import { ManagerLab } from './manager/manager-lab.ts';

const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const both = ['n1', 'n2'];

suite('next hops in the router follow endpoints and nodes', () => {
  let lab: ManagerLab;
  let local: string;
  let cluster: string;

  before(async () => {
    lab = await ManagerLab.up();
    await lab.create('local', { spec: { ...ours, externalTrafficPolicy: 'Local' } });
    await lab.create('cluster', { spec: ours });
    local = await lab.address('local');
    cluster = await lab.address('cluster');
  });
  after(() => lab.down());
  beforeEach(async () => {
    await endpoints('local', on(lab.nodeNames));
    await endpoints('cluster', on(['n1']));
    await lab.routed(local);
    await lab.routed(cluster);
  });

  async function endpoints(name: string, nodes: Parameters<typeof slice>[1], part = 1): Promise<void> {
    await lab.setEndpoints(slice(name, nodes, part));
  }

  /** Changes a node, sees it leave both routes, changes it back and sees it return. */
  async function leavesAndReturns(leave: () => Promise<void>, comeBack: () => Promise<void>): Promise<void> {
    await leave();
    for (const ip of [local, cluster]) await lab.routed(ip, both);
    await comeBack();
    for (const ip of [local, cluster]) await lab.routed(ip);
  }

  function ready(status: 'True' | 'False' | 'Unknown', networkUnavailable = 'False'): Promise<void> {
    const conditions = [
      { type: 'Ready', status },
      { type: 'NetworkUnavailable', status: networkUnavailable },
    ];
    return lab.setNodeStatus('n3', { conditions });
  }

  test('Local: only nodes with endpoints, as they move', async () => {
    await endpoints('local', on(['n2']));
    await lab.routed(local, ['n2']);
    await endpoints('local', on(['n3']));
    await lab.routed(local, ['n3']);
    await endpoints('local', on(['n1', 'n3']));
    await lab.routed(local, ['n1', 'n3']);
    // Cluster doesn't care where they are.
    await endpoints('cluster', on(['n2']));
    await lab.routed(cluster);
  });

  test('endpoints of all slices count together', async () => {
    await endpoints('local', on(['n1']));
    await endpoints('local', on(['n2']), 2);
    await lab.routed(local, ['n1', 'n2']);
    await lab.lab.api.delete('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/local-1');
    await lab.routed(local, ['n2']);
    await lab.lab.api.delete('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/local-2');
    await lab.routed(local, []);
  });

  test('endpoints that terminate and still serve keep their node', async () => {
    await endpoints('local', on(['n2'], 'draining'));
    await lab.routed(local, ['n2']);
    await endpoints('cluster', on(['n2'], 'draining'));
    await lab.routed(cluster);
  });

  test('without an endpoint that answers there is no route, and a new one brings it back', async () => {
    await endpoints('local', on(lab.nodeNames, 'unready'));
    await endpoints('cluster', on(['n1'], 'unready'));
    for (const ip of [local, cluster]) await lab.routed(ip, []);
    await endpoints('cluster', {});
    await endpoints('local', { ...on(['n1', 'n3'], 'unready'), n2: 'ready' });
    await lab.routed(local, ['n2']);
    await lab.routed(cluster, []);
    assert.deepEqual(await lab.addresses('cluster'), [cluster]);
  });

  test('a node that is not Ready is no next hop', async () => {
    await leavesAndReturns(
      () => ready('False'),
      () => ready('True'),
    );
    await leavesAndReturns(
      () => ready('Unknown'),
      () => ready('True'),
    );
  });

  test('nor one whose network is unavailable', async () => {
    await leavesAndReturns(
      () => ready('True', 'True'),
      () => ready('True'),
    );
  });

  test('nor one that the autoscaler is about to delete; other taints and a cordon change nothing', async () => {
    const taints = (key: string): object => ({ taints: [{ key, value: '1', effect: 'NoSchedule' }] });
    await lab.patchNode('n2', { spec: { unschedulable: true, ...taints('example.com/gpu') } });
    await leavesAndReturns(
      () => lab.patchNode('n3', { spec: taints('ToBeDeletedByClusterAutoscaler') }),
      () => lab.patchNode('n3', { spec: { taints: null } }),
    );
    await lab.patchNode('n2', { spec: { unschedulable: null, taints: null } });
  });

  test('nor one with the exclude label, which is a bool', async () => {
    const label = (value: string | null): object => ({ metadata: { labels: { [excludeLabel]: value } } });
    await lab.patchNode('n2', label('false'));
    await leavesAndReturns(
      () => lab.patchNode('n3', label('')),
      () => lab.patchNode('n3', label('false')),
    );
    for (const node of ['n2', 'n3']) await lab.patchNode(node, label(null));
  });

  test('a node that changes its address is a next hop by the new one', async () => {
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    const setAddress = (address: string): Promise<void> =>
      lab.setNodeStatus('n3', { addresses: [address, ipv6].map((ip) => ({ type: 'InternalIP', address: ip })) });
    const others = both.map((node) => lab.lab.node(node).addresses.ipv4);
    await setAddress('10.50.0.99');
    await lab.lab.router('r1').waitForRoutes(local, [...others, '10.50.0.99']);
    await setAddress(ipv4);
    await lab.routed(local);
  });

  test('a node that is deleted goes, one that registers comes', async () => {
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    await leavesAndReturns(
      () => lab.lab.api.delete('/api/v1/nodes/n3'),
      () => lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]),
    );
  });
});
