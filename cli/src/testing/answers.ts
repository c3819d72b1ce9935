import type {
  Check,
  Condition,
  Explanation,
  ListedService,
  Overview,
  Peer,
  PeerSummary,
  PoolSummary,
  Replica,
  Service,
  ServicePath,
  Session,
} from '../generated/api.ts';
import { plain, type View } from '../render/view.ts';

/** Answers as the API gives them, two hours after everything was made. */
export const NOW = new Date('2026-01-01T12:00:00Z');
const MADE = '2026-01-01T09:00:00Z';

export const view: View = { width: 100, now: NOW, paint: plain };

export const good: Condition = { status: 'True', reason: 'InUse', message: 'In use.', text: 'In use.', since: MADE };

export function replica(name: string, more: Partial<Replica> = {}): Replica {
  return { name, node: 'n1', answered: true, version: '0.1.0', ...more };
}

export function pool(name: string, more: Partial<PoolSummary> = {}): PoolSummary {
  return {
    ...{ name, createdAt: MADE, protocol: 'bgp', ranges: ['192.0.2.0-192.0.2.255'], isDefault: false },
    ...{ disabled: false, deleting: false, priority: 0, ready: good },
    use: { size: '254', used: 11, released: 0, conflicts: 0 },
    ...more,
  };
}

export function peerSummary(name: string, more: Partial<PeerSummary> = {}): PeerSummary {
  return {
    ...{
      name,
      createdAt: MADE,
      address: '10.0.0.1',
      port: 179,
      peerAs: 65000,
      adminDown: false,
      gracefulShutdown: false,
      deleting: false,
    },
    ...{ ready: good, established: 2, sessions: 2, states: [] },
    ...more,
  };
}

export function session(replicaName: string, more: Partial<Session> = {}): Session {
  return {
    ...{ replica: replicaName, node: 'n1', state: 'Established', since: MADE, lastError: null, lastErrorText: null },
    ...{ notification: null, bfd: null },
    ...{ localAddress: '10.0.0.11', prefixesSent: 11 },
    negotiated: {
      ...{ routerId: '10.0.0.1', holdTimeSeconds: 90, keepaliveSeconds: 30 },
      families: [{ family: 'ipv4-unicast', addPath: true }],
      ...{ gracefulRestart: true, fourOctetAs: true, routeRefresh: true },
      ...{ enhancedRouteRefresh: true, extendedMessages: true, extendedNextHop: false },
      ...{ restart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true } },
      capabilities: ['multiprotocol ipv4-unicast', 'add-path ipv4-unicast receive'],
    },
    counters: {
      ...{ messagesReceived: 1, messagesSent: 1, updatesReceived: 0, updatesSent: 1, prefixesReceived: 0 },
      ...{ malformedUpdates: 0, refreshesReceived: 0, established: 1, lost: 0 },
    },
    ...more,
  };
}

export function peer(name: string, more: Partial<Peer> = {}): Peer {
  return {
    ...peerSummary(name),
    ...{ conditions: [], holdTimeSeconds: 90, families: [{ family: 'ipv4', sendMax: 10 }], hasPassword: false },
    ...{
      nextHopSelf: false,
      multihopTtl: null,
      bfd: null,
      live: [session('porter-manager-a')],
      replicas: [replica('porter-manager-a')],
    },
    ...more,
  };
}

export function overview(more: Partial<Overview> = {}): Overview {
  return {
    health: 'good',
    counts: {
      services: { served: 12, withAddress: 11, announced: 11 },
      pools: { all: 1, ready: 1, used: 11 },
      peers: { all: 1, established: 1 },
      nodes: { all: 3, alive: 3, dead: 0, unknown: 0, divided: 0 },
      replicas: { all: 2, answered: 2 },
    },
    problems: [],
    picture: { nodes: [], edges: [] },
    replicas: [replica('porter-manager-a'), replica('porter-manager-b')],
    ...more,
  };
}

export function check(name: Check['check'], more: Partial<Check> = {}): Check {
  return { check: name, result: 'passed', ip: null, reason: null, text: 'Fine.', details: [], ...more };
}

export function explanation(more: Partial<Explanation> = {}): Explanation {
  return {
    ...{ namespace: 'shop', name: 'web', result: 'reachable', sentence: 'The Service can be reached at 192.0.2.1.' },
    ...{ nextStep: 'Nothing needs to be done.', checks: [check('served')], replicas: [] },
    ...more,
  };
}

export function servicePath(more: Partial<ServicePath> = {}): ServicePath {
  return {
    ...{ ip: '192.0.2.1', pool: 'public', protocol: 'bgp', leftOut: [], owner: null, mac: null },
    announced: true,
    verdict: { reason: 'Announced', text: 'The address 192.0.2.1 is announced.' },
    nodes: [{ node: 'n1', addresses: ['10.0.0.11'], draining: false }],
    peers: [
      {
        peer: 'r1',
        nextHopSelf: false,
        intended: [{ replica: 'porter-manager-a', med: 100, nextHops: ['10.0.0.11'] }],
        confirmed: [{ replica: 'porter-manager-a', state: 'Established', negotiated: true, addPath: true }],
      },
    ],
    ...more,
  };
}

export function listedService(name: string, takers: ListedService['takers']): ListedService {
  const { paths: _paths, replicas: _replicas, ...listed } = service({ name });
  return { ...listed, takers };
}

export function service(more: Partial<Service> = {}): Service {
  return {
    ...{ namespace: 'shop', name: 'web', createdAt: MADE, served: true, notServedBecause: null, ips: ['192.0.2.1'] },
    ...{ pools: ['public'], externalTrafficPolicy: 'Cluster', ports: ['TCP/80'], allocated: good, announced: good },
    ...{ paths: [servicePath()], replicas: [] },
    ...more,
  };
}
