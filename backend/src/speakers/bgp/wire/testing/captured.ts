import type { CodecContext } from '../context.ts';
import type { Message } from '../message.ts';
import { hex, marker } from './hex.ts';
import { context } from './message-codec.ts';

/**
 * Messages that real routers sent, taken from the wire with tcpdump: FRR 8.4.4 (AS 65550, 192.0.2.1) and BIRD 2.0.12
 * (AS 65001, 192.0.2.2) as Debian 12 has them, peering with each other over a veth, ADD-PATH for IPv4 both ways.
 */
export interface CapturedMessage {
  readonly name: string;
  readonly rows: string;
  readonly agreed: CodecContext;
  readonly message: Message;
  /** True where our encoder spells the message in the same way. */
  readonly canonical: boolean;
}

const addPath4 = context(true, 'ipv4-unicast');

const bird: readonly CapturedMessage[] = [
  {
    name: 'BIRD: OPEN, all capabilities in one parameter',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0049 01
      04 fde9 00f0 c0000202             # version, AS 65001, hold time 240, identifier 192.0.2.2
      2c 02 2a                          # 44 octets of optional parameters, one, capabilities
      01 04 0001 00 01                  # multiprotocol IPv4 unicast
      01 04 0002 00 01                  # multiprotocol IPv6 unicast
      02 00                             # route refresh
      40 0a 0078 0001 01 00 0002 01 00  # graceful restart, 120 s, two families
      41 04 0000fde9                    # AS 65001
      45 04 0001 01 03                  # ADD-PATH IPv4 unicast, both
      46 00                             # enhanced route refresh
      47 00                             # long-lived graceful restart`,
    message: {
      type: 'open',
      as: 65001,
      holdTimeSeconds: 240,
      identifier: '192.0.2.2',
      capabilities: [
        { type: 'multiprotocol', family: 'ipv4-unicast' },
        { type: 'multiprotocol', family: 'ipv6-unicast' },
        { type: 'route-refresh' },
        {
          type: 'graceful-restart',
          restarting: false,
          notification: false,
          restartTimeSeconds: 120,
          families: [
            { family: 'ipv4-unicast', forwardingPreserved: false },
            { family: 'ipv6-unicast', forwardingPreserved: false },
          ],
        },
        { type: 'four-octet-as', as: 65001 },
        { type: 'add-path', families: [{ family: 'ipv4-unicast', mode: 3 }] },
        { type: 'enhanced-route-refresh' },
        { type: 'unknown', code: 71, value: new Uint8Array() },
      ],
    },
  },
  {
    name: 'BIRD: two IPv4 routes with path identifiers, MED, communities and large communities',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 005a 02
      0000 0031                         # nothing withdrawn, 49 octets of attributes
      40 01 01 00                       # ORIGIN IGP
      40 02 06 02 01 0000fde9           # AS_PATH: sequence of 65001
      40 03 04 c0000202                 # NEXT_HOP 192.0.2.2
      80 04 04 00000032                 # MED 50
      c0 08 04 fde9 0007                # community 65001:7
      c0 20 0c 0000fde9 00000008 00000009  # large community 65001:8:9
      00000002 20 cb007109              # path 2, 203.0.113.9/32
      00000002 1a cb007140              # path 2, 203.0.113.64/26`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [
        { type: 'origin', origin: 'igp' },
        { type: 'as-path', segments: [{ kind: 'sequence', ases: [65001] }] },
        { type: 'next-hop', address: '192.0.2.2' },
        { type: 'med', value: 50 },
        { type: 'communities', values: ['65001:7'] },
        { type: 'large-communities', values: ['65001:8:9'] },
      ],
      nlri: [
        { pathId: 2, prefix: '203.0.113.9/32' },
        { pathId: 2, prefix: '203.0.113.64/26' },
      ],
    },
  },
  {
    name: 'BIRD: two IPv6 routes in MP_REACH_NLRI',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0055 02
      0000 003e
      90 0e 002d 0002 01                # MP_REACH_NLRI, IPv6 unicast
      10 20010db8000000000000000000000002 00  # next hop 2001:db8::2, reserved octet
      30 20010db80088                   # 2001:db8:88::/48
      80 20010db8009900000000000000000005  # 2001:db8:99::5/128
      40 01 01 00
      40 02 06 02 01 0000fde9`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [
        {
          type: 'mp-reach',
          family: 'ipv6-unicast',
          nextHops: ['2001:db8::2'],
          nlri: [{ prefix: '2001:db8:88::/48' }, { prefix: '2001:db8:99::5/128' }],
        },
        { type: 'origin', origin: 'igp' },
        { type: 'as-path', segments: [{ kind: 'sequence', ases: [65001] }] },
      ],
      nlri: [],
    },
  },
  {
    name: 'BIRD: two IPv4 paths withdrawn',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0029 02
      0012 00000002 20 cb007109 00000002 1a cb007140
      0000`,
    message: {
      type: 'update',
      withdrawn: [
        { pathId: 2, prefix: '203.0.113.9/32' },
        { pathId: 2, prefix: '203.0.113.64/26' },
      ],
      attributes: [],
      nlri: [],
    },
  },
  {
    name: 'BIRD: two IPv6 routes withdrawn',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0036 02
      0000 001f
      90 0f 001b 0002 01 30 20010db80088 80 20010db8009900000000000000000005`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [
        {
          type: 'mp-unreach',
          family: 'ipv6-unicast',
          nlri: [{ prefix: '2001:db8:88::/48' }, { prefix: '2001:db8:99::5/128' }],
        },
      ],
      nlri: [],
    },
  },
  {
    name: 'BIRD: End-of-RIB of IPv4',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0017 02 0000 0000`,
    message: { type: 'update', withdrawn: [], attributes: [], nlri: [] },
  },
  {
    name: 'BIRD: ROUTE-REFRESH for IPv4',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0017 05 0001 00 01`,
    message: { type: 'route-refresh', family: 'ipv4-unicast', subtype: 0, filters: new Uint8Array() },
  },
  {
    name: 'BIRD: begin of refresh for IPv6 (RFC 7313)',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0017 05 0002 01 01`,
    message: { type: 'route-refresh', family: 'ipv6-unicast', subtype: 1, filters: new Uint8Array() },
  },
  {
    name: 'BIRD: KEEPALIVE',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0013 04`,
    message: { type: 'keepalive' },
  },
];

const frr: readonly CapturedMessage[] = [
  {
    name: 'FRR: OPEN, a parameter per capability, AS_TRANS',
    agreed: addPath4,
    canonical: false,
    rows: `${marker} 0081 01
      04 5ba0 00b4 c0000201             # version, AS_TRANS, hold time 180, identifier 192.0.2.1
      64                                # 100 octets of optional parameters
      02 06 01 04 0001 00 01            # multiprotocol IPv4 unicast
      02 06 01 04 0002 00 01            # multiprotocol IPv6 unicast
      02 02 80 00                       # route refresh, code of before RFC 2918
      02 02 02 00                       # route refresh
      02 02 46 00                       # enhanced route refresh
      02 06 41 04 0001000e              # AS 65550
      02 02 06 00                       # extended message
      02 0a 45 08 0001 01 03 0002 01 03 # ADD-PATH both, both families
      02 0e 49 0c 0a 6672722d676f6c64656e 00     # FQDN: host frr-golden, no domain
      02 0c 40 0a c078 0001 01 00 0002 01 00     # graceful restart: R and N bits, 120 s, two families
      02 10 47 0e 0001 01 80 000000 0002 01 80 000000  # long-lived graceful restart`,
    message: {
      type: 'open',
      as: 23456,
      holdTimeSeconds: 180,
      identifier: '192.0.2.1',
      capabilities: [
        { type: 'multiprotocol', family: 'ipv4-unicast' },
        { type: 'multiprotocol', family: 'ipv6-unicast' },
        { type: 'unknown', code: 128, value: new Uint8Array() },
        { type: 'route-refresh' },
        { type: 'enhanced-route-refresh' },
        { type: 'four-octet-as', as: 65550 },
        { type: 'extended-message' },
        {
          type: 'add-path',
          families: [
            { family: 'ipv4-unicast', mode: 3 },
            { family: 'ipv6-unicast', mode: 3 },
          ],
        },
        { type: 'unknown', code: 73, value: hex('0a 6672722d676f6c64656e 00') },
        {
          type: 'graceful-restart',
          restarting: true,
          notification: true,
          restartTimeSeconds: 120,
          families: [
            { family: 'ipv4-unicast', forwardingPreserved: false },
            { family: 'ipv6-unicast', forwardingPreserved: false },
          ],
        },
        { type: 'unknown', code: 71, value: hex('0001 01 80 000000 0002 01 80 000000') },
      ],
    },
  },
  {
    name: 'FRR: a route learned from BIRD, AS_PATH with the long length',
    agreed: addPath4,
    canonical: false,
    rows: `${marker} 0058 02
      0000 002f
      40 01 01 00
      50 02 000a 02 02 0001000e 0000fde9   # AS_PATH: sequence of 65550, 65001
      40 03 04 c0000201
      c0 08 04 fde9 0007
      c0 20 0c 0000fde9 00000008 00000009
      00000002 20 cb007109 00000003 1a cb007140`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [
        { type: 'origin', origin: 'igp' },
        { type: 'as-path', segments: [{ kind: 'sequence', ases: [65550, 65001] }] },
        { type: 'next-hop', address: '192.0.2.1' },
        { type: 'communities', values: ['65001:7'] },
        { type: 'large-communities', values: ['65001:8:9'] },
      ],
      nlri: [
        { pathId: 2, prefix: '203.0.113.9/32' },
        { pathId: 3, prefix: '203.0.113.64/26' },
      ],
    },
  },
  {
    name: 'FRR: an IPv6 route with global and link-local next hop',
    agreed: addPath4,
    canonical: false,
    rows: `${marker} 0066 02
      0000 004f
      90 0e 0036 0002 01
      20 20010db8000000000000000000000001 fe80000000000000a82c50fffebb4fed 00
      80 20010db8007700000000000000000001
      40 01 01 00
      50 02 0006 02 01 0001000e
      80 04 04 00000000`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [
        {
          type: 'mp-reach',
          family: 'ipv6-unicast',
          nextHops: ['2001:db8::1', 'fe80::a82c:50ff:febb:4fed'],
          nlri: [{ prefix: '2001:db8:77::1/128' }],
        },
        { type: 'origin', origin: 'igp' },
        { type: 'as-path', segments: [{ kind: 'sequence', ases: [65550] }] },
        { type: 'med', value: 0 },
      ],
      nlri: [],
    },
  },
  {
    name: 'FRR: End-of-RIB of IPv6',
    agreed: addPath4,
    canonical: false,
    rows: `${marker} 001d 02 0000 0006 80 0f 03 0002 01`,
    message: {
      type: 'update',
      withdrawn: [],
      attributes: [{ type: 'mp-unreach', family: 'ipv6-unicast', nlri: [] }],
      nlri: [],
    },
  },
  {
    name: 'FRR: NOTIFICATION, Cease, Administrative Shutdown with a text (RFC 9003)',
    agreed: addPath4,
    canonical: true,
    rows: `${marker} 0031 03
      06 02
      1b 57617274756e67206269732030363a303020c39c62657267616265  # "Wartung bis 06:00 Übergabe"`,
    message: {
      type: 'notification',
      code: 6,
      subcode: 2,
      data: hex('1b 57617274756e67206269732030363a303020c39c62657267616265'),
    },
  },
];

export const captured: readonly CapturedMessage[] = [...bird, ...frr];
