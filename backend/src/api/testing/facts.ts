import type * as kinds from '../../cluster/kinds.ts';
import type { ReplicaReport } from '../replicas/facts.ts';

export function aNode(name: string, ip: string): kinds.Node {
  return {
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address: ip }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const COUNTERS = {
  ...{ messagesReceived: 1, messagesSent: 2, updatesReceived: 3, updatesSent: 4, prefixesReceived: 5 },
  ...{ malformedUpdates: 0, refreshesReceived: 0, established: 1, lost: 0 },
};

export function aSession(peer: string, state = 'Established', addPath = true): ReplicaReport['sessions'][number] {
  return {
    ...{ peer, state, since: '2026-01-01T00:00:00Z', lastError: undefined, localAddress: '203.0.113.11' },
    ...{ remoteRouterId: '203.0.113.1', holdTimeSeconds: 90, keepaliveSeconds: 30, gracefulRestart: true },
    ...{ families: [{ family: 'ipv4-unicast', addPath }], fourOctetAs: true, routeRefresh: true },
    ...{
      restart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true },
      extendedNextHop: false,
    },
    ...{ enhancedRouteRefresh: true, extendedMessages: true, capabilities: ['add-path ipv4-unicast receive'] },
    ...{ prefixesSent: 2, counters: COUNTERS, bfd: undefined },
  };
}

export function announced(
  ip: string,
  service: string,
  nextHops: readonly string[],
): ReplicaReport['addresses'][number] {
  return {
    ...{
      ip,
      services: [service],
      younger: [],
      idle: [],
      finding: { reason: 'Announced', params: { ip } },
      draining: [],
    },
    ...{ nodes: ['n1', 'n2'], leftOut: [], routes: [{ peer: 'r1', med: 100, nextHops }] },
  };
}
