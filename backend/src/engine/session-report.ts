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
    families: negotiated?.families ?? [],
    gracefulRestart: negotiated?.gracefulRestart ?? false,
    bfd: bfdReport(status),
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
    fourOctetAs: negotiated?.fourOctetAs ?? false,
    routeRefresh: negotiated?.routeRefresh ?? false,
    prefixesSent,
    counters,
  };
}
