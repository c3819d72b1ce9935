import assert from 'node:assert/strict';
import { isIPv4 } from 'node:net';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatAddress } from '../domain/address.ts';
import { aNode, aPeer, range, someSettings } from '../domain/testing/builders.ts';
import type { Peer } from '../domain/peer.ts';
import type { PeerConfig } from '../speakers/bgp/speaker.ts';
import { alikeTargets, derivedRouterId, peerConfig, peersOf, peerTarget, type Place } from './peering.ts';

const HERE: Place = {
  name: 'n1',
  node: aNode('n1', ['10.0.0.1'], { labels: { rack: 'a' } }),
  address: '10.0.0.1',
  connected: ['10.0.0.1/24', 'fd00::1/64', 'garbage'],
};
const R1 = aPeer('r1', '10.0.0.254');

suite('the router ID of a replica that was not given one', () => {
  test('is its IPv4 address', () => assert.equal(derivedRouterId('10.0.0.1'), '10.0.0.1'));

  test('of an IPv6 address is a dotted quad of class A, other for other addresses', () => {
    const low = fc.bigInt(0n, 2n ** 128n - 1n).map((value) => formatAddress({ family: 'ipv6', value }));
    fc.assert(
      fc.property(low, (address) => {
        const id = derivedRouterId(address);
        const first = Number(id.split('.')[0]);
        assert.ok(isIPv4(id) && first >= 1 && first <= 126, `${address}: ${id}`);
      }),
    );
    const ids = Array.from({ length: 200 }, (_, i) => derivedRouterId(`2001:db8::${i.toString(16)}`));
    assert.equal(new Set(ids).size, 200);
  });
});

suite('the peers of a replica', () => {
  const elsewhere = aPeer('r2', '10.0.0.253', {
    nodeSelector: { matchLabels: { rack: 'b' }, matchExpressions: [] },
  });
  const here = { ...elsewhere, name: 'r3', nodeSelector: { matchLabels: { rack: 'a' }, matchExpressions: [] } };
  const names = ({ node }: Place): string[] => peersOf(node, [R1, elsewhere, here]).map(({ name }) => name);

  test('are those without a nodeSelector and those whose nodeSelector matches its node', () => {
    assert.deepEqual(names(HERE), ['r1', 'r3']);
  });
  test('need the node to be known where they select by it', () =>
    assert.deepEqual(names({ ...HERE, node: undefined }), ['r1']));
  test('are not those that are deleted or shut down', () => {
    assert.deepEqual(
      peersOf(HERE.node, [
        { ...R1, deleting: true },
        { ...R1, adminDown: true },
      ]),
      [],
    );
  });
});

suite('the configuration of a session', () => {
  test('takes from the BgpConf what the peer leaves open', () => {
    assert.deepEqual(peerConfig(R1, someSettings(), HERE), {
      key: 'r1',
      address: '10.0.0.254',
      port: 179,
      peerAs: 64_513,
      localAs: 64_512,
      routerId: '10.0.0.1',
      holdTimeSeconds: 90,
      connectRetrySeconds: 5,
      families: [
        { family: 'ipv4-unicast', addPathSendMax: 8 },
        { family: 'ipv6-unicast', addPathSendMax: 8 },
      ],
      gracefulRestart: { restartTimeSeconds: 120 },
    });
  });

  test('takes from the peer what it says', () => {
    const peer = aPeer('r1', '10.0.0.254', {
      localAs: 65_000,
      keepaliveSeconds: 10,
      localAddress: '10.0.0.9',
      gracefulRestart: { enabled: true, restartTimeSeconds: 7 },
    });
    const config = peerConfig(peer, someSettings({ routerId: '1.1.1.1' }), HERE);
    assert.equal(config.localAs, 65_000);
    assert.equal(config.keepaliveSeconds, 10);
    assert.equal(config.localAddress, '10.0.0.9');
    assert.equal(config.routerId, '1.1.1.1');
    assert.deepEqual(config.gracefulRestart, { restartTimeSeconds: 7 });
  });

  test('has BFD if the peer has', () => {
    const bfd = { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false, minTtl: 1 };
    const config = (overrides: Partial<Peer>): PeerConfig =>
      peerConfig(aPeer('r1', '10.0.0.254', overrides), someSettings(), HERE);
    assert.deepEqual(config({ bfd }).bfd, bfd);
    assert.ok(!('bfd' in config({})));
  });

  test('has what the connection needs', () => {
    const tcp = (overrides: Partial<Peer>, settings = someSettings()): Partial<PeerConfig> => {
      const { ttl, ttlSecurityHops, password, passive, gracefulShutdown } = peerConfig(
        aPeer('r1', '10.0.0.254', overrides),
        settings,
        HERE,
        's3cret',
      );
      return JSON.parse(JSON.stringify({ ttl, ttlSecurityHops, password, passive, gracefulShutdown }));
    };
    assert.deepEqual(tcp({}), {});
    assert.deepEqual(tcp({ hasPassword: true, multihopTtl: 3 }), { password: 's3cret', ttl: 3 });
    assert.deepEqual(tcp({ ttlSecurityHops: 2, gracefulShutdown: true }), {
      ttlSecurityHops: 2,
      gracefulShutdown: true,
    });
    // Who waits for the router to connect where nobody listens would wait for ever.
    assert.deepEqual(tcp({ passive: true }), {});
    assert.deepEqual(tcp({ passive: true }, someSettings({ listenPort: 1179 })), { passive: true });
  });

  test('has the AS number of the rack that the replica is in, unless the peer says another', () => {
    const node = aNode('n1', ['10.0.0.1'], { labels: { 'openelb.kubesphere.io/rack': 'leaf-2' } });
    const settings = someSettings({ asPerRack: { 'leaf-1': 65_001, 'leaf-2': 65_002 } });
    const localAs = (place: Place, peer = R1): number => peerConfig(peer, settings, place).localAs;
    assert.equal(localAs({ ...HERE, node }), 65_002);
    assert.equal(localAs(HERE), 64_512);
    assert.equal(localAs({ ...HERE, node: { ...node, labels: { 'porter.kubesphere.io/rack': 'leaf-1' } } }), 65_001);
    assert.equal(localAs({ ...HERE, node }, { ...R1, localAs: 65_009 }), 65_009);
  });

  test('has no graceful restart where either says so and the peer does not overrule it', () => {
    const off = { enabled: false, restartTimeSeconds: 120 };
    assert.equal(peerConfig({ ...R1, gracefulRestart: off }, someSettings(), HERE).gracefulRestart, undefined);
    assert.equal(peerConfig(R1, someSettings({ gracefulRestart: off }), HERE).gracefulRestart, undefined);
  });
});

suite('a peer as announcing sees it', () => {
  test('stands on the subnets of the host that it is in', () => {
    assert.deepEqual(peerTarget(R1, HERE).subnets, [range('10.0.0.0/24')]);
    assert.deepEqual(peerTarget(aPeer('r1', 'fd00::fe'), HERE).subnets, [range('fd00::/64')]);
    assert.deepEqual(peerTarget(aPeer('r1', '203.0.113.1'), HERE).subnets, []);
  });
  test('has the cap of each family that it exchanges', () => {
    const target = peerTarget(aPeer('r1', '10.0.0.254', { families: [{ family: 'ipv4', sendMax: 3 }] }), HERE);
    assert.deepEqual([...target.sendMax], [['ipv4', 3]]);
  });
  test('hears of all nodes, or of that of the replica alone, of which no more than the name may be known', () => {
    const self = { ...R1, nextHopSelf: true };
    const told = [peerTarget(R1, HERE), peerTarget(self, HERE), peerTarget(self, { ...HERE, node: undefined })];
    assert.deepEqual(
      told.map(({ onlyNode }) => onlyNode),
      [undefined, 'n1', 'n1'],
    );
  });
  test('is told the same as others by labels, families, numbers of next hops and subnets, whatever their order', () => {
    const two = { families: [{ family: 'ipv4' as const, sendMax: 2 }] };
    const peers = [
      aPeer('r1', '10.0.0.251', { labels: { a: '1', b: '2' } }),
      aPeer('r2', '10.0.0.252', { labels: { b: '2', a: '1' } }),
      aPeer('r3', '10.0.0.253', { labels: { a: '1' } }),
      aPeer('r4', '10.0.0.254', { labels: { a: '1', b: '2' }, ...two }),
      aPeer('r5', '203.0.113.1', { labels: { a: '1', b: '2' } }),
      aPeer('r6', '10.0.0.250', { labels: { a: '1', b: '2' }, ...two, nextHopSelf: true }),
    ];
    const targets = peers.map((peer) => peerTarget(peer, HERE));
    const alike = (rank: (peer: string) => number): string[][] =>
      alikeTargets(targets, ({ name }) => rank(name), []).map((group) => group.map(({ name }) => name));
    assert.deepEqual(
      alike(() => 100),
      [['r1', 'r2'], ['r3'], ['r4'], ['r5'], ['r6']],
    );
    assert.deepEqual(
      alike((peer) => (peer === 'r2' ? 200 : 100)),
      [['r1'], ['r2'], ['r3'], ['r4'], ['r5'], ['r6']],
    );
    const third = aPeer('r7', '10.0.0.249', { labels: { a: '1', b: '2' } });
    const three = [...targets.slice(0, 2), peerTarget(third, HERE)];
    const groups = alikeTargets(three, () => 100, [aNode('n2', ['10.0.0.252'])]);
    assert.deepEqual(
      groups.map((group) => group.map(({ name }) => name)),
      [['r1', 'r7'], ['r2']],
      'one that is a node itself is told of the others only',
    );
  });
});
