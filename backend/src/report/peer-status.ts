import type { SessionReport } from '../engine/messages.ts';
import type { Peer } from '../domain/peer.ts';
import type { NewCondition } from './conditions.ts';
import type { Notice } from '../resources/parse.ts';
import { configurationCondition, type Closed, type Configuration } from './configuration.ts';
import {
  BFD_STATES,
  SESSION_STATES,
  type ReplicaBfdStatus,
  type ReplicaPeerStatus,
} from '../resources/bgp-peer-status.ts';

type SessionState = (typeof SESSION_STATES)[number];

const MAX_ERROR = 1_024;
const MAX_CAPABILITIES = 64;
const MAX_CAPABILITY = 64;
const MAX_BFD_PROBLEM = 256;

function sessionState(state: string): SessionState {
  return SESSION_STATES.find((known) => known === state) ?? 'Idle';
}

type NegotiatedEntry = NonNullable<ReplicaPeerStatus['negotiated']>;

function negotiated(session: SessionReport): NegotiatedEntry | undefined {
  if (session.state !== 'Established') return undefined;
  const { fourOctetAs, routeRefresh, enhancedRouteRefresh, extendedMessages, extendedNextHop, restart } = session;
  return {
    ...(session.remoteRouterId === undefined ? {} : { routerId: session.remoteRouterId }),
    ...(session.holdTimeSeconds === undefined ? {} : { holdTimeSeconds: session.holdTimeSeconds }),
    families: session.families.map(({ family }) => family),
    addPaths: session.families.filter(({ addPath }) => addPath).map(({ family }) => family),
    ...(restart === undefined ? {} : { gracefulRestart: { ...restart } }),
    ...{ fourOctetAs, routeRefresh, enhancedRouteRefresh, extendedMessages, extendedNextHop },
    capabilities: session.capabilities.slice(0, MAX_CAPABILITIES).map((name) => name.slice(0, MAX_CAPABILITY)),
  };
}

function bfd({ bfd: report }: SessionReport): ReplicaBfdStatus | undefined {
  if (report === undefined) return undefined;
  const { state, since, diagnostic, remoteDiagnostic, transmitIntervalMs, detectionTimeMs, problem } = report;
  return {
    state: BFD_STATES.find((known) => known === state) ?? 'Down',
    since,
    ...(diagnostic === undefined ? {} : { diagnostic }),
    ...(remoteDiagnostic === undefined ? {} : { remoteDiagnostic }),
    transmitIntervalMs: Math.round(transmitIntervalMs),
    ...(detectionTimeMs === undefined ? {} : { detectionTimeMs: Math.round(detectionTimeMs) }),
    ...(problem === undefined ? {} : { problem: problem.slice(0, MAX_BFD_PROBLEM) }),
  };
}

/** One replica's entry in `BgpPeer.status.replicas`: nothing in it changes while the session stays as it is. */
export function replicaPeerStatus(session: SessionReport, replica: string, node: string): ReplicaPeerStatus {
  const agreed = negotiated(session);
  const beside = bfd(session);
  return {
    replica,
    node,
    sessionState: sessionState(session.state),
    since: session.since,
    ...(session.lastError === undefined ? {} : { lastError: session.lastError.slice(0, MAX_ERROR) }),
    ...(agreed === undefined ? {} : { negotiated: agreed }),
    ...(beside === undefined ? {} : { bfd: beside }),
    ...(session.offSubnetNextHop === undefined ? {} : { offSubnetNextHop: session.offSubnetNextHop }),
  };
}

/** `2/2`: established sessions of all that the replicas report. */
export function establishedColumn(replicas: readonly ReplicaPeerStatus[]): string {
  return `${replicas.filter(({ sessionState: state }) => state === 'Established').length}/${replicas.length}`;
}

/** A session without the password (RFC 2385) would be a wrong one. */
function withoutPassword(problem: string, { waits, hasPasswordInForce = false }: PeerCircumstances): Closed {
  const kept = hasPasswordInForce ? 'The last password stays in force until then.' : 'No session is opened without it.';
  const next = waits?.for === 'password' ? 'The last configuration stays in force until then.' : kept;
  return { reason: 'PasswordMissing', message: `${problem} ${next}` };
}

/** What the leader knows of a BgpPeer beside its configuration. */
export interface PeerCircumstances {
  readonly peer: Peer | undefined;
  /** An older BgpPeer with the same neighbour, which has the session. */
  readonly duplicateOf: string | undefined;
  readonly replicas: readonly ReplicaPeerStatus[];
  /** Why its password can't be had, as a sentence, and whether there is one from before. */
  readonly passwordProblem?: string | undefined;
  readonly hasPasswordInForce?: boolean;
  /** What the object as it is waits for while its last configuration, if there is one, stays in force. */
  readonly waits?: { readonly for: 'password' } | { readonly for: 'neighbour'; readonly of: string } | undefined;
}

/** An edit by which it would have taken over another one's session. */
function taken(holder: string): Closed {
  const message = `The BgpPeer ${holder} has the session with this neighborAddress and port and keeps it; the last configuration of this one stays in force until one of them is changed.`;
  return { reason: 'DuplicateNeighbor', message };
}

function duplicate(older: string): Closed {
  const message = `The BgpPeer ${older} is older and has the same neighborAddress and port: it keeps the session. Delete one of them.`;
  return { reason: 'DuplicateNeighbor', message };
}

function notEstablished(replicas: readonly ReplicaPeerStatus[]): Closed | undefined {
  if (replicas.length === 0 || replicas.some(({ sessionState: state }) => state === 'Established')) return undefined;
  const error = replicas.find(({ lastError }) => lastError !== undefined)?.lastError;
  return {
    reason: 'NotEstablished',
    message: `No replica has a session. ${error ?? 'The router has not answered yet.'}`,
  };
}

/** Families whose routes have one next hop because the router takes no more (RFC 7911), though more are wanted. */
function withoutEcmp(peer: Peer | undefined, replicas: readonly ReplicaPeerStatus[]): Notice[] {
  const wanted = new Set(peer?.families.filter(({ sendMax }) => sendMax > 1).map(({ family }) => `${family}-unicast`));
  const refused = replicas.flatMap(({ negotiated: agreed }) => {
    const addPaths = agreed?.addPaths ?? [];
    return (agreed?.families ?? []).filter((family) => wanted.has(family) && !addPaths.includes(family));
  });
  if (refused.length === 0) return [];
  const families = [...new Set(refused)].sort().join(' and ');
  const message = `ECMP off: the router does not receive additional paths (RFC 7911) of ${families}, so each address has one next hop there; where porter-manager runs on every node, spec.nextHopSelf lets such a router have them all`;
  return [{ field: 'spec.afiSafis', message }];
}

/** Where each replica announces its own node, the router has as many next hops as there are nodes with a session. */
function alone(peer: Peer | undefined, replicas: readonly ReplicaPeerStatus[]): Notice[] {
  if (peer?.nextHopSelf !== true) return [];
  const established = replicas.filter(({ sessionState: state }) => state === 'Established');
  const [only, ...more] = new Set(established.map(({ node, replica }) => node ?? replica));
  if (only === undefined || more.length > 0) return [];
  const message = `ECMP off: each replica announces its own node, and only ${only} has one with a session; run porter-manager on every node that is to take traffic (workload: DaemonSet in the chart's values)`;
  return [{ field: 'spec.nextHopSelf', message }];
}

/** A session that is there without its BFD works; but that the router is gone is then noticed by the hold time. */
function withoutBfd(peer: Peer | undefined, replicas: readonly ReplicaPeerStatus[]): Notice[] {
  if (peer?.bfd === undefined) return [];
  const missing = replicas.filter(({ sessionState: state, bfd: beside }) => {
    return state === 'Established' && beside !== undefined && beside.state !== 'Up';
  });
  if (missing.length === 0) return [];
  const reasons = missing.map(({ bfd: beside }) => beside?.problem ?? beside?.diagnostic);
  const why = reasons.find((reason) => reason !== undefined) ?? 'the router does not answer: is BFD configured there?';
  const of = missing.map(({ node, replica }) => node ?? replica).sort();
  return [{ field: 'spec.bfd', message: `BFD is not up from ${of.join(', ')} (${why})` }];
}

/** Routes by them may be ignored, without a word, by a router of another AS (RFC 4271, 5.1.3). */
function offSubnet(replicas: readonly ReplicaPeerStatus[]): Notice[] {
  const hop = replicas.find(({ offSubnetNextHop: one }) => one !== undefined)?.offSubnetNextHop;
  if (hop === undefined) return [];
  const message = `the next hop ${hop} is on no subnet that the replica shares with this router of another AS, which may ignore routes by it; use iBGP, or have the router resolve next hops by its other routes`;
  return [{ field: 'spec.conf.neighborAddress', message }];
}

/** `Ready` of a BgpPeer: whether a session with it is there, and if not, why. */
export function peerReady(configuration: Configuration, circumstances: PeerCircumstances): NewCondition {
  const { duplicateOf, replicas, passwordProblem, waits } = circumstances;
  if (passwordProblem !== undefined) {
    return configurationCondition(configuration, withoutPassword(passwordProblem, circumstances));
  }
  if (waits?.for === 'neighbour') return configurationCondition(configuration, taken(waits.of));
  if (duplicateOf !== undefined) return configurationCondition(configuration, duplicate(duplicateOf));
  const warnings = [
    ...configuration.warnings,
    ...withoutEcmp(circumstances.peer, replicas),
    ...alone(circumstances.peer, replicas),
    ...withoutBfd(circumstances.peer, replicas),
    ...offSubnet(replicas),
  ];
  return configurationCondition({ ...configuration, warnings }, notEstablished(replicas));
}
