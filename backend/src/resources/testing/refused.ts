import type { Manifest } from './manifests.ts';

/** A spec that must be refused, and the field that the answer must name. */
export interface RefusedSpec {
  readonly kind: Manifest['kind'];
  readonly spec: Readonly<Record<string, unknown>>;
  readonly field: string;
  /** Words that the answer must have beside the field. */
  readonly says?: string;
}

function eip(field: string, spec: RefusedSpec['spec'], says?: string): RefusedSpec {
  return { kind: 'Eip', field, spec, ...(says !== undefined && { says }) };
}

function pool(field: string, spec: RefusedSpec['spec'], says?: string): RefusedSpec {
  return eip(field, { address: '192.0.2.0/24', ...spec }, says);
}

function address(text: string, says: string): RefusedSpec {
  return eip('spec.address', { address: text }, says);
}

function bgpConf(field: string, spec: RefusedSpec['spec'], says?: string): RefusedSpec {
  return { kind: 'BgpConf', field, spec: { as: 65000, ...spec }, ...(says !== undefined && { says }) };
}

const router = { peerAs: 65000, neighborAddress: '192.0.2.1' };

function bgpPeer(field: string, spec: RefusedSpec['spec'], says?: string): RefusedSpec {
  return { kind: 'BgpPeer', field, spec: { conf: router, ...spec }, ...(says !== undefined && { says }) };
}

function conf(field: string, values: RefusedSpec['spec'], says?: string): RefusedSpec {
  return bgpPeer(`spec.conf.${field}`, { conf: { ...router, ...values } }, says);
}

function timer(field: string, value: unknown): RefusedSpec {
  return bgpPeer(`spec.timers.config.${field}`, { timers: { config: { [field]: value } } });
}

const NO_ADDRESS = 'must be an IP address, a CIDR prefix or a first-last range';

const addresses: readonly RefusedSpec[] = [
  eip('spec.address', {}, 'exactly one of address and addresses'),
  eip('spec.address', { address: '192.0.2.1', addresses: ['192.0.2.2'] }, 'exactly one of address and addresses'),
  eip('spec.addresses', { addresses: [] }, 'must not be empty'),
  eip('spec.addresses[1]', { addresses: ['192.0.2.1', '192.0.2.300'] }, NO_ADDRESS),
  eip('spec.addresses[0]', { addresses: ['192.0.2.9-192.0.2.1'] }, 'reversed'),
  ...['', 'garbage', '192.0.2', '192.0.2.256', '192.0.02.1', '0x7f.1.1.1', '192.0.2.1 ', ' 192.0.2.1'].map((text) =>
    address(text, NO_ADDRESS),
  ),
  ...[
    '192.0.2.1 - 192.0.2.9',
    '192.0.2.1,192.0.2.2',
    '192.0.2.1-',
    '-192.0.2.1',
    '192.0.2.1-2',
    '/24',
    '192.0.2.0/',
  ].map((text) => address(text, NO_ADDRESS)),
  ...['192.0.2.0/255.255.255.0', '192.0.2.0/-1', '192.0.2.0/024', '192.0.2.1-192.0.2.5-192.0.2.9'].map((text) =>
    address(text, NO_ADDRESS),
  ),
  ...[
    'fd00:::1',
    'fd00::1::2',
    'fd00:1:2:3:4:5:6',
    '1:2:3:4:5:6:7:8:9',
    'fd00::12345',
    'fe80::1%eth0',
    '[fd00::1]',
  ].map((text) => address(text, NO_ADDRESS)),
  address('192.0.2.0/33', 'at most 32 (IPv4) or 128 (IPv6)'),
  address('fd00::/129', 'at most 32 (IPv4) or 128 (IPv6)'),
  address('192.0.2.9-192.0.2.1', 'reversed'),
  address('192.0.10.0-192.0.9.255', 'reversed'),
  address('200.0.0.0-100.0.0.0', 'reversed'),
  address('192.0.2.1-fd00::1', 'must not mix IPv4 and IPv6'),
  address('fd00::1-192.0.2.1', 'must not mix IPv4 and IPv6'),
  eip('spec.address', { address: 5 }),
];

const pools: readonly RefusedSpec[] = [
  pool('spec.protocol', { protocol: 'ospf' }),
  pool('spec.protocol', { protocol: '' }),
  pool('spec.interface', { interface: 'an-interface-with-a-long-name' }, 'name of an interface'),
  pool('spec.interface', { interface: 'can_reach:router' }, 'can_reach:<IP address>'),
  pool('spec.interface', { interface: 'eth0,eth1 eth2' }, 'name of an interface'),
  pool('spec.disable', { disable: 'yes' }),
  pool('spec.priority', { priority: 1.5 }),
  pool('spec.namespaces[0]', { namespaces: ['Not_A_Namespace'] }, 'name of a namespace'),
  pool('spec.namespaceSelector.team', { namespaceSelector: { team: '-a-' } }, 'label value'),
  pool('spec.namespaceSelector', { namespaceSelector: { 'a b': 'c' } }, 'label key'),
  pool('spec.serviceSelector.matchLabels.a', { serviceSelector: { matchLabels: { a: 'b c' } } }, 'label value'),
  pool('spec.nodeSelector.matchExpressions[0].operator', {
    nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Equals', values: ['b'] }] },
  }),
  pool('spec.nodeSelector.matchExpressions[0].values', {
    nodeSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
  }),
  pool('spec.nodeSelector.matchExpressions[0].values', {
    nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
  }),
  pool('spec.nodeSelector.matchExpressions[0].key', {
    nodeSelector: { matchExpressions: [{ key: 'a/b/c', operator: 'Exists' }] },
  }),
  pool('spec.reuseAfterSeconds', { reuseAfterSeconds: -1 }),
  ...['65536:1', '1:65536', '100', 'no-such-name', '1:2:3'].map((text) =>
    pool('spec.bgp.communities[0]', { bgp: { communities: [text] } }, 'must be a community'),
  ),
  ...['1:2', '4294967296:1:1', '1:1:4294967296', 'a:b:c'].map((text) =>
    pool('spec.bgp.largeCommunities[0]', { bgp: { largeCommunities: [text] } }, 'must be a large community'),
  ),
  pool('spec.bgp.localPref', { bgp: { localPref: 4_294_967_296 } }),
  pool('spec.bgp.med', { bgp: { med: -1 } }),
  pool('spec.bgp.overrides[0].peerSelector', { bgp: { overrides: [{ med: 1 }] } }),
  pool('spec.bgp.overrides[0].peerSelector.matchLabels', { bgp: { overrides: [{ peerSelector: {} }] } }),
  pool('spec.bgp.overrides[0].med', {
    bgp: { overrides: [{ peerSelector: { matchLabels: {} }, med: 4_294_966_001 }] },
  }),
  pool(
    'spec.bgp.overrides[0].communities[0]',
    { bgp: { overrides: [{ peerSelector: { matchLabels: {} }, communities: ['no-such-name'] }] } },
    'must be a community',
  ),
  pool(
    'spec.bgp.overrides[0].largeCommunities[0]',
    { bgp: { overrides: [{ peerSelector: { matchLabels: {} }, largeCommunities: ['1:1:4294967296'] }] } },
    'must be a large community',
  ),
];

const bgpConfs: readonly RefusedSpec[] = [
  bgpConf('spec.as', { as: 0 }),
  bgpConf('spec.as', { as: 4_294_967_296 }),
  bgpConf('spec.as', { as: '65000' }),
  bgpConf('spec.as', { as: undefined }),
  bgpConf('spec.asPerRack.leaf1', { asPerRack: { leaf1: 0 } }),
  bgpConf('spec.routerId', { routerId: 'router1' }, 'BGP identifier'),
  bgpConf('spec.routerId', { routerId: '0.0.0.0' }, 'BGP identifier'),
  bgpConf('spec.routerId', { routerId: 'fd00::1' }, 'BGP identifier'),
  bgpConf('spec.listenPort', { listenPort: 65_536 }),
  bgpConf('spec.listenPort', { listenPort: -2 }),
  bgpConf('spec.listenAddresses[0]', { listenAddresses: ['eth0'] }, 'must be an IPv4 or IPv6 address'),
  bgpConf('spec.gracefulRestart.restartTime', { gracefulRestart: { restartTime: 4096 } }),
];

const bgpPeers: readonly RefusedSpec[] = [
  bgpPeer('spec.conf', { conf: undefined }),
  conf('peerAs', { peerAs: undefined }),
  conf('peerAs', { peerAs: 0 }),
  conf('peerAs', { peerAs: 4_294_967_296 }),
  conf('neighborAddress', { neighborAddress: undefined }),
  ...['', 'router.example', '192.0.2.1/24', '192.0.2.256', '192.0.2.1%eth0', 'fd00::1%'].map((neighborAddress) =>
    conf('neighborAddress', { neighborAddress }, 'must be an IPv4 or IPv6 address'),
  ),
  conf('localAs', { localAs: -1 }),
  conf('authPassword', { authPassword: 'x'.repeat(81) }),
  ...['1', '2', '65536', '-3', '90s', '', ' 90'].map((value) => timer('holdTime', value)),
  timer('holdTime', 90),
  timer('keepaliveInterval', '65536'),
  timer('connectRetry', 'soon'),
  bgpPeer('spec.transport.remotePort', { transport: { remotePort: 65_536 } }),
  bgpPeer('spec.transport.remotePort', { transport: { remotePort: -1 } }),
  bgpPeer('spec.transport.localAddress', { transport: { localAddress: 'eth0' } }, 'must be an IPv4 or IPv6 address'),
  bgpPeer('spec.ebgpMultihop.multihopTtl', { ebgpMultihop: { multihopTtl: 256 } }),
  bgpPeer('spec.gracefulRestart.restartTime', { gracefulRestart: { restartTime: -1 } }),
  bgpPeer('spec.afiSafis[0].config.family.afi', { afiSafis: [{ config: { family: { afi: 'ipv4' } } }] }),
  bgpPeer('spec.afiSafis[0].config.family.safi', {
    afiSafis: [{ config: { family: { afi: 'AFI_IP', safi: 'unicast' } } }],
  }),
  bgpPeer('spec.afiSafis[0].addPaths.config.sendMax', { afiSafis: [{ addPaths: { config: { sendMax: -1 } } }] }),
  bgpPeer('spec.nodeSelector.matchLabels.rack', { nodeSelector: { matchLabels: { rack: 'a/b' } } }, 'label value'),
  bgpPeer('spec.ttlSecurity.hops', { ttlSecurity: { enabled: true, hops: 255 } }),
  bgpPeer('spec.bfd.transmitIntervalMs', { bfd: { enabled: true, transmitIntervalMs: 49 } }),
  bgpPeer('spec.bfd.receiveIntervalMs', { bfd: { enabled: true, receiveIntervalMs: 60_001 } }),
  bgpPeer('spec.bfd.detectMultiplier', { bfd: { enabled: true, detectMultiplier: 0 } }),
  bgpPeer('spec.bfd.minimumTtl', { bfd: { enabled: true, multihop: true, minimumTtl: 255 } }),
  bgpPeer('spec.passwordSecretRef.name', { passwordSecretRef: { name: '' } }),
  bgpPeer(
    'spec.passwordSecretRef',
    { passwordSecretRef: { name: 'a' }, conf: { ...router, authPassword: 'b' } },
    'must not both be given',
  ),
  bgpPeer('spec.nextHopSelf', { nextHopSelf: 'yes' }),
  bgpPeer(
    'spec.nextHopSelf',
    {
      nextHopSelf: true,
      afiSafis: [
        { config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } } },
        { config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' } }, addPaths: { config: { sendMax: 2 } } },
      ],
    },
    'set addPaths.config.sendMax of afiSafis to 1',
  ),
];

/** Refused by the API server and, should such an object be stored already, by our own parse. */
export const refusedSpecs: readonly RefusedSpec[] = [...addresses, ...pools, ...bgpConfs, ...bgpPeers];

/** What a schema can't see: stored without complaint, refused by our parse, which makes it a condition. */
export const refusedByParse: readonly RefusedSpec[] = [
  eip('spec.address', { address: 'fd00::9-fd00::1' }, 'reversed'),
  eip('spec.addresses[1]', { addresses: ['192.0.2.0/24', '192.0.2.100'] }, 'overlaps'),
  eip('spec.addresses[2]', { addresses: ['fd00::/64', '192.0.2.1', 'fd00::ffff-fd00:0:0:2::'] }, 'overlaps'),
  ...['0.0.0.0/0', '::/0', '0.0.0.0', '0.1.2.0/24', '127.0.0.1', '169.254.0.0/16', '224.0.0.1', '239.255.255.255'].map(
    (text) => address(text, 'no Service can have'),
  ),
  ...['240.0.0.0/4', '255.255.255.255', '126.255.255.255-128.0.0.0', '::', '::1', '::/64', '::ffff:c000:201'].map(
    (text) => address(text, 'no Service can have'),
  ),
  ...['fe80::1', 'febf::/16', 'ff02::1', '::ffff:0:0/96', 'fe7f::-fec0::'].map((text) =>
    address(text, 'no Service can have'),
  ),
  eip('spec.addresses[1]', { addresses: ['192.0.2.0/24', '127.0.0.0/30'] }, '127.0.0.0/8 (loopback)'),
  conf('neighborAddress', { neighborAddress: 'fd00::1%eth0' }, 'link-local'),
  bgpPeer('spec.transport.localAddress', { transport: { localAddress: 'fd00::1' } }, 'family'),
  bgpPeer(
    'spec.afiSafis',
    { afiSafis: [{ config: { family: { afi: 'AFI_L2VPN', safi: 'SAFI_EVPN' } } }] },
    'no family',
  ),
  bgpPeer('spec.afiSafis', {
    afiSafis: [{ config: { enabled: false, family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } } }],
  }),
];
