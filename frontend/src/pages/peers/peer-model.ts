import type { PeerSummary, Session } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import { detailOf, told } from '../../parts/told.ts';
import { inReadersWords, type Sentence } from '../../texts/sentences.ts';
import { text, type TextKey } from '../../texts/texts.ts';

/** How a router is, in one word, with what its condition says where that is news. */
export interface PeerState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

/** An API of an earlier version does not say whether it is being shut down gracefully. */
type KnownPeer = Omit<PeerSummary, 'gracefulShutdown'> & Partial<Pick<PeerSummary, 'gracefulShutdown'>>;

type Check = (peer: KnownPeer) => PeerState | undefined;

const isDeleted: Check = ({ deleting }) =>
  deleting ? { level: 'off', title: 'PEER_DELETING', detail: undefined } : undefined;

const isShut: Check = ({ adminDown }) =>
  adminDown ? { level: 'off', title: 'PEER_SHUT', detail: undefined } : undefined;

/** Replicas have said nothing of it yet. */
const isNew: Check = ({ sessions, ready }) =>
  sessions === 0 && ready?.status !== 'False'
    ? { level: 'unknown', title: 'STATE_UNKNOWN', detail: detailOf(ready) }
    : undefined;

const isDown: Check = ({ established, ready }) =>
  established === 0 ? { level: 'bad', title: 'PEER_DOWN', detail: detailOf(ready) } : undefined;

/** It still takes traffic, as long as it has no other way; undefined where the API is older. */
const isDraining: Check = ({ gracefulShutdown, established, sessions, ready }) =>
  gracefulShutdown === true
    ? { level: 'warning', title: 'PEER_DRAINING', detail: established < sessions ? detailOf(ready) : undefined }
    : undefined;

/** Replicas that do not answer may have one. */
const isPartlyUnknown: Check = ({ established, sessions, states = [] }: Partial<KnownPeer>) => {
  const others = states.filter(({ state }) => state !== 'Established');
  const areSilent = others.length > 0 && others.every(({ state }) => state === 'Unknown');
  if (!areSilent || established === sessions) return undefined;
  return { level: 'warning', title: 'PEER_PARTLY_UNKNOWN', detail: undefined };
};

const isPartlyDown: Check = ({ established, sessions, ready }) =>
  established < sessions ? { level: 'warning', title: 'PEER_PARTLY_DOWN', detail: detailOf(ready) } : undefined;

const hasRemark: Check = ({ ready }) =>
  ready?.status === 'False' ? { level: 'warning', title: 'PEER_ESTABLISHED', detail: told(ready) } : undefined;

const CHECKS: readonly Check[] = [
  isDeleted,
  isShut,
  isNew,
  isDown,
  isDraining,
  isPartlyUnknown,
  isPartlyDown,
  hasRemark,
];

/** The first check that has something to say does. */
export function peerState(peer: KnownPeer): PeerState {
  for (const check of CHECKS) {
    const state = check(peer);
    if (state !== undefined) return state;
  }
  return { level: 'good', title: 'PEER_ESTABLISHED', detail: undefined };
}

export function sessionLevel(state: string): Level {
  if (state === 'Unknown') return 'unknown';
  return state === 'Established' ? 'good' : 'bad';
}

const BFD_LEVELS: Readonly<Record<string, Level>> = { Up: 'good', Init: 'warning', Down: 'bad', AdminDown: 'off' };

export function bfdLevel(state: string): Level {
  return BFD_LEVELS[state] ?? 'unknown';
}

/** RFC 5880 section 4.1: those that speakers without echo and forwarding planes have. */
const DIAGNOSTICS: readonly Sentence[] = [
  [/^Control Detection Time Expired$/, 'BFD_EXPIRED'],
  [/^Neighbor Signaled Session Down$/, 'BFD_SIGNALED_DOWN'],
  [/^Administratively Down$/, 'BFD_ADMIN_DOWN'],
];

/** Why BFD is down, in the reader's language; what is hardly ever said stays as the standard has it. */
export function diagnosticText(said: string): string {
  return inReadersWords(said, DIAGNOSTICS);
}

export function endpointText({ address, port }: Pick<PeerSummary, 'address' | 'port'>): string | null {
  if (address === null || port === null || port === 179) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

type Negotiated = NonNullable<Session['negotiated']>;

/** For how long the router keeps our routes, where the replica tells it: one of an earlier version does not. */
function restartText(restart: Negotiated['restart'] | undefined): string {
  return restart === null || restart === undefined
    ? text('CAPABILITY_RESTART')
    : text('CAPABILITY_RESTART_FOR', { count: restart.restartTimeSeconds });
}

const CAPABILITIES = {
  fourOctetAs: 'CAPABILITY_FOUR_OCTET_AS',
  routeRefresh: 'CAPABILITY_ROUTE_REFRESH',
  enhancedRouteRefresh: 'CAPABILITY_ENHANCED_REFRESH',
  extendedMessages: 'CAPABILITY_EXTENDED_MESSAGES',
  extendedNextHop: 'CAPABILITY_EXTENDED_NEXT_HOP',
} as const satisfies Partial<Record<keyof Negotiated, TextKey>>;

/** What both ends can do, as the standards call it. */
export function capabilities(negotiated: Negotiated): string[] {
  const others = Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[];
  return [
    ...negotiated.families.map(({ family, addPath }) => (addPath ? `${family} + ADD-PATH` : family)),
    ...(negotiated.gracefulRestart ? [restartText(negotiated.restart)] : []),
    ...others.filter((name) => negotiated[name]).map((name) => text(CAPABILITIES[name])),
  ];
}
