import type { SessionStatus } from '../speakers/bgp/speaker.ts';
import type { SessionFacts } from './facts.ts';
import type { SessionReport } from './messages.ts';
import type { BfdReport } from './session-state.ts';

/** The speaker's status as a message between threads. */
export function sessionReport(status: SessionStatus): SessionReport {
  const { negotiated } = status;
  return {
    peer: status.key,
    state: status.state,
    since: status.since.toISOString(),
    lastError: status.lastError,
    localAddress: status.localAddress,
    remoteRouterId: status.remoteRouterId,
    holdTimeSeconds: negotiated?.holdTimeSeconds,
    ...agreed(negotiated),
    bfd: bfdReport(status),
  };
}

type Agreed = Pick<
  SessionReport,
  | 'families'
  | 'gracefulRestart'
  | 'restart'
  | 'fourOctetAs'
  | 'routeRefresh'
  | 'enhancedRouteRefresh'
  | 'extendedMessages'
  | 'extendedNextHop'
  | 'capabilities'
>;

const NOTHING_AGREED: Agreed = {
  ...{ families: [], gracefulRestart: false, restart: undefined, fourOctetAs: false, routeRefresh: false },
  ...{ enhancedRouteRefresh: false, extendedMessages: false, extendedNextHop: false, capabilities: [] },
};

function agreed(negotiated: SessionStatus['negotiated']): Agreed {
  if (negotiated === undefined) return NOTHING_AGREED;
  const { families, gracefulRestart, fourOctetAs, routeRefresh, enhancedRouteRefresh } = negotiated;
  const { extendedMessages, extendedNextHop, capabilities, restartTimes: times } = negotiated;
  const restart = times && {
    restartTimeSeconds: times.oursSeconds,
    routerRestartTimeSeconds: times.peersSeconds,
    notification: negotiated.notificationGracefulRestart,
  };
  return {
    ...{ families, gracefulRestart, restart, fourOctetAs, routeRefresh, enhancedRouteRefresh },
    ...{ extendedMessages, extendedNextHop, capabilities },
  };
}

function bfdReport({ bfd }: SessionStatus): BfdReport | undefined {
  if (bfd === undefined) return undefined;
  const { counters: _counters, since, ...rest } = bfd;
  return { ...rest, since: since.toISOString() };
}

/** The same with what changes all the time, for who asks. */
export function sessionFacts(status: SessionStatus): SessionFacts {
  const { negotiated, prefixesSent, counters } = status;
  return {
    ...sessionReport(status),
    keepaliveSeconds: negotiated?.keepaliveSeconds,
    prefixesSent,
    counters,
  };
}
