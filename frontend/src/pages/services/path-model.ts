import type { Check, Explanation, ServicePath } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import type { TextKey } from '../../texts/texts.ts';

/** What one replica tells one router of an address. */
export interface Telling {
  readonly peer: string;
  /** Null: no replica has or tries a session with it. */
  readonly replica: string | null;
  readonly level: Level;
  /** State of the session, by its name in the standard. */
  readonly state: string | null;
  readonly med: number | null;
  readonly nextHops: readonly string[];
  /** Why the router spreads no traffic, or hears nothing, though there is a session. */
  readonly remark: TextKey | undefined;
}

type Peer = ServicePath['peers'][number];

/** A row per router and replica, as both belong together for who reads it. */
export function tellings({ peers }: Pick<ServicePath, 'peers'>): Telling[] {
  return (peers ?? []).flatMap((peer) => {
    const replicas = new Set([...peer.confirmed, ...peer.intended].map(({ replica }) => replica));
    if (replicas.size === 0) return [{ ...NOBODY, peer: peer.peer }];
    return [...replicas].sort().map((replica) => telling(peer, replica));
  });
}

const NOBODY = { replica: null, level: 'bad', state: null, med: null, nextHops: [], remark: undefined } as const;

function telling(peer: Peer, replica: string): Telling {
  const route = peer.intended.find((each) => each.replica === replica);
  const session = peer.confirmed.find((each) => each.replica === replica);
  const stands = session?.state === 'Established';
  const remark = stands ? remarkOn(session, route, peer) : undefined;
  return {
    ...{ peer: peer.peer, replica, nextHops: route?.nextHops ?? [], remark },
    level: levelOf(stands, remark),
    state: session?.state ?? null,
    med: route?.med ?? null,
  };
}

type Route = Peer['intended'][number] | undefined;

function remarkOn(session: Peer['confirmed'][number], route: Route, peer: Peer): TextKey | undefined {
  if (!session.negotiated) return 'PEER_FAMILY_NOT_AGREED';
  if (route === undefined) return isSilentByRight(peer) ? undefined : 'PEER_TOLD_NOTHING';
  return route.nextHops.length > 1 && !session.addPath ? 'PEER_ONE_PATH' : undefined;
}

/** The node of this replica takes no traffic of the address; that of another one does. */
function isSilentByRight({ nextHopSelf, intended }: Peer): boolean {
  return nextHopSelf && intended.length > 0;
}

function levelOf(stands: boolean, remark: TextKey | undefined): Level {
  if (!stands) return 'bad';
  return remark === undefined ? 'good' : 'warning';
}

export const CHECKS: Readonly<Record<Check['check'], TextKey>> = {
  served: 'CHECK_SERVED',
  address: 'CHECK_ADDRESS',
  pool: 'CHECK_POOL',
  endpoints: 'CHECK_ENDPOINTS',
  nodes: 'CHECK_NODES',
  announced: 'CHECK_ANNOUNCED',
  peers: 'CHECK_PEERS',
  replicas: 'CHECK_REPLICAS',
};

/** How one check came out: a colour, and a word for who can't tell colours apart. */
export const RESULTS: Readonly<Record<Check['result'], { readonly level: Level; readonly word: TextKey }>> = {
  passed: { level: 'good', word: 'RESULT_PASSED' },
  warning: { level: 'warning', word: 'RESULT_WARNING' },
  failed: { level: 'bad', word: 'RESULT_FAILED' },
  skipped: { level: 'off', word: 'RESULT_SKIPPED' },
  unknown: { level: 'unknown', word: 'RESULT_UNKNOWN' },
};

/** A result of an API that is newer than these pages is one that they know nothing of. */
export function resultOf(result: string): (typeof RESULTS)[Check['result']] {
  return Object.hasOwn(RESULTS, result) ? RESULTS[result as Check['result']] : RESULTS.unknown;
}

export const VERDICTS: Readonly<Record<Explanation['result'], Level>> = {
  reachable: 'good',
  warning: 'warning',
  unreachable: 'bad',
  unknown: 'unknown',
};
