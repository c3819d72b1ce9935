import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerConfig } from '../model.ts';
import type { Capability } from '../wire/capabilities/capability.ts';
import { describeNotification } from '../wire/notification.ts';
import type { OpenMessage } from '../wire/open.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { toHex } from '../wire/testing/hex.ts';
import { survivingConnection } from './collision.ts';
import { negotiate, ourOpen } from './negotiate.ts';

const config: PeerConfig = {
  key: 'r1',
  address: '192.0.2.1',
  port: 179,
  peerAs: 65001,
  localAs: 65000,
  routerId: '192.0.2.2',
  holdTimeSeconds: 90,
  connectRetrySeconds: 60,
  families: [
    { family: 'ipv4-unicast', addPathSendMax: 8 },
    { family: 'ipv6-unicast', addPathSendMax: 0 },
  ],
};

function open(capabilities: readonly Capability[], overrides: Partial<OpenMessage> = {}): OpenMessage {
  return { type: 'open', as: 65001, holdTimeSeconds: 180, identifier: '192.0.2.1', capabilities, ...overrides };
}
const both: readonly Capability[] = [
  { type: 'multiprotocol', family: 'ipv4-unicast' },
  { type: 'multiprotocol', family: 'ipv6-unicast' },
];

function refusal(
  capabilities: readonly Capability[],
  overrides: Partial<OpenMessage>,
  mine: Partial<PeerConfig>,
): ProtocolError {
  try {
    negotiate({ ...config, ...mine }, open(capabilities, overrides));
  } catch (error) {
    assert.ok(error instanceof ProtocolError);
    return error;
  }
  throw new assert.AssertionError({ message: 'the OPEN was accepted' });
}

test('what we offer', () => {
  assert.deepEqual(ourOpen({ ...config, localAs: 4200000000, gracefulRestart: { restartTimeSeconds: 120 } }, true), {
    type: 'open',
    as: 23456,
    holdTimeSeconds: 90,
    identifier: '192.0.2.2',
    capabilities: [
      ...both,
      { type: 'route-refresh' },
      { type: 'extended-message' },
      { type: 'four-octet-as', as: 4200000000 },
      { type: 'enhanced-route-refresh' },
      { type: 'add-path', families: [{ family: 'ipv4-unicast', mode: 2 }] },
      {
        type: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTimeSeconds: 120,
        families: [
          { family: 'ipv4-unicast', forwardingPreserved: true },
          { family: 'ipv6-unicast', forwardingPreserved: true },
        ],
      },
    ],
  });
  assert.equal(ourOpen({ ...config, localAs: 65535 }, false).as, 65535);
  assert.equal(ourOpen({ ...config, localAs: 65536 }, false).as, 23456);
});

for (const addPathSendMax of [0, 1]) {
  test(`at most ${addPathSendMax} paths: ADD-PATH is neither offered nor agreed on`, () => {
    const mine = { ...config, families: [{ family: 'ipv4-unicast', addPathSendMax }] } as const;
    assert.deepEqual(
      ourOpen(mine, false).capabilities.map(({ type }) => type),
      ['multiprotocol', 'route-refresh', 'extended-message', 'four-octet-as', 'enhanced-route-refresh'],
    );
    const receives: Capability = { type: 'add-path', families: [{ family: 'ipv4-unicast', mode: 1 }] };
    const agreed = negotiate(mine, open([...both, receives]));
    assert.deepEqual(agreed.families, [{ family: 'ipv4-unicast', addPath: false }]);
    assert.equal(agreed.sending.addPath.size, 0);
  });
}

test('longer messages and refreshes with a beginning and an end take both sides, the latter also the plain refresh', () => {
  const agreed = (...types: ('route-refresh' | 'extended-message' | 'enhanced-route-refresh')[]): boolean[] => {
    const { routeRefresh, enhancedRouteRefresh, extendedMessages, sending, receiving } = negotiate(
      config,
      open([...both, ...types.map((type) => ({ type }))]),
    );
    assert.deepEqual([sending.extendedMessages, receiving.extendedMessages], [extendedMessages, true]);
    return [routeRefresh, enhancedRouteRefresh, extendedMessages];
  };
  assert.deepEqual(agreed(), [false, false, false]);
  assert.deepEqual(agreed('extended-message', 'enhanced-route-refresh'), [false, false, true]);
  assert.deepEqual(agreed('route-refresh', 'enhanced-route-refresh'), [true, true, false]);
});

test('IPv4 routes with IPv6 next hops are offered over IPv6 only, and agreed on where the peer takes them (RFC 8950)', () => {
  const over6 = { ...config, address: '2001:db8::1' };
  const entries = [{ family: 'ipv4-unicast', nextHopAfi: 2 }] as const;
  const offered = (mine: PeerConfig): boolean =>
    ourOpen(mine, false).capabilities.some(({ type }) => type === 'extended-next-hop');
  assert.deepEqual([offered(over6), offered(config)], [true, false]);
  const agreed = (mine: PeerConfig, ...more: Capability[]): boolean =>
    negotiate(mine, open([...both, ...more])).extendedNextHop;
  assert.equal(agreed(over6, { type: 'extended-next-hop', entries }), true);
  assert.equal(agreed(over6), false);
  assert.equal(agreed(over6, { type: 'extended-next-hop', entries: [{ ...entries[0], nextHopAfi: 1 }] }), false);
  assert.equal(agreed(config, { type: 'extended-next-hop', entries }), false);
});

for (const [mode, addPath] of [
  [0, false],
  [1, true],
  [2, false],
  [3, true],
  [4, false],
] as const) {
  test(`ADD-PATH mode ${mode} there: path identifiers are ${addPath ? '' : 'not '}sent`, () => {
    const families = [
      { family: 'ipv4-unicast', mode },
      { family: 'ipv6-unicast', mode: 3 },
    ] as const;
    const { families: agreed, sending, receiving } = negotiate(config, open([...both, { type: 'add-path', families }]));
    assert.deepEqual(agreed, [
      { family: 'ipv4-unicast', addPath },
      // We did not offer it for IPv6.
      { family: 'ipv6-unicast', addPath: false },
    ]);
    assert.deepEqual([...sending.addPath], addPath ? ['ipv4-unicast'] : []);
    assert.equal(receiving.addPath.size, 0);
  });
}

test('a peer without capabilities speaks IPv4 unicast with 2-octet AS numbers', () => {
  const agreed = negotiate(config, open([]));
  assert.deepEqual(agreed.families, [{ family: 'ipv4-unicast', addPath: false }]);
  assert.equal(agreed.fourOctetAs, false);
  assert.equal(agreed.routeRefresh, false);
  assert.equal(agreed.gracefulRestart, false);
});

test('graceful restart takes both sides; the last of several capabilities counts', () => {
  const gr = (notification: boolean): Capability => ({
    type: 'graceful-restart',
    restarting: false,
    notification,
    restartTimeSeconds: 1,
    families: [],
  });
  const mine = { ...config, gracefulRestart: { restartTimeSeconds: 120 } };
  assert.equal(negotiate(config, open([gr(true)])).gracefulRestart, false);
  assert.equal(negotiate(mine, open([])).gracefulRestart, false);
  assert.equal(negotiate(mine, open([gr(true), gr(false)])).notificationGracefulRestart, false);
  assert.equal(negotiate(mine, open([gr(false), gr(true)])).notificationGracefulRestart, true);
});

test('keepalives: as configured, but never rarer than a third of the hold time', () => {
  const seconds = (keepaliveSeconds: number, holdTimeSeconds: number): number =>
    negotiate({ ...config, keepaliveSeconds }, open([], { holdTimeSeconds })).keepaliveSeconds;
  assert.equal(seconds(10, 90), 10);
  assert.equal(seconds(60, 90), 30);
  assert.equal(seconds(0, 90), 30);
  assert.equal(seconds(10, 0), 0);
});

const as4 = (as: number): Capability => ({ type: 'four-octet-as', as });
const refused: readonly (readonly [string, Capability[], Partial<OpenMessage>, Partial<PeerConfig>, string])[] = [
  ['another AS', [], { as: 65002 }, {}, 'OPEN Message Error / Bad Peer AS'],
  ['another AS in the capability', [as4(65002)], {}, {}, 'OPEN Message Error / Bad Peer AS'],
  ['AS 0', [as4(0)], { as: 0 }, {}, 'OPEN Message Error / Bad Peer AS'],
  ['a 4-octet AS without AS_TRANS', [as4(65536)], { as: 0 }, { peerAs: 65536 }, 'OPEN Message Error / Bad Peer AS'],
  ['AS_TRANS, without the AS number that it stands for', [], { as: 23456 }, {}, 'OPEN Message Error / Bad Peer AS'],
  ['identifier 0.0.0.0', [], { identifier: '0.0.0.0' }, {}, 'OPEN Message Error / Bad BGP Identifier'],
  [
    'our identifier within one AS',
    [],
    { identifier: '192.0.2.2' },
    { localAs: 65001 },
    'OPEN Message Error / Bad BGP Identifier',
  ],
  ['hold time 1', [], { holdTimeSeconds: 1 }, {}, 'OPEN Message Error / Unacceptable Hold Time'],
  ['hold time 2', [], { holdTimeSeconds: 2 }, {}, 'OPEN Message Error / Unacceptable Hold Time'],
];

for (const [name, capabilities, overrides, mine, expected] of refused) {
  test(`an OPEN with ${name} is refused`, () => {
    assert.equal(describeNotification(refusal(capabilities, overrides, mine).notification), expected);
  });
}

test('no family in common: the refusal lists what we need (RFC 5492 section 5)', () => {
  const theirs: Capability[] = [{ type: 'multiprotocol', family: 'afi-25/safi-65' }];
  const { notification } = refusal(theirs, {}, {});
  assert.equal(describeNotification(notification), 'OPEN Message Error / Unsupported Capability');
  assert.equal(toHex(notification.data), '0104000100010104' + '00020001');
});

test('our identifier in another AS, AS_TRANS before AS 65536, or before one of 2 octets, and AS 23456 itself are fine', () => {
  assert.ok(negotiate(config, open([], { identifier: '192.0.2.2' })));
  assert.ok(negotiate({ ...config, peerAs: 65536 }, open([as4(65536)], { as: 23456 })).fourOctetAs);
  assert.ok(negotiate(config, open([as4(65001)], { as: 23456 })).fourOctetAs);
  assert.ok(negotiate({ ...config, peerAs: 23456 }, open([as4(23456)], { as: 23456 })));
});

test('of two connections the one of the higher identifier stays, of equal ones that of the higher AS', () => {
  const speaker = (identifier: string, as: number): { identifier: string; as: number } => ({ identifier, as });
  assert.equal(survivingConnection(speaker('10.0.0.2', 1), speaker('10.0.0.1', 9)), 'local');
  assert.equal(survivingConnection(speaker('10.0.0.1', 9), speaker('10.0.0.2', 1)), 'remote');
  // Compared as numbers, not as text, and without a sign.
  assert.equal(survivingConnection(speaker('200.0.0.1', 1), speaker('99.0.0.1', 1)), 'local');
  assert.equal(survivingConnection(speaker('10.0.0.1', 2), speaker('10.0.0.1', 1)), 'local');
  assert.equal(survivingConnection(speaker('10.0.0.1', 1), speaker('10.0.0.1', 4294967295)), 'remote');
});

test('what the peer announced is named in words, bounded, and so are the times of a graceful restart', () => {
  const restart: Capability = {
    ...{ type: 'graceful-restart', restarting: true, notification: true, restartTimeSeconds: 60, families: [] },
  };
  const entries = [{ family: 'ipv4-unicast', nextHopAfi: 2 }] as const;
  const families = [
    { family: 'ipv4-unicast', mode: 1 },
    { family: 'afi-1/safi-128', mode: 3 },
    { family: 'ipv6-unicast', mode: 9 },
  ] as const;
  const unknown = (code: number): Capability => ({ type: 'unknown', code, value: new Uint8Array(3) });
  const theirs = [...both, as4(65001), { type: 'route-refresh' }, { type: 'extended-next-hop', entries }] as const;
  const more = [{ type: 'add-path', families }, restart, unknown(73), unknown(222), unknown(222)] as const;
  const mine = { ...config, gracefulRestart: { restartTimeSeconds: 120 } };
  const agreed = negotiate(mine, open([...theirs, ...more]));
  assert.deepEqual(agreed.restartTimes, { oursSeconds: 120, peersSeconds: 60 });
  assert.equal(negotiate(config, open([restart])).restartTimes, undefined);
  assert.deepEqual(agreed.capabilities, [
    ...['multiprotocol ipv4-unicast', 'multiprotocol ipv6-unicast', 'four-octet-as 65001', 'route-refresh'],
    ...['extended-next-hop ipv4-unicast over afi-2', 'add-path ipv4-unicast receive', 'add-path afi-1/safi-128 both'],
    ...['add-path ipv6-unicast 9', 'graceful-restart 60 s with notification', 'fqdn', 'capability 222'],
  ]);
  const many = Array.from({ length: 256 }, (_, code) => unknown(code));
  assert.equal(negotiate(config, open(many)).capabilities.length, 64);
});
