import type { BgpPeer } from '../../cluster/custom-kinds.ts';
import type { Peer } from '../../domain/peer.ts';
import type { SessionFacts } from '../../engine/facts.ts';
import type { Word } from '../replicas/gather.ts';
import type { PeerAnswer, PeerSummary, Session } from '../schemas/peer.ts';
import type { Texts } from '../texts.ts';
import { conditionFor, EVERYBODY } from './audience.ts';
import { conditionOf, conditionsOf, timeOf } from './conditions.ts';
import { notificationMeaning } from './notification.ts';
import type { ClusterPicture } from './picture.ts';
import { replicasAnswer } from './replicas.ts';

export function peerNames(picture: ClusterPicture): string[] {
  return [...picture.view.peers.entries()].map(([name]) => name).sort();
}

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

type Sessions = Pick<PeerSummary, 'established' | 'sessions' | 'states'>;

/** A replica of a later version may have other words. */
function stateOf(state: string): Session['state'] {
  return STATES.find((known) => known === state) ?? 'Idle';
}

/** Of one that is silent the object alone tells that it has a session, or tries to have one. */
function sessionsOf({ metadata: { name = '' } = {}, status }: BgpPeer, words: readonly Word[]): Sessions {
  const states = words.flatMap((word): PeerSummary['states'] => {
    const { name: replica, node = null } = word.replica;
    if (!('facts' in word)) {
      const known = status?.replicas?.some((entry) => entry.replica === replica) === true;
      return known ? [{ replica, node, state: 'Unknown' }] : [];
    }
    const session = word.facts.sessions.find(({ peer }) => peer === name);
    return session === undefined ? [] : [{ replica, node, state: stateOf(session.state) }];
  });
  const established = states.filter(({ state }) => state === 'Established').length;
  return { established, sessions: states.length, states };
}

/** Of an object that could never be read. */
const UNREAD = { address: null, port: null, peerAs: null, adminDown: false, gracefulShutdown: false } as const;
const UNREAD_DETAILS = {
  ...{ holdTimeSeconds: null, families: [], nextHopSelf: false, hasPassword: false },
  ...{ multihopTtl: null, bfd: null },
};

type Configured = Pick<PeerSummary, keyof typeof UNREAD>;

function configured(peer: Peer | undefined): Configured {
  if (peer === undefined) return UNREAD;
  const { address, port, peerAs, adminDown, gracefulShutdown } = peer;
  return { address, port, peerAs, adminDown, gracefulShutdown };
}

function bfdWanted({ bfd }: Peer): PeerAnswer['bfd'] {
  if (bfd === undefined) return null;
  const { transmitIntervalMs, receiveIntervalMs, detectMultiplier, multihop } = bfd;
  return { transmitIntervalMs, receiveIntervalMs, detectMultiplier, multihop };
}

function details(peer: Peer | undefined): Pick<PeerAnswer, keyof typeof UNREAD_DETAILS> {
  if (peer === undefined) return UNREAD_DETAILS;
  const { holdTimeSeconds, nextHopSelf, hasPassword, multihopTtl = null } = peer;
  const families = peer.families.map(({ family, sendMax }) => ({ family, sendMax }));
  return { holdTimeSeconds, families, nextHopSelf, hasPassword, multihopTtl, bfd: bfdWanted(peer) };
}

/** What is known of a peer, and what replicas say of it. */
export interface PeerView {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
  readonly texts: Texts;
}

/** Undefined: there is no such BgpPeer. */
export function peerSummary(name: string, { picture: { view }, words, texts }: PeerView): PeerSummary | undefined {
  const object = view.peerObject(name);
  if (object === undefined) return undefined;
  const ready = conditionOf(object.status?.conditions, 'Ready');
  return {
    name,
    createdAt: object.metadata?.creationTimestamp ?? timeOf(0),
    ...configured(view.peers.get(name)?.value),
    deleting: object.metadata?.deletionTimestamp !== undefined,
    // It names no Services.
    ready: ready === null ? null : conditionFor(ready, { texts, audience: EVERYBODY }),
    ...sessionsOf(object, words),
  };
}

function negotiated(session: SessionFacts): Session['negotiated'] {
  if (session.state !== 'Established') return null;
  const { remoteRouterId, holdTimeSeconds, keepaliveSeconds, families } = session;
  const { fourOctetAs, routeRefresh, enhancedRouteRefresh, extendedMessages, extendedNextHop } = session;
  return {
    routerId: remoteRouterId ?? null,
    holdTimeSeconds: holdTimeSeconds ?? null,
    keepaliveSeconds: keepaliveSeconds ?? null,
    families: families.map(({ family, addPath }) => ({ family, addPath })),
    gracefulRestart: session.gracefulRestart,
    restart: session.restart === undefined ? null : { ...session.restart },
    ...{ fourOctetAs, routeRefresh, enhancedRouteRefresh, extendedMessages, extendedNextHop },
    capabilities: [...session.capabilities],
  };
}

const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

function bfdAnswer({ bfd }: SessionFacts, texts: Texts): Session['bfd'] {
  if (bfd === undefined) return null;
  return {
    state: BFD_STATES.find((known) => known === bfd.state) ?? 'Down',
    since: bfd.since,
    diagnostic: bfd.diagnostic ?? null,
    remoteDiagnostic: bfd.remoteDiagnostic ?? null,
    transmitIntervalMs: bfd.transmitIntervalMs,
    detectionTimeMs: bfd.detectionTimeMs ?? null,
    problem: bfd.problem === undefined ? null : texts.networkWords(bfd.problem),
  };
}

function sessionAnswer(session: SessionFacts, { name, node }: Word['replica'], texts: Texts): Session {
  return {
    replica: name,
    node: node ?? null,
    state: stateOf(session.state),
    since: session.since,
    lastError: session.lastError ?? null,
    lastErrorText: session.lastError === undefined ? null : texts.networkWords(session.lastError),
    notification: notificationMeaning(session.lastError, texts) ?? null,
    localAddress: session.localAddress ?? null,
    negotiated: negotiated(session),
    prefixesSent: session.prefixesSent,
    counters: { ...session.counters },
    bfd: bfdAnswer(session, texts),
  };
}

/** The sessions with a peer, as the replicas that answered have them. */
export function sessionsWith(peer: string, words: readonly Word[], texts: Texts): Session[] {
  return words.flatMap((word) => {
    const session = 'facts' in word ? word.facts.sessions.find((each) => each.peer === peer) : undefined;
    return session === undefined ? [] : [sessionAnswer(session, word.replica, texts)];
  });
}

export function peerAnswer(name: string, view: PeerView): PeerAnswer | undefined {
  const { picture, words, texts } = view;
  const summary = peerSummary(name, view);
  if (summary === undefined) return undefined;
  return {
    ...summary,
    conditions: conditionsOf(picture.view.peerObject(name)?.status?.conditions).map((condition) =>
      conditionFor(condition, { texts, audience: EVERYBODY }),
    ),
    ...details(picture.view.peers.get(name)?.value),
    live: sessionsWith(name, words, texts),
    replicas: replicasAnswer(words, texts),
  };
}
