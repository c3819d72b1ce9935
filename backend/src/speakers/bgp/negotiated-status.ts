import type { Negotiated } from './fsm/negotiate.ts';
import type { NegotiatedStatus } from './model.ts';

/** What was negotiated, as far as people look at it. */
export function negotiatedStatus(negotiated: Negotiated): NegotiatedStatus {
  const { holdTimeSeconds, keepaliveSeconds, families, gracefulRestart, notificationGracefulRestart } = negotiated;
  const { fourOctetAs, routeRefresh, enhancedRouteRefresh, extendedMessages, extendedNextHop } = negotiated;
  const { restartTimes, capabilities } = negotiated;
  return {
    ...{ holdTimeSeconds, keepaliveSeconds, families },
    ...{ gracefulRestart, notificationGracefulRestart, fourOctetAs, routeRefresh },
    ...{ enhancedRouteRefresh, extendedMessages, extendedNextHop, restartTimes, capabilities },
  };
}
