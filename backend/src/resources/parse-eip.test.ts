import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { parseEip } from './parse-eip.ts';
import type { Remarks } from './parse.ts';
import { manifest, objectOf } from './testing/manifests.ts';
import type { Manifest } from './testing/manifests.ts';

function read(object: Manifest): { value: Pool } & Remarks {
  const result = parseEip(object);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems));
  return result;
}

function ranges({ value }: { value: Pool }): string[] {
  return value.ranges.map(({ family, first, last }) =>
    [first, last].map((end) => formatAddress({ family, value: end })).join('-'),
  );
}

test('a pool of OpenELB with every field', () => {
  const object = manifest('Eip', 'eip-range');
  const metadata = { ...object.metadata, uid: 'u-1', creationTimestamp: '2023-05-06T07:08:09Z' };
  const { value, ignoredFields, warnings } = read({ ...object, metadata });
  assert.deepEqual(value, {
    name: 'eip-range',
    uid: 'u-1',
    createdAt: 1_683_356_889_000,
    deleting: false,
    protocol: 'layer2',
    ranges: [{ family: 'ipv4', first: 0xc0a8_005bn, last: 0xc0a8_0064n }],
    interface: 'eth0',
    disabled: false,
    priority: 100,
    isDefault: true,
    namespaces: ['test', 'default'],
    namespaceSelector: { 'kubesphere.io/workspace': 'workspace', label1: '' },
    serviceSelector: undefined,
    nodeSelector: undefined,
    avoidBuggyIPs: false,
    reuseAfterSeconds: 0,
    bgp: { communities: [], largeCommunities: [], localPref: undefined, med: 0, peerSelector: undefined },
  } satisfies Pool);
  assert.deepEqual(ignoredFields, ['spec.usingKnownIPs']);
  assert.deepEqual(warnings, []);
});

test('a pool with every new field', () => {
  const pool = read(manifest('Eip', 'dual'));
  assert.deepEqual(ranges(pool), [
    '203.0.113.0-203.0.113.63',
    '203.0.113.100-203.0.113.110',
    '203.0.113.200-203.0.113.200',
    '2001:db8:ffff::-2001:db8:ffff:0:ffff:ffff:ffff:ffff',
  ]);
  assert.equal(pool.value.protocol, 'bgp');
  assert.deepEqual(pool.value.serviceSelector, { matchLabels: { tier: 'public' }, matchExpressions: [] });
  assert.deepEqual(pool.value.nodeSelector, {
    matchLabels: {},
    matchExpressions: [{ key: 'node-role.kubernetes.io/edge', operator: 'Exists', values: [] }],
  });
  assert.equal(pool.value.avoidBuggyIPs, true);
  assert.equal(pool.value.reuseAfterSeconds, 3600);
  assert.deepEqual(pool.value.bgp, {
    communities: ['65000:100', '65535:65281'],
    largeCommunities: ['4200000000:1:4294967295'],
    localPref: 200,
    med: 10,
    peerSelector: { matchLabels: { site: 'a' }, matchExpressions: [] },
  });
  assert.deepEqual(pool.ignoredFields, ['spec.reuseAfterSeconds']);
});

test('the mark of the default pool is read in both eras, the younger key wins', () => {
  const marked = (annotations: Record<string, string>): boolean =>
    read({ ...objectOf('Eip', 'p', { address: '192.0.2.1' }), metadata: { name: 'p', annotations } }).value.isDefault;
  assert.equal(marked({}), false);
  assert.equal(marked({ 'eip.porter.kubesphere.io/is-default-eip': 'true' }), true);
  assert.equal(marked({ 'eip.openelb.kubesphere.io/is-default-eip': 'true' }), true);
  assert.equal(
    marked({ 'eip.openelb.kubesphere.io/is-default-eip': 'false', 'eip.porter.kubesphere.io/is-default-eip': 'true' }),
    false,
  );
});

test('vip is served as layer2 and says so', () => {
  const { value, warnings } = read(manifest('Eip', 'eip-vip'));
  assert.equal(value.protocol, 'layer2');
  assert.deepEqual(
    warnings.map(({ field }) => field),
    ['spec.protocol'],
  );
});

test('host bits of a prefix are dropped, as OpenELB does, with a warning', () => {
  const pool = read(manifest('Eip', 'eip-can-reach'));
  assert.deepEqual(ranges(pool), ['192.168.2.0-192.168.2.255']);
  assert.deepEqual(pool.warnings, [{ field: 'spec.address', message: '"192.168.2.5/24" means all of 192.168.2.0/24' }]);
});

test('what the mode of the pool has no use for is named', () => {
  const spec = { address: '192.0.2.1', interface: 'eth0', bgp: { med: 1 } };
  assert.deepEqual(read(objectOf('Eip', 'p', spec)).ignoredFields, ['spec.interface']);
  assert.deepEqual(read(objectOf('Eip', 'p', { ...spec, protocol: 'layer2' })).ignoredFields, ['spec.bgp']);
});

test('an empty namespaceSelector binds to nothing', () => {
  assert.equal(
    read(objectOf('Eip', 'p', { address: '192.0.2.1', namespaceSelector: {} })).value.namespaceSelector,
    undefined,
  );
});

test('a pool that is being deleted is still read; dates may come as values', () => {
  const at = { creationTimestamp: new Date(5000), deletionTimestamp: new Date(6000) };
  const { value } = read({ ...objectOf('Eip', 'p', { address: '192.0.2.1' }), metadata: { name: 'p', ...at } });
  assert.equal(value.deleting, true);
  assert.equal(value.createdAt, 5000);
});
