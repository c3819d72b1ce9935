import type { PeerSummary, Session } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import { detailOf, told } from '../../parts/told.ts';
import type { TextKey } from '../../texts/texts.ts';

/** How a router is, in one word, with what its condition says where that is news. */
export interface PeerState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

type Check = (peer: PeerSummary) => PeerState | undefined;

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

const isPartlyDown: Check = ({ established, sessions, ready }) =>
  established < sessions ? { level: 'warning', title: 'PEER_PARTLY_DOWN', detail: detailOf(ready) } : undefined;

const hasRemark: Check = ({ ready }) =>
  ready?.status === 'False' ? { level: 'warning', title: 'PEER_ESTABLISHED', detail: told(ready) } : undefined;

const CHECKS: readonly Check[] = [isDeleted, isShut, isNew, isDown, isPartlyDown, hasRemark];

/** The first check that has something to say does. */
export function peerState(peer: PeerSummary): PeerState {
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

export function endpointText({ address, port }: Pick<PeerSummary, 'address' | 'port'>): string | null {
  if (address === null || port === null || port === 179) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** For how long the router keeps our routes, where the replica tells it: one of an earlier version does not. */
function restartText(restart: NonNullable<Session['negotiated']>['restart'] | undefined): string {
  return restart === null || restart === undefined
    ? 'graceful restart'
    : `graceful restart (${restart.restartTimeSeconds} s)`;
}

/** What both ends can do, by the names that routers show as well. */
export function capabilities(negotiated: NonNullable<Session['negotiated']>): string[] {
  return [
    ...negotiated.families.map(({ family, addPath }) => (addPath ? `${family} + ADD-PATH` : family)),
    ...(negotiated.gracefulRestart ? [restartText(negotiated.restart)] : []),
    ...(negotiated.fourOctetAs ? ['4-octet AS'] : []),
    ...(negotiated.routeRefresh ? ['route refresh'] : []),
    ...(negotiated.enhancedRouteRefresh ? ['enhanced route refresh'] : []),
    ...(negotiated.extendedMessages ? ['extended messages'] : []),
    ...(negotiated.extendedNextHop ? ['extended next hop'] : []),
  ];
}
