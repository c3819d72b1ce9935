import { z } from 'zod';
import { condition } from './condition.ts';
import { listQuery, pageOf } from './list.ts';
import { replica } from './replica.ts';
import { ip, time } from './text.ts';

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
const state = z.enum(STATES).meta({ description: 'RFC 4271, section 8.2.2.' });
const stateIfKnown = z.enum([...STATES, 'Unknown']).meta({
  description: 'RFC 4271, section 8.2.2. Unknown: the replica did not answer.',
});

const family = z.enum(['ipv4', 'ipv6']);

const summary = {
  name: z.string(),
  createdAt: time,
  address: ip.nullable().meta({ description: 'Null: the object could never be read.' }),
  port: z.int().nullable(),
  peerAs: z.int().nullable(),
  adminDown: z.boolean(),
  gracefulShutdown: z.boolean().meta({
    description: 'Whether all routes for it are marked, so that it prefers other ways (RFC 8326).',
  }),
  deleting: z.boolean(),
  ready: condition.nullable(),
  established: z.int().min(0).meta({ description: 'Replicas that answered and have a session.' }),
  sessions: z
    .int()
    .min(0)
    .meta({ description: 'Replicas that have or try to have one, those that did not answer among them.' }),
  states: z
    .array(z.strictObject({ replica: z.string(), node: z.string().nullable(), state: stateIfKnown }))
    .meta({ description: 'The session of each of these replicas, as it says now.' }),
};

export const peerSummary = z.strictObject(summary).meta({ description: 'A router (a BgpPeer).' });
export type PeerSummary = z.output<typeof peerSummary>;

const counters = z.strictObject({
  messagesReceived: z.int(),
  messagesSent: z.int(),
  updatesReceived: z.int(),
  updatesSent: z.int(),
  prefixesReceived: z.int().meta({ description: 'Counted and not used.' }),
  malformedUpdates: z.int().meta({ description: 'UPDATEs with an error that RFC 7606 tolerates.' }),
  refreshesReceived: z.int(),
  established: z.int().meta({ description: 'How often the session has come up.' }),
  lost: z.int().meta({ description: 'How often it has gone down again.' }),
});

const negotiated = z.strictObject({
  routerId: z.string().nullable(),
  holdTimeSeconds: z.int().nullable(),
  keepaliveSeconds: z.int().nullable(),
  families: z.array(
    z.strictObject({
      family: z.string(),
      addPath: z
        .boolean()
        .meta({ description: 'Whether it takes several paths for a route (RFC 7911): else no ECMP.' }),
    }),
  ),
  gracefulRestart: z.boolean(),
  restart: z
    .strictObject({
      restartTimeSeconds: z.int().meta({ description: 'How long the router keeps our routes without the replica.' }),
      routerRestartTimeSeconds: z.int().meta({ description: 'What the router asks for itself.' }),
      notification: z.boolean().meta({ description: 'It keeps them after a NOTIFICATION as well (RFC 8538).' }),
    })
    .nullable()
    .meta({ description: 'Graceful restart (RFC 4724). Null: there is none, or the replica does not tell.' }),
  fourOctetAs: z.boolean().meta({ description: 'RFC 6793.' }),
  routeRefresh: z.boolean().meta({ description: 'The router may ask for all routes again (RFC 2918).' }),
  enhancedRouteRefresh: z.boolean().meta({ description: 'It is told where these begin and end (RFC 7313).' }),
  extendedMessages: z.boolean().meta({ description: 'Messages of up to 65535 octets (RFC 8654).' }),
  extendedNextHop: z.boolean().meta({ description: 'IPv4 routes with IPv6 next hops (RFC 8950).' }),
  capabilities: z.array(z.string()).meta({
    description: 'All that the router announced in its OPEN (RFC 5492), used or not, by name or number; the first 64.',
  }),
});

const bfd = z
  .strictObject({
    state: z.enum(['AdminDown', 'Down', 'Init', 'Up']).meta({ description: 'RFC 5880, section 6.2.' }),
    since: time,
    diagnostic: z.string().nullable().meta({ description: 'Why it is not up any more, by this replica.' }),
    remoteDiagnostic: z.string().nullable().meta({ description: 'The same by the router.' }),
    transmitIntervalMs: z.number().meta({ description: 'Between packets of the replica, as both sides agreed.' }),
    detectionTimeMs: z.number().nullable().meta({
      description: 'After how long a silence the router is given up. Null: it is silent.',
    }),
    problem: z.string().nullable().meta({
      description:
        'Why there can be no session, in the language of the request as far as it is known; what a kernel says is in it as that says it.',
    }),
  })
  .meta({ description: 'The BFD session of one replica with the router.' });

export const session = z
  .strictObject({
    replica: z.string(),
    node: z.string().nullable(),
    state,
    since: time,
    lastError: z.string().nullable().meta({
      description: 'What ended the last attempt or session, and who said it; a NOTIFICATION with its meaning.',
    }),
    lastErrorText: z
      .string()
      .nullable()
      .meta({ description: 'The same in the language of the request, as far as it is known.' }),
    notification: z
      .strictObject({
        sentBy: z.enum(['router', 'porterlb']),
        code: z.int(),
        subcode: z.int().meta({ description: '0: not specified.' }),
        meaning: z.string().meta({ description: 'What it means and what to do, in the language of the request.' }),
      })
      .nullable()
      .meta({ description: 'The NOTIFICATION that `lastError` tells of (RFC 4271, section 4.5), if it was one.' }),
    localAddress: z.string().nullable(),
    negotiated: negotiated.nullable().meta({ description: 'Null: the session is not established.' }),
    prefixesSent: z.int(),
    counters,
    bfd: bfd.nullable().meta({ description: 'Null: there is none.' }),
  })
  .meta({ description: 'The session of one replica with the router.' });

export const peer = z
  .strictObject({
    ...summary,
    conditions: z.array(z.strictObject({ type: z.string(), ...condition.shape })),
    holdTimeSeconds: z.int().nullable(),
    families: z.array(
      z.strictObject({ family, sendMax: z.int().meta({ description: 'The most next hops per address.' }) }),
    ),
    nextHopSelf: z.boolean().meta({ description: 'Each replica tells it of its own node alone (spec.nextHopSelf).' }),
    hasPassword: z.boolean(),
    multihopTtl: z.int().nullable(),
    bfd: z
      .strictObject({
        transmitIntervalMs: z.int(),
        receiveIntervalMs: z.int(),
        detectMultiplier: z.int(),
        multihop: z.boolean(),
      })
      .nullable()
      .meta({ description: 'BFD as it is configured. Null: there is none.' }),
    live: z
      .array(session)
      .meta({ description: 'What each replica says now. One without a session with it says nothing.' }),
    replicas: z.array(replica),
  })
  .meta({ description: 'A router (a BgpPeer), with what each replica says of its session.' });
export type PeerAnswer = z.output<typeof peer>;
export type Session = z.output<typeof session>;

export const peerPage = z
  .strictObject({ ...pageOf(peerSummary).shape, replicas: z.array(replica) })
  .meta({ description: 'A page of the peers.' });
export const peersQuery = listQuery(['name', 'createTime', 'established']);
