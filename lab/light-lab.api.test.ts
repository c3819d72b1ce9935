import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { ApiError, LightLab, progressToStderr } from './index.ts';
import { folderOf } from './state/lab-registry.ts';

suite('light lab on loopback', () => {
  let lab: LightLab;

  before(async () => {
    const nodes = [
      { name: 'a', addresses: ['10.50.0.1', 'fd00::1'], labels: { zone: 'x' } },
      { name: 'b', addresses: ['10.50.0.2'], ready: false },
    ];
    lab = await LightLab.up({ nodes, progress: progressToStderr });
  });

  after(() => lab.down());

  test('kubectl sees its nodes with their addresses and readiness', async () => {
    const columns = 'N:.metadata.name,A:.status.addresses[*].address,R:.status.conditions[0].status,T:.spec.taints';
    const output = await lab.kubectl(['get', 'nodes', '--no-headers', '--output', `custom-columns=${columns}`]);
    const rows = output
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/));
    assert.deepEqual(rows, [
      ['a', '10.50.0.1,fd00::1,a', 'True', '<none>'],
      ['b', '10.50.0.2,b', 'False', '<none>'],
    ]);
  });

  test('applies manifests of several documents, twice, and finds, changes and deletes objects', async () => {
    const manifest = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]}
---
`;
    await lab.apply(manifest);
    const [, service] = await lab.apply(manifest);
    assert.ok(service);
    const path = await lab.api.pathOf(service);
    assert.equal(path, '/api/v1/namespaces/shop/services/web');
    await lab.api.patch(`${path}/status`, { status: { loadBalancer: { ingress: [{ ip: '10.77.0.1' }] } } });
    const found = await lab.api.get<{ spec: { clusterIPs: string[] }; status: object }>(path);
    assert.equal(found.spec.clusterIPs.length, 2);
    assert.deepEqual(found.status, { loadBalancer: { ingress: [{ ip: '10.77.0.1', ipMode: 'VIP' }] } });
    await lab.api.delete(path);
    await lab.api.delete(path);
    assert.equal(await lab.api.find(path), undefined);
  });

  test('errors carry the status and the message of the API server', async () => {
    await assert.rejects(lab.api.get('/api/v1/nodes/none'), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, 404);
      assert.match(error.message, /nodes "none" not found/);
      return true;
    });
    const unknown = { apiVersion: 'v1', kind: 'Nonsense', metadata: { name: 'x' } };
    await assert.rejects(lab.api.create(unknown), /no kind Nonsense in v1/);
  });

  test('the API server can be away for a while; the data stays', async () => {
    await lab.stopApiServer();
    await assert.rejects(lab.api.get('/readyz'));
    await lab.startApiServer();
    assert.equal((await lab.api.list('/api/v1/nodes')).length, 2);
  });

  test('down leaves no file and no process, and may be repeated', async () => {
    const other = await LightLab.up();
    const { server } = other.api;
    await other.down();
    await other.down();
    assert.equal(existsSync(folderOf(other.name)), false);
    await assert.rejects(fetch(`${server}/readyz`), /fetch failed/);
    assert.equal((await lab.api.list('/api/v1/nodes')).length, 2);
  });
});
