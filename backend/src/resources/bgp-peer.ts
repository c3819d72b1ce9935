import { z } from 'zod';
import * as patterns from './patterns.ts';
import {
  asNumber,
  atomicList,
  gracefulRestart,
  integer,
  ipAddress,
  labelSelector,
  matching,
  ruled,
  uint32,
} from './schema.ts';

/** A number of seconds in a string, as OpenELB's schema has timers (protobuf's JSON form of uint64). */
function seconds(minimum: number): z.ZodString {
  return ruled(z.string().max(5), {
    cel: `self.matches('^[0-9]{1,5}$') && (int(self) == 0 || (int(self) >= ${minimum} && int(self) <= 65535))`,
    message: `must be a string of digits: 0 for the default, or a number of seconds from ${minimum} to 65535`,
    holds: (value) =>
      /^[0-9]{1,5}$/.test(value) && (Number(value) === 0 || (Number(value) >= minimum && Number(value) <= 65535)),
  });
}

/** Kernel limit of a TCP-MD5 key (TCP_MD5SIG_MAXKEYLEN), in bytes. */
export const MAX_PASSWORD = 80;

const conf = z.object({
  peerAs: asNumber().meta({ description: 'AS number of the router.' }),
  neighborAddress: matching(
    `${patterns.IPV4}|${patterns.IPV6}(%[0-9A-Za-z._-]{1,15})?`,
    55,
    'must be an IPv4 or IPv6 address; a link-local one may carry its interface (fe80::1%eth0)',
  ).meta({ description: 'IP address of the router; a link-local one with its interface, as in fe80::1%eth0.' }),
  localAs: uint32()
    .optional()
    .meta({ description: 'Our AS number towards this router. Empty or 0: that of the BgpConf.' }),
  authPassword: z.string().max(MAX_PASSWORD).optional().meta({
    description: 'TCP-MD5 password (RFC 2385), readable by all who may read this object; better use passwordSecretRef.',
  }),
  adminDown: z.boolean().optional().meta({ description: 'Keep the session closed.' }),
  description: z.string().optional().meta({ description: 'Free text.' }),
  peerGroup: z.string().optional().meta({ description: 'Ignored: there are no peer groups.' }),
  peerType: integer().optional().meta({ description: 'Ignored: follows from the AS numbers.' }),
  removePrivateAs: z.string().optional().meta({ description: 'Ignored: our paths have no AS but our own.' }),
  replacePeerAs: z.boolean().optional().meta({ description: 'Ignored: our paths have no AS but our own.' }),
  routeFlapDamping: z.boolean().optional().meta({ description: 'Ignored: we use no received routes.' }),
  sendCommunity: integer().optional().meta({ description: 'Ignored: communities of a pool are always sent.' }),
  neighborInterface: z.string().optional().meta({ description: 'Ignored: neighborAddress says where the router is.' }),
  vrf: z.string().optional().meta({ description: 'Ignored: there are no VRFs.' }),
  allowOwnAs: uint32().optional().meta({ description: 'Ignored: we use no received routes.' }),
});

const timers = z.object({
  config: z
    .object({
      holdTime: seconds(3)
        .optional()
        .meta({ description: 'Hold time in seconds, as a string of digits. Empty or "0": 90.' }),
      keepaliveInterval: seconds(1).optional().meta({
        description:
          'Seconds between KEEPALIVEs, as a string of digits. Empty or "0": a third of the negotiated hold time.',
      }),
      connectRetry: seconds(1)
        .optional()
        .meta({ description: 'Seconds between attempts to connect, as a string of digits. Empty or "0": 5.' }),
      minimumAdvertisementInterval: z.string().optional().meta({ description: 'Ignored: routes are sent at once.' }),
    })
    .optional()
    .meta({ description: 'The timers.' }),
});

const transport = z.object({
  remotePort: integer(0, 65535).optional().meta({ description: 'TCP port of the router. Empty or 0: 179.' }),
  localAddress: ipAddress()
    .optional()
    .meta({ description: 'Our address of the session. Empty: as the routing table says.' }),
  passiveMode: z
    .boolean()
    .optional()
    .meta({ description: 'Leave it to the router to connect. Ignored unless the BgpConf has a listenPort.' }),
  remoteAddress: z.string().optional().meta({ description: 'Ignored: conf.neighborAddress says where the router is.' }),
  mtuDiscovery: z.boolean().optional().meta({ description: 'Ignored: left to the system.' }),
  tcpMss: uint32().optional().meta({ description: 'Ignored: left to the system. Bytes.' }),
});

/** Names of the families that GoBGP's interface has; only those of unicast are served. */
const AFIS = ['AFI_IP', 'AFI_IP6', 'AFI_UNKNOWN', 'AFI_L2VPN', 'AFI_LS', 'AFI_OPAQUE'] as const;
const SAFIS = [
  ...[
    'SAFI_UNICAST',
    'SAFI_UNKNOWN',
    'SAFI_MULTICAST',
    'SAFI_MPLS_LABEL',
    'SAFI_ENCAPSULATION',
    'SAFI_VPLS',
    'SAFI_EVPN',
  ],
  ...['SAFI_LS', 'SAFI_SR_POLICY', 'SAFI_MPLS_VPN', 'SAFI_MPLS_VPN_MULTICAST', 'SAFI_ROUTE_TARGET_CONSTRAINTS'],
  ...['SAFI_FLOW_SPEC_UNICAST', 'SAFI_FLOW_SPEC_VPN', 'SAFI_KEY_VALUE'],
] as const;

const afiSafi = z.object({
  config: z
    .object({
      enabled: z.boolean().optional().meta({ description: 'false: leave the family out. Empty: true.' }),
      family: z
        .object({
          afi: z.enum(AFIS).optional().meta({ description: 'AFI_IP or AFI_IP6; the others are ignored.' }),
          safi: z
            .enum(SAFIS)
            .optional()
            .meta({ description: 'SAFI_UNICAST; the others are ignored. Empty: SAFI_UNICAST.' }),
        })
        .optional()
        .meta({ description: 'Which family.' }),
    })
    .optional()
    .meta({ description: 'The family.' }),
  addPaths: z
    .object({
      config: z
        .object({
          sendMax: uint32().optional().meta({
            description:
              'The most next hops that are announced per address (RFC 7911). Empty, 0 or 1: one, without ADD-PATH.',
          }),
          receive: z.boolean().optional().meta({ description: 'Ignored: we use no received routes.' }),
        })
        .optional()
        .meta({ description: 'ADD-PATH of this family.' }),
    })
    .optional()
    .meta({ description: 'ADD-PATH (RFC 7911): several next hops for one address.' }),
  mpGracefulRestart: z
    .object({
      config: z
        .object({
          enabled: z
            .boolean()
            .optional()
            .meta({ description: 'Ignored: spec.gracefulRestart holds for all families.' }),
        })
        .optional()
        .meta({ description: 'Graceful restart of this family.' }),
    })
    .optional()
    .meta({ description: 'Ignored: spec.gracefulRestart holds for all families.' }),
});

/** Beyond it a thread that also decides and announces can't be relied on to be in time. */
const MIN_BFD_INTERVAL_MS = 50;
const MAX_BFD_INTERVAL_MS = 60_000;

const bfd = z.object({
  enabled: z.boolean().optional().meta({ description: 'Speak BFD with the router, which must be configured for it.' }),
  transmitIntervalMs: integer(MIN_BFD_INTERVAL_MS, MAX_BFD_INTERVAL_MS).optional().meta({
    description: 'The least time between our packets, in milliseconds; the router may ask for more. Empty: 300.',
  }),
  receiveIntervalMs: integer(MIN_BFD_INTERVAL_MS, MAX_BFD_INTERVAL_MS).optional().meta({
    description: "The least time between the router's packets, in milliseconds. Empty: 300.",
  }),
  detectMultiplier: integer(1, 255).optional().meta({
    description: 'After how many missing packets of ours the router shall give us up. Empty: 3.',
  }),
  multihop: z.boolean().optional().meta({
    description:
      'The router is more than one hop away (RFC 5883, UDP port 4784). Empty: as ebgpMultihop, or ttlSecurity with several hops, says.',
  }),
  minimumTtl: integer(1, 254).optional().meta({
    description:
      "Over several hops, the least TTL with which the router's packets may come: 255 less the routers between. Empty: as ttlSecurity says, else any.",
  }),
});

export const bgpPeerSpec = ruled(
  z.object({
    conf: conf.meta({ description: 'The router.' }),
    timers: timers.optional().meta({ description: 'Timers of the session.' }),
    transport: transport.optional().meta({ description: 'The TCP connection.' }),
    ebgpMultihop: z
      .object({
        enabled: z.boolean().optional().meta({ description: 'The router is more than one hop away.' }),
        multihopTtl: integer(0, 255).optional().meta({ description: 'TTL of our packets. Empty or 0: 255.' }),
      })
      .optional()
      .meta({ description: 'Sessions over more than one hop.' }),
    ttlSecurity: z
      .object({
        enabled: z.boolean().optional().meta({
          description:
            'Send with TTL 255, and drop what arrives with less than 256 - hops. The router must do the same.',
        }),
        hops: integer(0, 254)
          .optional()
          .meta({ description: 'How many hops away the router is at most. Empty or 0: 1.' }),
      })
      .optional()
      .meta({ description: 'Generalized TTL Security Mechanism (RFC 5082), in the place of ebgpMultihop.' }),
    bfd: bfd.optional().meta({
      description:
        'BFD (RFC 5880) with the router: each side notices within about a second that the other, or the way to it, is gone.',
    }),
    gracefulShutdown: z.boolean().optional().meta({
      description:
        'Mark all routes for this router with GRACEFUL_SHUTDOWN (RFC 8326), so that it looks for other ways before it is taken down.',
    }),
    nextHopSelf: z.boolean().optional().meta({
      description:
        'Each replica announces its own node as the only next hop, if that may take the traffic, with a MED that is equal to that of the others: ECMP for a router that takes one path of an address per session, when porter-manager runs on all nodes (workload: DaemonSet). ADD-PATH is not used. Empty: false.',
    }),
    gracefulRestart: gracefulRestart
      .optional()
      .meta({ description: 'Graceful restart (RFC 4724) towards this router. Empty: as in the BgpConf.' }),
    afiSafis: atomicList(afiSafi.meta({ description: 'One family.' }), 16)
      .optional()
      .meta({
        description: 'Families to announce. Empty: IPv4 and IPv6 unicast, each with up to 10 next hops per address.',
      }),
    nodeSelector: labelSelector
      .optional()
      .meta({ description: 'Nodes whose replica opens a session to this router, by their labels. Empty: all.' }),
    passwordSecretRef: z
      .object({
        name: z
          .string()
          .min(1)
          .max(253)
          .meta({ description: 'Name of the Secret, in the namespace of porter-manager.' }),
        key: z.string().min(1).max(253).default('password').meta({ description: 'Key in the Secret.' }),
      })
      .optional()
      .meta({
        description:
          'Secret with the TCP-MD5 password (RFC 2385): up to 80 octets of UTF-8; a line break at its end is left out. A change of it is taken over in the session.',
      }),
  }),
  {
    cel: "!has(self.passwordSecretRef) || !has(self.conf.authPassword) || self.conf.authPassword == ''",
    message: 'passwordSecretRef and conf.authPassword must not both be given',
    holds: (spec) => spec.passwordSecretRef === undefined || (spec.conf.authPassword ?? '') === '',
    fieldPath: '.passwordSecretRef',
  },
  {
    cel: '!has(self.nextHopSelf) || !self.nextHopSelf || !has(self.afiSafis) || self.afiSafis.all(entry, !has(entry.addPaths) || !has(entry.addPaths.config) || !has(entry.addPaths.config.sendMax) || entry.addPaths.config.sendMax <= 1)',
    message:
      'each replica has one next hop to tell with nextHopSelf: set addPaths.config.sendMax of afiSafis to 1 or leave it out, or leave out nextHopSelf',
    holds: ({ nextHopSelf = false, afiSafis = [] }) =>
      !nextHopSelf || afiSafis.every(({ addPaths }) => (addPaths?.config?.sendMax ?? 1) <= 1),
    fieldPath: '.nextHopSelf',
  },
).meta({ description: 'A router to announce to.' });

export type BgpPeerSpec = z.output<typeof bgpPeerSpec>;
