import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatAddress } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { parseEip, standIn } from './parse-eip.ts';
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
    ranges: [{ family: 'ipv4', first: 0xc0a8_005bn, last: 0xc0a8_0064n, isPrefix: false }],
    heldRanges: [],
    heldNamespaces: [],
    conflicts: [],
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
    bgp: {
      communities: [],
      largeCommunities: [],
      localPref: undefined,
      med: 0,
      peerSelector: undefined,
      overrides: [],
    },
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
    overrides: [
      {
        peerSelector: { matchLabels: { transit: 'expensive' }, matchExpressions: [] },
        communities: ['65535:0'],
        largeCommunities: [],
        localPref: 50,
        med: 500,
      },
      {
        peerSelector: { matchLabels: {}, matchExpressions: [] },
        communities: undefined,
        largeCommunities: undefined,
        localPref: undefined,
        med: 0,
      },
    ],
  });
  assert.deepEqual(pool.ignoredFields, []);
});

test('which entries are prefixes, whose ends may be a subnet’s own addresses', () => {
  const addresses = ['192.0.2.0/28', '192.0.2.16-192.0.2.31', '192.0.2.32', '192.0.2.33/32', '2001:db8::/64'];
  const { value } = read(objectOf('Eip', 'p', { addresses }));
  assert.deepEqual(
    value.ranges.map(({ isPrefix }) => isPrefix),
    [true, false, false, true, true],
  );
});

suite('addresses that no Service can have', () => {
  const messages = (address: string): string[] => {
    const result = parseEip(objectOf('Eip', 'p', { address }));
    return result.ok ? [] : result.problems.map(({ field, message }) => `${field}: ${message}`);
  };

  test('are refused by their names, with what to do', () => {
    assert.deepEqual(messages('126.255.255.255-169.254.0.0'), [
      'spec.address: "126.255.255.255-169.254.0.0" includes addresses that no Service can have: ' +
        '127.0.0.0/8 (loopback), 169.254.0.0/16 (link-local); give ranges without them',
    ]);
    assert.match(messages('0.0.0.0/0')[0] ?? '', /this network.*loopback.*link-local.*multicast.*broadcast/);
    assert.match(messages('::/0')[0] ?? '', /unspecified.*loopback.*IPv4-mapped.*link-local.*multicast/);
  });

  // First and last address of what lies between them; private, shared (RFC 6598), documentation, benchmarking, unique local.
  const usable = [
    ...['1.0.0.0-126.255.255.255', '128.0.0.0-169.253.255.255', '169.255.0.0-223.255.255.255'],
    ...['10.0.0.0/8', '100.64.0.0/10', '192.0.2.0/24', '198.18.0.0/15'],
    ...['::2-::fffe:ffff:ffff', '::1:0:0:0-fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ...['fec0::-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '64:ff9b::/96', '2001:db8::/32', 'fd00::/8'],
  ];
  for (const address of usable) test(`are not in ${address}`, () => assert.deepEqual(messages(address), []));
});

suite('what is held, from the status', () => {
  const held = (status: unknown): Pick<Pool, 'heldRanges' | 'heldNamespaces'> => {
    const { heldRanges, heldNamespaces } = read({ ...objectOf('Eip', 'p', { address: '192.0.2.1' }), status }).value;
    return { heldRanges, heldNamespaces };
  };
  const NOTHING = { heldRanges: [], heldNamespaces: [] };

  test('ranges in all three forms, and namespaces', () => {
    const addresses = ['192.0.2.7', '192.0.2.16/30', '2001:db8::1-2001:db8::ff'];
    assert.deepEqual(held({ addresses, namespaces: ['shop', 'web'], usage: 3 }), {
      heldRanges: [
        { family: 'ipv4', first: 0xc000_0207n, last: 0xc000_0207n },
        { family: 'ipv4', first: 0xc000_0210n, last: 0xc000_0213n },
        { family: 'ipv6', first: (0x2001_0db8n << 96n) | 1n, last: (0x2001_0db8n << 96n) | 0xffn },
      ],
      heldNamespaces: ['shop', 'web'],
    });
  });

  test('nothing without a status, or in one of OpenELB', () => {
    assert.deepEqual(held(undefined), NOTHING);
    assert.deepEqual(
      held({ occupied: false, poolSize: 10, usage: 1, used: { '192.0.2.1': 'd/s' }, v4: true }),
      NOTHING,
    );
  });

  test('what does not read is left out, and the pool stands', () => {
    const addresses = ['garbage', 5, null, '192.0.2.9-192.0.2.1', `192.0.2.1${' '.repeat(200)}`, '192.0.2.8'];
    const { heldRanges, heldNamespaces } = held({ addresses, namespaces: [{}, 'shop', 7] });
    assert.deepEqual([heldRanges.length, heldRanges[0]?.first], [1, 0xc000_0208n]);
    assert.deepEqual(heldNamespaces, ['shop']);
    for (const odd of ['text', 5, null, [], { addresses: 'x', namespaces: 5 }]) assert.deepEqual(held(odd), NOTHING);
  });

  test('lists are read up to the bounds that the schema has', () => {
    const { heldRanges, heldNamespaces } = held({
      addresses: Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`),
      namespaces: Array.from({ length: 5_000 }, (_, i) => `n${i}`),
    });
    assert.deepEqual([heldRanges.length, heldNamespaces.length], [128, 1_000]);
  });
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

suite('what stands in for a pool that can’t be read', () => {
  const GOOD = {
    protocol: 'layer2',
    interface: 'eth1',
    namespaces: ['d'],
    namespaceSelector: { team: 'x' },
    serviceSelector: { matchLabels: { tier: 'public' } },
    nodeSelector: { matchLabels: { edge: '' } },
    priority: 7,
    reuseAfterSeconds: 60,
    bgp: { communities: ['no-export'], localPref: 200 },
  };
  const BAD = { addresses: ['192.0.2.9', '192.0.2.9'] };
  const status = { addresses: ['192.0.2.0/28', '2001:db8::1-2001:db8::9'], namespaces: ['d', 'e'] };
  const unread = (spec: Readonly<Record<string, unknown>>, said: unknown = status): Pool | undefined => {
    const object = { ...objectOf('Eip', 'p', spec), status: said };
    assert.equal(parseEip(object).ok, false);
    return standIn(object);
  };

  test('has the ranges and namespaces of its status, gives nothing new, and is otherwise as its spec says', () => {
    const stands = unread({ ...GOOD, ...BAD });
    const { value } = read({ ...objectOf('Eip', 'p', { ...GOOD, addresses: status.addresses }), status });
    const ranges = value.ranges.map((range) => ({ ...range, isPrefix: false }));
    assert.deepEqual(stands, { ...value, ranges, disabled: true });
  });
  test('has the default of an attribute that can’t be read, and the others', () => {
    const odd = {
      ...GOOD,
      ...BAD,
      interface: 5,
      nodeSelector: 'x',
      protocol: 'arp',
      bgp: { ...GOOD.bgp, localPref: 'high' },
    };
    const stands = unread(odd);
    assert.deepEqual(
      [stands?.protocol, stands?.interface, stands?.nodeSelector, stands?.priority, stands?.namespaces],
      ['bgp', '', undefined, 7, ['d']],
    );
    assert.deepEqual([stands?.bgp.communities, stands?.bgp.localPref], [['65535:65281'], undefined]);
    for (const spec of [{}, { bgp: 5 }, { bgp: null, namespaces: {} }])
      assert.equal(unread(spec)?.ranges.length, 2, JSON.stringify(spec));
  });
  test('has each address once', () => {
    const overlapping = { addresses: ['192.0.2.8-192.0.2.9', '192.0.2.0-192.0.2.15'] };
    const stands = unread(BAD, overlapping);
    assert.ok(stands);
    assert.deepEqual(ranges({ value: stands }), [
      '192.0.2.8-192.0.2.9',
      '192.0.2.0-192.0.2.7',
      '192.0.2.10-192.0.2.15',
    ]);
  });
  test('is nothing where the status says nothing', () => {
    for (const said of [null, {}, { addresses: [] }, { addresses: 'x' }, { addresses: ['x', 5] }])
      assert.equal(unread(BAD, said), undefined, JSON.stringify(said));
  });
});

suite('conflicts, from the status', () => {
  const conflicts = (status: unknown): Pool['conflicts'] =>
    read({ ...objectOf('Eip', 'p', { address: '192.0.2.1' }), status }).value.conflicts;
  const ENTRY = {
    replica: 'porter-0',
    ip: '192.0.2.1',
    mac: '02:00:5e:10:00:0a',
    link: 'eth0',
    announced: false,
    since: '2026-01-01T00:00:00Z',
  };
  const STRANGER = { ip: '192.0.2.1', mac: '02:00:5e:10:00:0a', node: undefined, announced: false };

  test('each once, whichever replicas have heard it and when, in any order', () => {
    const other = { ...ENTRY, replica: 'porter-1', link: 'eth1', since: '2026-01-02T00:00:00Z' };
    const node = { ...ENTRY, ip: '2001:DB8::1', node: 'n1', announced: true };
    const both = [STRANGER, { ip: '2001:db8::1', mac: ENTRY.mac, node: 'n1', announced: true }];
    assert.deepEqual(conflicts({ conflicts: [ENTRY, other, node] }), both);
    assert.deepEqual(conflicts({ conflicts: [node, other, ENTRY] }), both);
  });

  test('none without a status; what does not read is left out, and moves nobody', () => {
    for (const odd of [undefined, {}, { conflicts: 'x' }, { conflicts: [null, 5, {}, { ...ENTRY, ip: 'x' }] }])
      assert.deepEqual(conflicts(odd), []);
    assert.deepEqual(conflicts({ conflicts: [{ ip: ENTRY.ip, mac: ENTRY.mac, announced: 'no', node: 5 }] }), [
      { ...STRANGER, announced: true },
    ]);
  });
});
