import { z } from 'zod';
import { atomicList, conditions, integer, keyedList } from './schema.ts';

const text = (description: string) => z.string().optional().meta({ description });
const number = (description: string) => integer().optional().meta({ description });

function messageCounters(description: string) {
  const names = [
    'notification',
    'update',
    'open',
    'keepalive',
    'refresh',
    'discarded',
    'total',
    'withdrawUpdate',
    'withdrawPrefix',
  ];
  const counters = names.map((name) => [name, text(`Number of ${name} messages, as a string of digits.`)] as const);
  return z.object(Object.fromEntries(counters)).optional().meta({ description });
}

/** The shape of OpenELB 0.6, whose values must stay readable: types only, no limits. Counters are never written by us. */
const nodePeerStatus = z.object({
  peerState: z
    .object({
      neighborAddress: text('IP address of the router.'),
      peerAs: number('AS number of the router.'),
      localAs: number('Our AS number.'),
      peerType: number('0: the same AS, 1: another AS.'),
      routerId: text('BGP identifier of the router.'),
      sessionState: text('IDLE, CONNECT, ACTIVE, OPENSENT, OPENCONFIRM or ESTABLISHED.'),
      adminState: text('State wanted by the administrator.'),
      description: text('Not written.'),
      authPassword: text('Not written.'),
      peerGroup: text('Not written.'),
      flops: number('Not written.'),
      outQ: number('Not written.'),
      removePrivateAs: number('Not written.'),
      routeFlapDamping: z.boolean().optional().meta({ description: 'Not written.' }),
      sendCommunity: number('Not written.'),
      messages: z
        .object({ received: messageCounters('Received messages.'), sent: messageCounters('Sent messages.') })
        .optional()
        .meta({ description: 'Message counters of OpenELB; not written, see the metrics.' }),
      queues: z
        .object({ input: number('Not written.'), output: number('Not written.') })
        .optional()
        .meta({ description: 'Not written.' }),
    })
    .optional()
    .meta({ description: 'State of the session.' }),
  timersState: z
    .object({
      keepaliveInterval: text('Seconds between KEEPALIVEs, as a string of digits.'),
      negotiatedHoldTime: text('Negotiated hold time in seconds, as a string of digits.'),
      holdTime: text('Configured hold time in seconds, as a string of digits.'),
      connectRetry: text('Seconds between attempts to connect, as a string of digits.'),
      minimumAdvertisementInterval: text('Not written.'),
      uptime: text('When the session was established, RFC 3339.'),
      downtime: text('When the session was lost, RFC 3339.'),
    })
    .optional()
    .meta({ description: 'Timers of the session.' }),
});

export const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

const replicaBfdStatus = z.object({
  state: z.enum(BFD_STATES).meta({ description: 'State of the BFD session (RFC 5880, 6.2).' }),
  since: z.iso.datetime().optional().meta({ description: 'When it came into this state, RFC 3339.' }),
  diagnostic: z.string().max(64).optional().meta({ description: 'Why it is not up any more, by this side.' }),
  remoteDiagnostic: z.string().max(64).optional().meta({ description: 'The same by the router.' }),
  transmitIntervalMs: integer().optional().meta({
    description: 'Time between our packets, as agreed, in milliseconds.',
  }),
  detectionTimeMs: integer().optional().meta({
    description: 'After how long a silence the router is given up, in milliseconds; empty while it is silent.',
  }),
  problem: z.string().max(256).optional().meta({ description: 'Why there can be no session.' }),
});

export const SESSION_STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

const replicaPeerStatus = z.object({
  replica: z.string().max(253).meta({ description: 'Name of the Pod of the replica.' }),
  node: z.string().max(253).optional().meta({ description: 'Node of the replica.' }),
  sessionState: z.enum(SESSION_STATES).meta({ description: 'State of the session (RFC 4271, 8.2.2).' }),
  since: z.iso.datetime().optional().meta({ description: 'When the session came into this state, RFC 3339.' }),
  lastError: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'Why the session ended or was refused last, with the NOTIFICATION that said so.' }),
  negotiated: z
    .object({
      routerId: z.string().max(15).optional().meta({ description: 'BGP identifier of the router.' }),
      holdTimeSeconds: integer().optional().meta({ description: 'Hold time, in seconds; 0: none.' }),
      families: atomicList(z.string().max(32).meta({ description: 'ipv4-unicast or ipv6-unicast.' }), 8)
        .optional()
        .meta({ description: 'Families that both sides speak.' }),
      addPaths: atomicList(z.string().max(32).meta({ description: 'ipv4-unicast or ipv6-unicast.' }), 8)
        .optional()
        .meta({ description: 'Families with several next hops per address (ADD-PATH, RFC 7911).' }),
      gracefulRestart: z
        .object({
          restartTimeSeconds: integer().meta({
            description: 'How long the router keeps our routes while the replica is away, in seconds.',
          }),
          routerRestartTimeSeconds: integer().meta({ description: 'What the router asks for itself, in seconds.' }),
          notification: z.boolean().meta({ description: 'It keeps them after a NOTIFICATION as well (RFC 8538).' }),
        })
        .optional()
        .meta({ description: 'Graceful restart (RFC 4724); empty: the router drops our routes with the session.' }),
      fourOctetAs: z.boolean().optional().meta({ description: 'AS numbers of four octets (RFC 6793).' }),
      routeRefresh: z.boolean().optional().meta({ description: 'The router may ask for all routes again (RFC 2918).' }),
      enhancedRouteRefresh: z.boolean().optional().meta({
        description: 'It is told where these begin and end (RFC 7313).',
      }),
      extendedMessages: z.boolean().optional().meta({ description: 'Messages of up to 65535 octets (RFC 8654).' }),
      extendedNextHop: z.boolean().optional().meta({ description: 'IPv4 routes with IPv6 next hops (RFC 8950).' }),
      capabilities: atomicList(z.string().max(64).meta({ description: 'One capability.' }), 64)
        .optional()
        .meta({
          description:
            'All that the router announced in its OPEN (RFC 5492), used or not, by name or number; the first 64.',
        }),
    })
    .optional()
    .meta({ description: 'What the two sides agreed on.' }),
  bfd: replicaBfdStatus.optional().meta({ description: 'The BFD session with the router, if there is one.' }),
  offSubnetNextHop: z.string().max(320).optional().meta({
    description: 'A next hop on no subnet that the router of another AS shares with the replica, and its node.',
  }),
});

export type ReplicaBfdStatus = z.output<typeof replicaBfdStatus>;
export type ReplicaPeerStatus = z.output<typeof replicaPeerStatus>;

export const bgpPeerStatus = z
  .object({
    established: z
      .string()
      .max(32)
      .optional()
      .meta({ description: 'Established sessions of all that should be, as in 2/2.' }),
    replicas: keyedList(replicaPeerStatus.meta({ description: 'Session of one replica.' }), ['replica'])
      .optional()
      .meta({ description: 'Session of each replica; each writes its own entry when the state changes.' }),
    nodesPeerStatus: z
      .record(z.string(), nodePeerStatus.meta({ description: 'Session of the replica on that node.' }))
      .optional()
      .meta({ description: 'Sessions in the form of OpenELB, by name of the node.' }),
    conditions,
  })
  .meta({ description: 'State of the sessions; written by porter-manager.' });

export type BgpPeerStatus = z.output<typeof bgpPeerStatus>;
