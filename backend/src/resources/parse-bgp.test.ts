import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer, PeerFamily } from '../domain/peer.ts';
import { belongsToCni } from './keys.ts';
import { parseBgpConf } from './parse-bgp-conf.ts';
import { parseBgpPeer } from './parse-bgp-peer.ts';
import type { PeerParse } from './parse-bgp-peer.ts';
import { manifest, objectOf } from './testing/manifests.ts';
import type { Manifest } from './testing/manifests.ts';

function readPeer(object: Manifest): Extract<PeerParse, { ok: true }> {
  const result = parseBgpPeer(object);
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

function peerWith(spec: Record<string, unknown>): Extract<PeerParse, { ok: true }> {
  return readPeer(objectOf('BgpPeer', 'p', { conf: { peerAs: 65000, neighborAddress: '192.0.2.1' }, ...spec }));
}

function settings(spec: Record<string, unknown>) {
  const result = parseBgpConf(objectOf('BgpConf', 'default', spec));
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

test('the BgpConf of the documentation of OpenELB', () => {
  const result = parseBgpConf(manifest('BgpConf', 'default'));
  assert.ok(result.ok);
  assert.deepEqual(result.value, {
    uid: '',
    as: 50000,
    asPerRack: {},
    routerId: '192.168.0.2',
    listenPort: 17900,
    listenAddresses: [],
    gracefulRestart: { enabled: true, restartTimeSeconds: 120 },
  });
  assert.deepEqual(
    result.warnings.map(({ field }) => field),
    ['spec.routerId'],
  );
});

test('a BgpConf with every field of OpenELB names what is ignored', () => {
  const { value, ignoredFields } = settings(manifest('BgpConf', 'every-field').spec);
  assert.equal(value.as, 4_200_000_000);
  assert.deepEqual(value.asPerRack, { leaf1: 65001, leaf2: 4_200_000_001 });
  assert.equal(value.listenPort, 0, '-1 is no listener');
  assert.deepEqual(value.listenAddresses, ['0.0.0.0', '::']);
  assert.deepEqual(value.gracefulRestart, { enabled: true, restartTimeSeconds: 60 });
  assert.deepEqual(ignoredFields, [
    'spec.listenAddresses',
    'spec.gracefulRestart.notificationEnabled',
    'spec.gracefulRestart.deferralTime',
    'spec.gracefulRestart.longlivedEnabled',
    'spec.gracefulRestart.staleRoutesTime',
    'spec.gracefulRestart.peerRestartTime',
    'spec.gracefulRestart.peerRestarting',
    'spec.gracefulRestart.localRestarting',
    'spec.gracefulRestart.mode',
    'spec.families',
    'spec.useMultiplePaths',
    'spec.policy',
  ]);
});

test('without listenPort nothing is listened on, without routerId there is none and no warning', () => {
  const { value, warnings, ignoredFields } = settings({ as: 65000, routerId: '' });
  assert.equal(value.listenPort, 0);
  assert.equal(value.routerId, undefined);
  assert.deepEqual(warnings, []);
  assert.deepEqual(ignoredFields, []);
});

test('a port that the manager may not be allowed to open is warned of', () => {
  const fields = (listenPort: number): string[] =>
    settings({ as: 65000, listenPort }).warnings.map(({ field }) => field);
  assert.deepEqual([fields(179), fields(1024), fields(0)], [['spec.listenPort'], [], []]);
});

test('a BgpConf under another name is not used', () => {
  const result = parseBgpConf(objectOf('BgpConf', 'other', { as: 65000 }));
  assert.deepEqual(result.ok ? [] : result.problems.map(({ field }) => field), ['metadata.name']);
});

test('the shortest BgpPeer gets both families, its own first, 10 next hops, and defaults', () => {
  const { value, password, ignoredFields } = readPeer(manifest('BgpPeer', 'shortest'));
  assert.deepEqual(value, {
    name: 'shortest',
    uid: '',
    createdAt: 0,
    deleting: false,
    labels: {},
    address: 'fd00::1',
    port: 179,
    peerAs: 65000,
    localAs: undefined,
    holdTimeSeconds: 90,
    keepaliveSeconds: undefined,
    connectRetrySeconds: 5,
    localAddress: undefined,
    multihopTtl: undefined,
    ttlSecurityHops: undefined,
    passive: false,
    gracefulShutdown: false,
    nextHopSelf: false,
    bfd: undefined,
    families: [
      { family: 'ipv6', sendMax: 10 },
      { family: 'ipv4', sendMax: 10 },
    ],
    gracefulRestart: undefined,
    nodeSelector: undefined,
    hasPassword: false,
    adminDown: false,
  } satisfies Peer);
  assert.equal(password, undefined);
  assert.deepEqual(ignoredFields, []);
});

test('a BgpPeer with every field of OpenELB', () => {
  const { value, password } = readPeer(manifest('BgpPeer', 'every-field'));
  assert.equal(value.address, 'fe80::1%eth0');
  assert.equal(value.port, 1790);
  assert.equal(value.localAs, 65002);
  assert.equal(value.multihopTtl, 3);
  assert.equal(value.adminDown, true);
  assert.deepEqual([value.holdTimeSeconds, value.keepaliveSeconds, value.connectRetrySeconds], [30, 10, 10]);
  assert.deepEqual(value.gracefulRestart, { enabled: false, restartTimeSeconds: 4095 });
  assert.deepEqual(value.families, [
    { family: 'ipv4', sendMax: 32 },
    { family: 'ipv6', sendMax: 0 },
  ]);
  assert.equal(value.hasPassword, true);
  assert.deepEqual(password, { from: 'object', password: 's3cret' });
  assert.ok(!JSON.stringify(value).includes('s3cret'), 'no password in a domain value');
});

test('fields of GoBGP without a meaning here are named, once each', () => {
  const { ignoredFields } = readPeer(manifest('BgpPeer', 'every-field'));
  const short = ignoredFields.map((field) => field.replace(/^spec\./, ''));
  assert.deepEqual(
    short.filter((field) => field.startsWith('conf.')),
    [
      'peerGroup',
      'replacePeerAs',
      'routeFlapDamping',
      'sendCommunity',
      'neighborInterface',
      'vrf',
      'allowOwnAs',
      'removePrivateAs',
    ].map((name) => `conf.${name}`),
  );
  for (const field of ['timers.config.minimumAdvertisementInterval', 'transport.tcpMss', 'afiSafis[2]']) {
    assert.ok(short.includes(field), field);
  }
  assert.ok(short.includes('afiSafis[0].addPaths.config.receive'));
  assert.equal(new Set(short).size, short.length);
});

test('fields that are set to nothing are not named', () => {
  const { ignoredFields } = peerWith({
    conf: { peerAs: 65000, neighborAddress: '192.0.2.1', removePrivateAs: 'NONE', vrf: '', allowOwnAs: 0 },
    transport: { passiveMode: false, remotePort: 17901 },
    timers: { config: { minimumAdvertisementInterval: '0' } },
    gracefulRestart: { helperOnly: false, mode: '' },
  });
  assert.deepEqual(ignoredFields, []);
});

test('zero means the default wherever protobuf could not say otherwise', () => {
  const { value } = peerWith({
    conf: { peerAs: 65000, neighborAddress: '192.0.2.1', localAs: 0, authPassword: '' },
    timers: { config: { holdTime: '0', keepaliveInterval: '0', connectRetry: '0' } },
    transport: { remotePort: 0 },
    ebgpMultihop: { enabled: true, multihopTtl: 0 },
    gracefulRestart: { enabled: true, restartTime: 0 },
  });
  assert.deepEqual([value.holdTimeSeconds, value.keepaliveSeconds, value.connectRetrySeconds], [90, undefined, 5]);
  assert.deepEqual([value.localAs, value.port, value.multihopTtl, value.hasPassword], [undefined, 179, 255, false]);
  assert.equal(value.gracefulRestart?.restartTimeSeconds, 120);
});

test('a list of families without addPaths asks for no ADD-PATH, as in OpenELB; repeated and disabled entries are left out', () => {
  const entry = (afi: string, more: object = {}) => ({ config: { family: { afi, safi: 'SAFI_UNICAST' }, ...more } });
  const { value, ignoredFields } = peerWith({
    afiSafis: [entry('AFI_IP'), entry('AFI_IP'), entry('AFI_IP6', { enabled: false })],
  });
  assert.deepEqual(value.families, [{ family: 'ipv4', sendMax: 0 }]);
  assert.deepEqual(ignoredFields, ['spec.afiSafis[1]']);
});

test('nextHopSelf asks for no ADD-PATH, with or without a list of families', () => {
  const families = (spec: object): readonly PeerFamily[] => peerWith({ nextHopSelf: true, ...spec }).value.families;
  const entry = (sendMax: number | undefined) => ({
    config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } },
    addPaths: { config: { sendMax } },
  });
  assert.equal(peerWith({ nextHopSelf: true }).value.nextHopSelf, true);
  assert.deepEqual(families({}), [
    { family: 'ipv4', sendMax: 1 },
    { family: 'ipv6', sendMax: 1 },
  ]);
  for (const sendMax of [undefined, 0, 1]) {
    assert.deepEqual(families({ afiSafis: [entry(sendMax)] }), [{ family: 'ipv4', sendMax: 1 }]);
  }
  assert.deepEqual(peerWith({ nextHopSelf: false, afiSafis: [entry(4)] }).value.families, [
    { family: 'ipv4', sendMax: 4 },
  ]);
});

test('TTL security takes the place of multihop; a router that connects itself and one that is about to go', () => {
  const both = { ebgpMultihop: { enabled: true, multihopTtl: 3 }, ttlSecurity: { enabled: true } };
  const { value, ignoredFields } = peerWith({ ...both, transport: { passiveMode: true }, gracefulShutdown: true });
  assert.deepEqual([value.ttlSecurityHops, value.multihopTtl], [1, undefined]);
  assert.deepEqual([value.passive, value.gracefulShutdown], [true, true]);
  assert.deepEqual(ignoredFields, ['spec.ebgpMultihop']);
  assert.equal(peerWith({ ttlSecurity: { enabled: true, hops: 4 } }).value.ttlSecurityHops, 4);
  assert.equal(peerWith({ ttlSecurity: { hops: 4 } }).value.ttlSecurityHops, undefined);
});

test('BFD: off unless it is enabled, with defaults, over several hops where the session of BGP is', () => {
  const enabled = { enabled: true };
  const usual = { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false, minTtl: 1 };
  assert.equal(peerWith({ bfd: { transmitIntervalMs: 100 } }).value.bfd, undefined);
  assert.deepEqual(peerWith({ bfd: enabled }).value.bfd, usual);
  const own = { transmitIntervalMs: 150, receiveIntervalMs: 200, detectMultiplier: 5 };
  assert.deepEqual(peerWith({ bfd: { ...enabled, ...own } }).value.bfd, { ...usual, ...own });
  const far = { ...usual, multihop: true };
  assert.deepEqual(peerWith({ bfd: { ...enabled, multihop: true, minimumTtl: 253 } }).value.bfd, {
    ...far,
    minTtl: 253,
  });
  assert.deepEqual(peerWith({ bfd: enabled, ebgpMultihop: { enabled: true } }).value.bfd, far);
  assert.deepEqual(peerWith({ bfd: enabled, ttlSecurity: { enabled: true, hops: 3 } }).value.bfd, {
    ...far,
    minTtl: 253,
  });
  assert.equal(peerWith({ bfd: enabled, ttlSecurity: { enabled: true } }).value.bfd?.multihop, false);
  const near = { ...enabled, multihop: false, minimumTtl: 254 };
  const { value, ignoredFields } = peerWith({ bfd: near, ebgpMultihop: { enabled: true } });
  assert.equal(value.bfd?.multihop, false);
  assert.deepEqual(ignoredFields, ['spec.bfd.minimumTtl']);
});

test('BFD so fast that a busy node looks dead is warned of', () => {
  const warned = (transmitIntervalMs: number): string[] =>
    peerWith({ bfd: { enabled: true, transmitIntervalMs } }).warnings.map(({ field }) => field);
  assert.deepEqual(warned(99), ['spec.bfd']);
  assert.deepEqual(warned(100), []);
});

test('a password of 80 characters that are more octets is refused, and not quoted', () => {
  const authPassword = 'ü'.repeat(41);
  const conf = { peerAs: 65000, neighborAddress: '192.0.2.1', authPassword };
  const result = parseBgpPeer(objectOf('BgpPeer', 'r1', { conf }));
  assert.deepEqual(result.ok ? [] : result.problems, [
    { field: 'spec.conf.authPassword', message: 'has more than 80 octets' },
  ]);
});

test('a password in a Secret is pointed to, with its default key', () => {
  const { value, password } = peerWith({ passwordSecretRef: { name: 'router' } });
  assert.equal(value.hasPassword, true);
  assert.deepEqual(password, { from: 'secret', name: 'router', key: 'password' });
});

test('addresses come out in canonical form', () => {
  const conf = { peerAs: 65000, neighborAddress: 'FD00:0:0:0::0001' };
  const { value } = peerWith({ conf, transport: { localAddress: 'FD00::0:2' } });
  assert.deepEqual([value.address, value.localAddress], ['fd00::1', 'fd00::2']);
});

test('a keepalive interval that is not shorter than the hold time is warned of', () => {
  const { warnings } = peerWith({ timers: { config: { holdTime: '9', keepaliveInterval: '9' } } });
  assert.deepEqual(
    warnings.map(({ field }) => field),
    ['spec.timers.config.keepaliveInterval'],
  );
});

test('what belongs to the CNI is recognised by the labels of both eras', () => {
  assert.equal(belongsToCni({ 'porter.kubesphere.io/cni': 'calico' }), true);
  assert.equal(belongsToCni({ 'openelb.kubesphere.io/cni': 'calico' }), true);
  assert.equal(belongsToCni({ app: 'x' }), false);
  assert.equal(belongsToCni(undefined), false);
});
