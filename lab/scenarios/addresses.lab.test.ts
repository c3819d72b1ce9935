import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { serviceRange } from '../network/plan.ts';
import { ours } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { ingressOf, ManagerLab, pathOf } from './manager/manager-lab.ts';
import { inPool, Pools, wanting } from './manager/pools.ts';
import { keepsRoutes } from './manager/routes-during.ts';

/** Timestamps of the API have whole seconds: what is to be younger waits for the next one. */
const nextSecondMs = 1_100;

suite('pools in use are edited and deleted, overlap, and are for some namespaces only', () => {
  let lab: ManagerLab;
  let pools: Pools;

  before(async () => {
    lab = await ManagerLab.up();
    pools = new Pools(lab);
  });
  after(() => lab.down());

  async function createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await lab.lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }

  async function labelNamespace(name: string, labels: object): Promise<void> {
    await lab.lab.api.patch(`/api/v1/namespaces/${name}`, { metadata: { labels } });
  }

  test('a pool that shrinks takes nothing away; what it has lost goes from its status with the last Service there', async () => {
    await pools.create('shrinking', { addresses: ['172.31.0.0/28'] });
    await lab.create('inside', { spec: ours, annotations: { ...inPool('shrinking'), ...wanting('172.31.0.1') } });
    for (const last of ['12', '13']) {
      const annotations = { ...inPool('shrinking'), ...wanting(`172.31.0.${last}`) };
      await lab.create(`outside-${last}`, { spec: ours, annotations });
      // That nothing asks for it any more doesn't move it either.
      await lab.address(`outside-${last}`);
      await lab.patchService(`outside-${last}`, { metadata: { annotations: { 'lb.kubesphere.io/ips': null } } });
    }
    const used = ['172.31.0.1', '172.31.0.12', '172.31.0.13'];
    await keepsRoutes(lab, [used, lab.nodeNames], async () => {
      await pools.edit('shrinking', { addresses: ['172.31.0.0/30'] });
      await pools.holds('shrinking', '172.31.0.0-172.31.0.3', '172.31.0.12-172.31.0.13');
      await lab.restart('n1');
      await lab.create('new', { spec: ours, annotations: inPool('shrinking') });
      assert.match(await lab.address('new'), /^172\.31\.0\.[023]$/);
      await lab.routed(await lab.address('new'));
      await pools.holds('shrinking', '172.31.0.0-172.31.0.3', '172.31.0.12-172.31.0.13');
    });
    assert.deepEqual(await lab.addresses('outside-12'), ['172.31.0.12']);

    await keepsRoutes(lab, [['172.31.0.1', '172.31.0.13'], lab.nodeNames], async () => {
      await lab.deleteService('outside-12');
      await lab.routed('172.31.0.12', []);
      await pools.holds('shrinking', '172.31.0.0-172.31.0.3', '172.31.0.13');
    });
    await lab.deleteService('outside-13');
    await pools.holds('shrinking', '172.31.0.0-172.31.0.3');
    await lab.create('late', { spec: ours, annotations: { ...inPool('shrinking'), ...wanting('172.31.0.13') } });
    await lab.allocatedBecause('late', 'WantedAddressOutsidePools');
  });

  test('a pool in use that is deleted waits for its last Service, and each of these can go or move', async () => {
    await pools.create('closing', { addresses: ['172.31.1.0/29'] });
    for (const name of ['stays', 'moves', 'goes']) {
      await lab.create(name, { spec: ours, annotations: inPool('closing') });
    }
    const [stays, moves, goes] = await Promise.all(['stays', 'moves', 'goes'].map((name) => lab.address(name)));
    assert.ok(stays !== undefined && moves !== undefined && goes !== undefined);
    await keepsRoutes(lab, [[stays, moves, goes], lab.nodeNames], async () => {
      await pools.delete('closing');
      const users = ['default/goes', 'default/moves', 'default/stays'];
      const { status } = await pools.condition('closing', 'Ready', 'PoolDeleting', ...users);
      assert.equal(status, 'False');
      assert.notEqual((await pools.find('closing'))?.metadata.deletionTimestamp, undefined);
      await lab.create('comes', { spec: ours, annotations: inPool('closing') });
      await lab.allocatedBecause('comes', 'PoolDeleting');
      await lab.restart('n1');
    });
    await keepsRoutes(lab, [[stays], lab.nodeNames], async () => {
      await lab.deleteService('goes');
      await lab.gone('goes');
      await lab.routed(goes, []);
      await lab.patchService('moves', { metadata: { annotations: inPool('public') } });
      await lab.when(
        'moves',
        'to have another address',
        (found) => ingressOf(found)[0]?.startsWith('172.30.') === true,
      );
      await lab.routed(await lab.address('moves'));
      const named = (message: string): boolean => message.includes('default/stays') && !message.includes('default/m');
      await pools.when('closing', 'to name the last user alone', ({ status }) =>
        (status?.conditions ?? []).some(({ type, message }) => type === 'Ready' && named(message)),
      );
    });
    await lab.deleteService('stays');
    await lab.gone('stays');
    await lab.routed(stays, []);
    await pools.gone('closing');
    await lab.allocatedBecause('comes', 'PoolNotFound');
  });

  test('a pool that nobody uses, or uses any more, is gone when it is deleted', async () => {
    await pools.create('never-used', { addresses: ['172.31.1.16/29'] });
    await pools.condition('never-used', 'Ready', 'InUse');
    await pools.delete('never-used');
    assert.equal(await pools.find('never-used'), undefined);

    await pools.create('used-once', { addresses: ['172.31.1.24/29'] });
    await lab.create('short', { spec: ours, annotations: inPool('used-once') });
    await lab.address('short');
    await lab.deleteService('short');
    await lab.gone('short');
    await pools.delete('used-once');
    await pools.gone('used-once');
  });

  test('a namespace with Services in it goes', async () => {
    await createNamespace('leaving');
    await lab.create('leaving/web', { spec: ours });
    const ip = await lab.address('leaving/web');
    await lab.routed(ip);
    await lab.lab.api.delete('/api/v1/namespaces/leaving');
    // The light lab has no namespace controller: this is what it does.
    await lab.lab.api.delete('/apis/discovery.k8s.io/v1/namespaces/leaving/endpointslices');
    await lab.deleteService('leaving/web');
    await lab.gone('leaving/web');
    await lab.routed(ip, []);
    const namespace = await lab.lab.api.get('/api/v1/namespaces/leaving');
    await lab.lab.api.put('/api/v1/namespaces/leaving/finalize', { ...namespace, spec: { finalizers: [] } });
    assert.equal(await lab.lab.api.find('/api/v1/namespaces/leaving'), undefined);
    // Its address is for others now.
    await lab.create('heir', { spec: ours, annotations: wanting(ip) });
    assert.deepEqual(await lab.addresses('heir'), [ip]);
  });

  test('of two pools the older gives what both have, both say so, and say when that is over', async () => {
    await pools.create('z-older', { addresses: ['172.31.2.0/28'] });
    await sleep(nextSecondMs);
    await pools.create('a-younger', { addresses: ['172.31.2.8-172.31.2.23'] });
    const part = '172.31.2.8-172.31.2.15';
    for (const [pool, other] of [
      ['z-older', 'younger Eip a-younger'],
      ['a-younger', 'older Eip z-older'],
    ] as const) {
      assert.equal((await pools.condition(pool, 'Overlapping', 'OverlapsEip', part, other)).status, 'True');
    }
    await lab.create('any', { spec: ours, annotations: inPool('a-younger') });
    assert.match(await lab.address('any'), /^172\.31\.2\.(1[6-9]|2[0-3])$/);
    await lab.create('refused', { spec: ours, annotations: { ...inPool('a-younger'), ...wanting('172.31.2.10') } });
    assert.match((await lab.allocatedBecause('refused', 'WantedAddressInOlderPool')).message, /z-older/);
    await lab.create('given', { spec: ours, annotations: wanting('172.31.2.9') });
    assert.deepEqual(await lab.addresses('given'), ['172.31.2.9']);
    const { annotations = {} } = (await lab.service('given')).metadata;
    assert.equal(annotations['lb.kubesphere.io/assigned'], 'z-older=172.31.2.9');

    await pools.edit('z-older', { addresses: ['172.31.2.0/29'] });
    for (const pool of ['z-older', 'a-younger']) {
      assert.equal((await pools.condition(pool, 'Overlapping', 'NoOverlap')).status, 'False');
    }
    // Whoever waited for the younger one's address gets it; the one that was given meanwhile stays.
    assert.deepEqual(await lab.addresses('refused'), ['172.31.2.10']);
    assert.deepEqual(await lab.addresses('given'), ['172.31.2.9']);
    for (const ip of ['172.31.2.9', '172.31.2.10']) await lab.routed(ip);
  });

  test('the addresses of nodes are never given', async () => {
    const [n1, n2, n3] = lab.nodeNames.map((node) => lab.lab.node(node).addresses.ipv4);
    assert.ok(n1 !== undefined && n2 !== undefined && n3 !== undefined);
    const free = n3.replace(/\d+$/, (last) => String(Number(last) + 1));
    await pools.create('over-nodes', { addresses: [`${n1}-${free}`] });
    const nodes = [`${n1} with the node n1`, `${n3} with the node n3`];
    assert.equal((await pools.condition('over-nodes', 'Overlapping', 'OverlapsNode', ...nodes)).status, 'True');
    await lab.create('neighbour', { spec: ours, annotations: inPool('over-nodes') });
    assert.deepEqual(await lab.addresses('neighbour'), [free]);
    await lab.create('too-many', { spec: ours, annotations: inPool('over-nodes') });
    await lab.allocatedBecause('too-many', 'PoolFull');
    await lab.create('usurper', { spec: ours, annotations: wanting(n2) });
    assert.match((await lab.allocatedBecause('usurper', 'WantedAddressOfNode')).message, /node `?n2/);

    await pools.edit('over-nodes', { addresses: [free] });
    assert.equal((await pools.condition('over-nodes', 'Overlapping', 'NoOverlap')).status, 'False');
  });

  test("the cluster's own Service range is never given", async () => {
    const { spec } = await lab.lab.api.get<KubeObject & { spec: { cidrs: string[] } }>(
      '/apis/networking.k8s.io/v1/servicecidrs/kubernetes',
    );
    assert.ok(spec.cidrs.includes(serviceRange.ipv4));
    await pools.create('over-services', { addresses: ['10.95.255.255-10.96.0.3'] });
    const texts = ['10.96.0.0-10.96.0.3', 'Service range 10.96.0.0-10.96.255.255'];
    assert.equal(
      (await pools.condition('over-services', 'Overlapping', 'OverlapsServiceRange', ...texts)).status,
      'True',
    );
    await lab.create('beside', { spec: ours, annotations: inPool('over-services') });
    assert.deepEqual(await lab.addresses('beside'), ['10.95.255.255']);
    await lab.create('within', { spec: ours, annotations: wanting('10.96.0.2') });
    await lab.allocatedBecause('within', 'WantedAddressInServiceRange');
    await pools.edit('over-services', { addresses: ['10.95.255.254-10.95.255.255'] });
    assert.equal((await pools.condition('over-services', 'Overlapping', 'NoOverlap')).status, 'False');
    await lab.allocatedBecause('within', 'WantedAddressOutsidePools');
  });

  test('who is outside of a pool gets nothing from it, and who is put outside keeps what it has', async () => {
    await createNamespace('team-a', { team: 'a' });
    await createNamespace('team-b', { team: 'b' });
    await pools.create('for-a', { addresses: ['172.31.3.0/28'], namespaceSelector: { team: 'a' } });
    await lab.create('team-a/web', { spec: ours });
    const ip = await lab.address('team-a/web');
    assert.match(ip, /^172\.31\.3\./);
    await lab.create('team-b/by-name', { spec: ours, annotations: inPool('for-a') });
    await lab.create('team-b/by-address', { spec: ours, annotations: wanting('172.31.3.9') });
    for (const name of ['team-b/by-name', 'team-b/by-address']) {
      assert.match((await lab.allocatedBecause(name, 'PoolNotAllowed')).message, /for-a/);
      assert.deepEqual(ingressOf(await lab.service(name)), []);
    }
    await lab.routed('172.31.3.9', []);
    await pools.when('for-a', 'to say who uses it', ({ status }) => status?.namespaces?.join() === 'team-a');

    await keepsRoutes(lab, [[ip], lab.nodeNames], async () => {
      await labelNamespace('team-a', { team: null });
      // A newcomer is outside, so the news has arrived.
      await until(async () => (await newcomersAddress()).startsWith('172.30.'), {
        what: 'the new label to be heard of',
      });
      assert.deepEqual(await lab.addresses('team-a/web'), [ip]);
      await lab.restart('n1');
      await lab.create('team-a/after', { spec: ours, annotations: inPool('for-a') });
      await lab.allocatedBecause('team-a/after', 'PoolNotAllowed');
      assert.deepEqual(await lab.addresses('team-a/web'), [ip]);
    });
    await labelNamespace('team-a', { team: 'a' });
    await lab.routed(await lab.address('team-a/after'));
    // By its namespaces as well: both edits are the administrator's.
    await keepsRoutes(lab, [[ip], lab.nodeNames], async () => {
      await pools.edit('for-a', { namespaceSelector: { team: 'b' } });
      assert.match(await lab.address('team-b/by-name'), /^172\.31\.3\./);
      assert.deepEqual(await lab.addresses('team-b/by-address'), ['172.31.3.9']);
      await lab.restart('n1');
      await lab.routed('172.31.3.9');
    });
  });

  /** Creates a Service that names no pool in `team-a`, and deletes it once it has an address. */
  async function newcomersAddress(): Promise<string> {
    await lab.create('team-a/newcomer', { spec: ours });
    const ip = await lab.address('team-a/newcomer');
    await lab.lab.api.delete(pathOf('team-a/newcomer'));
    await lab.gone('team-a/newcomer');
    return ip;
  }
});
