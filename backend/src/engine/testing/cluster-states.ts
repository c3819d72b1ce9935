/**
 * Named states of a cluster, each with all that the network should hear of it. Immutable; a state that differs in one thing from
 * another says so by being made from it. The order of next hops follows the golden vectors of announce/rendezvous.test.ts:
 * 192.0.2.1 ranks n1 n3 n2, 192.0.2.2 ranks n2 n1 n3, 2001:db8::1 ranks n3 n1 n2.
 */
import type { HoldingService } from '../../announce/snapshot.ts';
import type { Node } from '../../domain/node.ts';
import type { BgpSettings, Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { ServiceEndpoints } from '../../domain/service.ts';
import type { TrafficPolicy } from '../../domain/traffic-policy.ts';
import {
  aNode,
  aPeer,
  aPool,
  endpointsOn,
  range,
  sharingTerms,
  someEndpoints,
  someSettings,
} from '../../domain/testing/builders.ts';

type Keyed<T> = Readonly<Record<string, T>>;

export interface ClusterState {
  readonly name: string;
  readonly services: Keyed<HoldingService>;
  readonly endpoints: Keyed<ServiceEndpoints>;
  readonly nodes: Keyed<Node>;
  readonly pools: Keyed<Pool>;
  readonly peers: Keyed<Peer>;
  readonly settings: BgpSettings | null;
  /** Per peer: prefix to its next hops in order and its attributes. */
  readonly announced: Keyed<Keyed<string>>;
  /** Per address: the Services that share it, why it is announced or not, through which nodes, and for whom it is not. */
  readonly reports: Keyed<string>;
}

type Change = Partial<Omit<ClusterState, 'name'>> & Pick<ClusterState, 'announced' | 'reports'>;

function state(name: string, from: Omit<ClusterState, 'name'>, change: Change): ClusterState {
  return { ...from, ...change, name };
}

function holding(key: string, ...records: string[]): HoldingService {
  const assignments = records.map((ip) => ({ pool: 'public', ip }));
  const rest = { trafficPolicy: 'Cluster', sharing: sharingTerms(), announcedBefore: true } as const;
  return { key, uid: `uid-${key}`, createdAt: 1_000, ...rest, assignments };
}

const N1 = aNode('n1', ['10.0.0.1', 'fd00::1']);
const N2 = aNode('n2', ['10.0.0.2', 'fd00::2']);
const N3 = aNode('n3', ['10.0.0.3', 'fd00::3']);
const PUBLIC = aPool('public', ['192.0.2.0/24', '2001:db8::/64']);
const R1 = aPeer('r1', '10.0.0.254');
const WEB = holding('shop/web', '192.0.2.1');
const LOCAL_WEB: HoldingService = { ...WEB, trafficPolicy: 'Local' };
const DB = holding('shop/db', '192.0.2.2');

const ALL_OF_1 = '10.0.0.1 10.0.0.3 10.0.0.2 med 100';
const ALL_OF_2 = '10.0.0.2 10.0.0.1 10.0.0.3 med 100';
const ALL_OF_SIX = 'fd00::3 fd00::1 fd00::2 med 100';

export const EMPTY: ClusterState = {
  name: 'empty',
  services: {},
  endpoints: {},
  nodes: {},
  pools: {},
  peers: {},
  settings: null,
  announced: {},
  reports: {},
};

const INFRA = state('nodes, pool and peer, no Service', EMPTY, {
  nodes: { n1: N1, n2: N2, n3: N3 },
  pools: { public: PUBLIC },
  peers: { r1: R1 },
  settings: someSettings(),
  announced: { r1: {} },
  reports: {},
});

const CLUSTER = state('a Service, Cluster', INFRA, {
  services: { 'shop/web': WEB },
  endpoints: { 'shop/web': endpointsOn(['n1']) },
  announced: { r1: { '192.0.2.1/32': ALL_OF_1 } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n3 n2' },
});

const NO_ENDPOINTS = state('its endpoints are gone', CLUSTER, {
  endpoints: {},
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web NoEndpoints' },
});

const OTHER_HOLDER = state('another Service has its address, without endpoints too', NO_ENDPOINTS, {
  services: { 'shop/heir': holding('shop/heir', '192.0.2.1') },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/heir NoEndpoints' },
});

const LOCAL = state('a Service, Local, endpoints on n2', CLUSTER, {
  services: { 'shop/web': LOCAL_WEB },
  endpoints: { 'shop/web': endpointsOn(['n2']) },
  announced: { r1: { '192.0.2.1/32': '10.0.0.2 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n2' },
});

const LOCAL_MOVING = state('its endpoint on n2 terminates, one on n3 is ready', LOCAL, {
  endpoints: { 'shop/web': endpointsOn(['n3'], ['n2']) },
  announced: { r1: { '192.0.2.1/32': '10.0.0.3 10.0.0.2 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n3 n2' },
});

const LOCAL_MOVED = state('its endpoint moved to n3', LOCAL, {
  endpoints: { 'shop/web': endpointsOn(['n3']) },
  announced: { r1: { '192.0.2.1/32': '10.0.0.3 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n3' },
});

const LOCAL_NOWHERE = state('Local, and its endpoint is on a node that is gone', LOCAL, {
  nodes: { n1: N1, n3: N3 },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web NoLocalEndpoints' },
});

const TWO_SERVICES = state('two Services', CLUSTER, {
  services: { 'shop/web': WEB, 'shop/db': DB },
  endpoints: { 'shop/web': endpointsOn(['n1']), 'shop/db': endpointsOn(['n3']) },
  announced: { r1: { '192.0.2.1/32': ALL_OF_1, '192.0.2.2/32': ALL_OF_2 } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n3 n2', '192.0.2.2': 'shop/db Announced n2 n1 n3' },
});

const SWAPPED = state('the two have exchanged their addresses', TWO_SERVICES, {
  services: { 'shop/web': holding('shop/web', '192.0.2.2'), 'shop/db': holding('shop/db', '192.0.2.1') },
  announced: TWO_SERVICES.announced,
  reports: { '192.0.2.1': 'shop/db Announced n1 n3 n2', '192.0.2.2': 'shop/web Announced n2 n1 n3' },
});

const CONFLICT = state('two Services were given one address', TWO_SERVICES, {
  services: { 'shop/web': WEB, 'shop/db': { ...holding('shop/db', '192.0.2.1'), createdAt: 500 } },
  endpoints: { 'shop/web': endpointsOn(['n1']) },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/db NoEndpoints (not shop/web)' },
});

const DUAL = state('a dual-stack Service', CLUSTER, {
  services: { 'shop/web': holding('shop/web', '192.0.2.1', '2001:db8::1') },
  announced: { r1: { '192.0.2.1/32': ALL_OF_1, '2001:db8::1/128': ALL_OF_SIX } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n3 n2', '2001:db8::1': 'shop/web Announced n3 n1 n2' },
});

const LOCAL_DUAL = state('dual-stack and Local, a Pod of each family alone', DUAL, {
  services: { 'shop/web': { ...holding('shop/web', '192.0.2.1', '2001:db8::1'), trafficPolicy: 'Local' } },
  endpoints: { 'shop/web': { ipv4: someEndpoints(['n2']), ipv6: someEndpoints(['n3']) } },
  announced: { r1: { '192.0.2.1/32': '10.0.0.2 med 100', '2001:db8::1/128': 'fd00::3 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n2', '2001:db8::1': 'shop/web Announced n3' },
});

const EXCLUDED = state('n3 is excluded by label', DUAL, {
  nodes: { n1: N1, n2: N2, n3: { ...N3, excluded: true } },
  announced: { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.2 med 100', '2001:db8::1/128': 'fd00::1 fd00::2 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n2', '2001:db8::1': 'shop/web Announced n1 n2' },
});

const NODES_DOWN = state('no node is Ready', CLUSTER, {
  nodes: { n1: { ...N1, ready: false }, n2: { ...N2, ready: false } },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web NoEligibleNode' },
});

const NODE_GONE = state('n1, our own node, is gone', CLUSTER, {
  nodes: { n2: N2, n3: N3 },
  announced: { r1: { '192.0.2.1/32': '10.0.0.3 10.0.0.2 med 100' } },
  reports: { '192.0.2.1': 'shop/web Announced n3 n2' },
});

const MOVED_SUBNET = state('n2 has another address', CLUSTER, {
  nodes: { n1: N1, n2: aNode('n2', ['10.0.0.22']), n3: N3 },
  announced: { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.3 10.0.0.22 med 100' } },
  reports: CLUSTER.reports,
});

const POOL_GONE = state('its pool is gone', CLUSTER, {
  pools: {},
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web NotInRecordedPool' },
});

const POOL_BGP = state('its pool has attributes and selects nodes', TWO_SERVICES, {
  nodes: { n1: { ...N1, labels: { edge: 'yes' } }, n2: { ...N2, labels: { edge: 'yes' } }, n3: N3 },
  pools: {
    public: {
      ...PUBLIC,
      nodeSelector: { matchLabels: { edge: 'yes' }, matchExpressions: [] },
      bgp: { ...PUBLIC.bgp, med: 50, localPref: 300, communities: ['64512:7'], largeCommunities: ['64512:1:2'] },
    },
  },
  announced: {
    r1: {
      '192.0.2.1/32': '10.0.0.1 10.0.0.2 med 150 pref 300 64512:7 64512:1:2',
      '192.0.2.2/32': '10.0.0.2 10.0.0.1 med 150 pref 300 64512:7 64512:1:2',
    },
  },
  reports: { '192.0.2.1': 'shop/web Announced n1 n2', '192.0.2.2': 'shop/db Announced n2 n1' },
});

const TWO_PEERS = state('a second peer, IPv4 only, one next hop', DUAL, {
  peers: { r1: R1, r2: aPeer('r2', '10.0.0.253', { families: [{ family: 'ipv4', sendMax: 1 }] }) },
  announced: { ...DUAL.announced, r2: { '192.0.2.1/32': '10.0.0.1 med 100' } },
  reports: DUAL.reports,
});

const SELECTED_PEER = state('the pool selects one of two peers', TWO_PEERS, {
  peers: { r1: R1, r2: { ...aPeer('r2', '10.0.0.253'), labels: { rack: 'a' } } },
  pools: {
    public: { ...PUBLIC, bgp: { ...PUBLIC.bgp, peerSelector: { matchLabels: { rack: 'a' }, matchExpressions: [] } } },
  },
  announced: { r1: {}, r2: { '192.0.2.1/32': ALL_OF_1, '2001:db8::1/128': ALL_OF_SIX } },
  reports: DUAL.reports,
});

const PEER_ELSEWHERE = state('the only peer is for another node', CLUSTER, {
  peers: { r1: { ...R1, nodeSelector: { matchLabels: { rack: 'b' }, matchExpressions: [] } } },
  announced: {},
  reports: CLUSTER.reports,
});

const PEER_HERE = state('the only peer is for our node', CLUSTER, {
  nodes: { n1: { ...N1, labels: { rack: 'b' } }, n2: N2, n3: N3 },
  peers: PEER_ELSEWHERE.peers,
  announced: CLUSTER.announced,
  reports: CLUSTER.reports,
});

const PEER_LEAVING = state('one of two peers is being deleted', TWO_PEERS, {
  peers: { ...TWO_PEERS.peers, r1: { ...R1, deleting: true } },
  announced: { r2: { '192.0.2.1/32': '10.0.0.1 med 100' } },
  reports: DUAL.reports,
});

const NO_SETTINGS = state('the BgpConf is gone', CLUSTER, { settings: null, announced: {}, reports: CLUSTER.reports });

/** Services that share 192.0.2.1, told apart by their ports. */
function sharer(
  key: string,
  port: string,
  createdAt: number,
  trafficPolicy: TrafficPolicy = 'Cluster',
): HoldingService {
  const sharing = sharingTerms({ key: 'front', ports: [port], trafficPolicy });
  return { ...holding(key, '192.0.2.1'), createdAt, trafficPolicy, sharing };
}

const SHARED = state('two Services share an address, only the younger has endpoints', INFRA, {
  services: { 'shop/http': sharer('shop/http', 'TCP/80', 500), 'shop/tls': sharer('shop/tls', 'TCP/443', 600) },
  endpoints: { 'shop/tls': endpointsOn(['n3']) },
  announced: { r1: { '192.0.2.1/32': ALL_OF_1 } },
  reports: { '192.0.2.1': 'shop/http+shop/tls Announced n1 n3 n2' },
});

const SHARED_LOCAL = state('two Services share an address, Local', INFRA, {
  services: {
    'shop/http': sharer('shop/http', 'TCP/80', 500, 'Local'),
    'shop/tls': sharer('shop/tls', 'TCP/443', 600, 'Local'),
  },
  endpoints: { 'shop/http': endpointsOn(['n3']), 'shop/tls': endpointsOn([], ['n2']) },
  announced: { r1: { '192.0.2.1/32': '10.0.0.3 10.0.0.2 med 100' } },
  reports: { '192.0.2.1': 'shop/http+shop/tls Announced n3 n2' },
});

const SHARING_REFUSED = state(
  'others have the shared address in their status, by a port of their own or with no leave at all',
  SHARED,
  {
    services: { ...SHARED.services, 'shop/tls-2': sharer('shop/tls-2', 'TCP/443', 700), 'shop/web': WEB },
    endpoints: { 'shop/tls-2': endpointsOn(['n3']), 'shop/web': endpointsOn(['n1']) },
    announced: { r1: {} },
    reports: { '192.0.2.1': 'shop/http+shop/tls NoEndpoints (not shop/tls-2 shop/web)' },
  },
);

const SHARING_HEIR = state('the oldest of those who share is gone: a later one finds its port free', SHARING_REFUSED, {
  services: {
    'shop/tls-2': sharer('shop/tls-2', 'TCP/443', 700),
    'shop/web': WEB,
    'shop/dns': sharer('shop/dns', 'UDP/53', 800),
  },
  announced: { r1: { '192.0.2.1/32': ALL_OF_1 } },
  reports: { '192.0.2.1': 'shop/tls-2+shop/dns Announced n1 n3 n2 (not shop/web)' },
});

const ELSEWHERE = aPool('public', ['198.51.100.0/24'], { bgp: { ...PUBLIC.bgp, med: 7 } });

const POOL_SHRUNK = state('its pool has other addresses now, and says that 192.0.2.1 is held', TWO_SERVICES, {
  pools: { public: { ...ELSEWHERE, heldRanges: [range('192.0.2.1')] } },
  announced: { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.3 10.0.0.2 med 107' } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n3 n2', '192.0.2.2': 'shop/db NotInRecordedPool' },
});

const POOL_LET_GO = state('its pool has other addresses, and says that none of the old ones is held', POOL_SHRUNK, {
  pools: { public: ELSEWHERE },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web NotInRecordedPool', '192.0.2.2': 'shop/db NotInRecordedPool' },
});

const POOL_EDITED = state('its pool has other addresses as well, and says which are held', TWO_SERVICES, {
  pools: { public: { ...PUBLIC, heldRanges: PUBLIC.ranges, heldNamespaces: ['shop'] } },
  announced: TWO_SERVICES.announced,
  reports: TWO_SERVICES.reports,
});

const EDGE = aPool('edge', ['192.0.2.0/30'], { createdAt: 500, bgp: { ...PUBLIC.bgp, med: 20 } });

const POOLS_OVERLAP = state('an older pool overlaps the recorded one', TWO_SERVICES, {
  pools: { public: PUBLIC, edge: EDGE },
  announced: TWO_SERVICES.announced,
  reports: TWO_SERVICES.reports,
});

const RECORD_LOST = state('a record was lost, and two pools have the address', POOLS_OVERLAP, {
  services: { 'shop/web': { ...WEB, assignments: [{ pool: '', ip: '192.0.2.1' }] }, 'shop/db': DB },
  announced: { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.3 10.0.0.2 med 120', '192.0.2.2/32': ALL_OF_2 } },
  reports: TWO_SERVICES.reports,
});

const RECORD_LOST_ONE_POOL = state('a record was lost, and one pool has the address', RECORD_LOST, {
  pools: { public: PUBLIC },
  announced: TWO_SERVICES.announced,
  reports: TWO_SERVICES.reports,
});

const RECORD_FORGED = state('records name a pool without the address, and a pool that nobody knows', POOLS_OVERLAP, {
  services: {
    'shop/web': { ...WEB, assignments: [{ pool: 'far', ip: '192.0.2.1' }] },
    'shop/db': { ...DB, assignments: [{ pool: 'nowhere', ip: '203.0.113.2' }] },
  },
  pools: { edge: EDGE, far: aPool('far', ['198.51.100.0/24'], { createdAt: 1 }) },
  announced: { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.3 10.0.0.2 med 120' } },
  reports: { '192.0.2.1': 'shop/web Announced n1 n3 n2', '203.0.113.2': 'shop/db NotInRecordedPool' },
});

const LAYER2 = state('its pool is of a protocol without a speaker', CLUSTER, {
  pools: { public: { ...PUBLIC, protocol: 'layer2' } },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web ProtocolNotSupported' },
});

const ALL_EXCLUDED = state('all nodes are excluded by label', CLUSTER, {
  nodes: { n1: { ...N1, excluded: true }, n2: { ...N2, excluded: true } },
  announced: { r1: {} },
  reports: { '192.0.2.1': 'shop/web AllNodesExcluded' },
});

export const STATES: readonly ClusterState[] = [
  ...[EMPTY, INFRA, CLUSTER, NO_ENDPOINTS, OTHER_HOLDER, LOCAL, LOCAL_MOVING, LOCAL_MOVED, LOCAL_NOWHERE],
  ...[
    TWO_SERVICES,
    SWAPPED,
    CONFLICT,
    DUAL,
    LOCAL_DUAL,
    EXCLUDED,
    NODES_DOWN,
    NODE_GONE,
    MOVED_SUBNET,
    POOL_GONE,
    POOL_BGP,
  ],
  ...[SHARED, SHARED_LOCAL, SHARING_REFUSED, SHARING_HEIR],
  ...[
    POOL_SHRUNK,
    POOL_LET_GO,
    POOL_EDITED,
    POOLS_OVERLAP,
    RECORD_LOST,
    RECORD_LOST_ONE_POOL,
    RECORD_FORGED,
    LAYER2,
    ALL_EXCLUDED,
  ],
  ...[TWO_PEERS, SELECTED_PEER, PEER_ELSEWHERE, PEER_HERE, PEER_LEAVING, NO_SETTINGS],
];

/** Stories that a cluster lives through; every pair of states is tried as well. */
export const SEQUENCES: readonly (readonly ClusterState[])[] = [
  [INFRA, CLUSTER, LOCAL, LOCAL_MOVING, LOCAL_MOVED, LOCAL_NOWHERE, LOCAL, CLUSTER],
  [CLUSTER, TWO_SERVICES, SWAPPED, CONFLICT, TWO_SERVICES],
  [DUAL, LOCAL_DUAL, EXCLUDED, NODES_DOWN, NODE_GONE, MOVED_SUBNET, DUAL],
  [CLUSTER, POOL_GONE, POOL_BGP, SELECTED_PEER, POOL_GONE, CLUSTER],
  [DUAL, TWO_PEERS, SELECTED_PEER, PEER_LEAVING, PEER_ELSEWHERE, PEER_HERE, NO_SETTINGS, TWO_PEERS],
  [SHARED, SHARING_REFUSED, SHARING_HEIR, SHARED_LOCAL, CONFLICT, SHARED],
  [TWO_SERVICES, POOL_EDITED, POOL_SHRUNK, POOL_LET_GO, POOL_SHRUNK, POOL_GONE, TWO_SERVICES, LAYER2, ALL_EXCLUDED],
  [TWO_SERVICES, POOLS_OVERLAP, RECORD_LOST, RECORD_LOST_ONE_POOL, RECORD_FORGED, POOL_SHRUNK, RECORD_LOST],
  [NO_ENDPOINTS, OTHER_HOLDER, CLUSTER, NO_ENDPOINTS],
];
