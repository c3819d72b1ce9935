import type { SessionReport } from '../engine/messages.ts';
import type { Peer } from '../domain/peer.ts';
import type { NewCondition } from './conditions.ts';
import { configurationCondition, type Closed, type Configuration } from './configuration.ts';
import { SESSION_STATES, type ReplicaPeerStatus } from '../resources/bgp-peer.ts';

type SessionState = (typeof SESSION_STATES)[number];

const MAX_ERROR = 1_024;

function sessionState(state: string): SessionState {
  return SESSION_STATES.find((known) => known === state) ?? 'Idle';
}

function negotiated(session: SessionReport): NonNullable<ReplicaPeerStatus['negotiated']> | undefined {
  if (session.state !== 'Established') return undefined;
  return {
    ...(session.remoteRouterId === undefined ? {} : { routerId: session.remoteRouterId }),
    ...(session.holdTimeSeconds === undefined ? {} : { holdTimeSeconds: session.holdTimeSeconds }),
    families: session.families.map(({ family }) => family),
    addPaths: session.families.filter(({ addPath }) => addPath).map(({ family }) => family),
  };
}

/** One replica's entry in `BgpPeer.status.replicas`: nothing in it changes while the session stays as it is. */
export function replicaPeerStatus(session: SessionReport, replica: string, node: string): ReplicaPeerStatus {
  const agreed = negotiated(session);
  return {
    replica,
    node,
    sessionState: sessionState(session.state),
    since: session.since,
    ...(session.lastError === undefined ? {} : { lastError: session.lastError.slice(0, MAX_ERROR) }),
    ...(agreed === undefined ? {} : { negotiated: agreed }),
  };
}

/** `2/2`: established sessions of all that the replicas report. */
export function establishedColumn(replicas: readonly ReplicaPeerStatus[]): string {
  return `${replicas.filter(({ sessionState: state }) => state === 'Established').length}/${replicas.length}`;
}

/** A session without the password (RFC 2385) would be a wrong one. */
function withoutPassword(problem: string, inForce: boolean): Closed {
  const next = inForce ? 'The last password stays in force until then.' : 'No session is opened without it.';
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

/** `Ready` of a BgpPeer: whether a session with it is there, and if not, why. */
export function peerReady(configuration: Configuration, circumstances: PeerCircumstances): NewCondition {
  const { duplicateOf, replicas, passwordProblem, hasPasswordInForce = false } = circumstances;
  if (passwordProblem !== undefined) {
    return configurationCondition(configuration, withoutPassword(passwordProblem, hasPasswordInForce));
  }
  if (duplicateOf !== undefined) return configurationCondition(configuration, duplicate(duplicateOf));
  return configurationCondition(configuration, notEstablished(replicas));
}
