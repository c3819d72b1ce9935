/** Valid domain values for tests: what a test doesn't name is ordinary and stays out of its way. */
import { parseRange, type AddressRange } from '../address.ts';
import { nodeAddress, type Node, type NodeAddress } from '../node.ts';
import type { BgpSettings, Peer } from '../peer.ts';
import type { Pool, PoolRange } from '../pool.ts';
import type { Replica } from '../replica.ts';
import type { SharingTerms } from '../sharing.ts';
import { LOAD_BALANCER_CLASS, type FamilyEndpoints, type Service, type ServiceEndpoints } from '../service.ts';

/** The range of an address, prefix or span; throws on anything else. */
export function range(text: string): AddressRange {
  const parsed = parseRange(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

function addressOf(text: string): NodeAddress {
  const address = nodeAddress(text);
  if (address === undefined) throw new Error(`"${text}" is not an IP address`);
  return address;
}

function poolRange(text: string): PoolRange {
  return { ...range(text), isPrefix: text.includes('/') };
}

/** A pool of the given ranges. */
export function aPool(name: string, ranges: readonly string[], overrides: Partial<Pool> = {}): Pool {
  return {
    name,
    uid: `uid-${name}`,
    createdAt: 1_000,
    protocol: 'bgp',
    ranges: ranges.map(poolRange),
    heldRanges: [],
    heldNamespaces: [],
    conflicts: [],
    interface: '',
    disabled: false,
    priority: 0,
    isDefault: false,
    namespaces: [],
    namespaceSelector: undefined,
    serviceSelector: undefined,
    nodeSelector: undefined,
    avoidBuggyIPs: false,
    reuseAfterSeconds: 0,
    bgp: {
      communities: [],
      largeCommunities: [],
      localPref: undefined,
      med: 0,
      peerSelector: undefined,
      overrides: [],
    },
    deleting: false,
    ...overrides,
  };
}

/** The terms of a Service that shares with nobody, unless a test says so. */
export function sharingTerms(overrides: Partial<SharingTerms> = {}): SharingTerms {
  return {
    key: undefined,
    namespace: 'default',
    ports: ['TCP/80'],
    trafficPolicy: 'Cluster',
    selector: 'app=web',
    ...overrides,
  };
}

/** A Service of type LoadBalancer with our class, IPv4 only, that asks for nothing in particular. */
export function aService(key: string, overrides: Partial<Service> = {}): Service {
  const [namespace = '', name = ''] = key.split('/');
  return {
    key,
    namespace,
    name,
    uid: `uid-${key}`,
    resourceVersion: '1',
    createdAt: 1_000,
    labels: {},
    isLoadBalancer: true,
    loadBalancerClass: LOAD_BALANCER_CLASS,
    optedIn: false,
    optedOut: false,
    families: ['ipv4'],
    familyPolicy: 'SingleStack',
    trafficPolicy: 'Cluster',
    sharing: sharingTerms({ namespace }),
    clusterIPs: [],
    wantedPools: [],
    wantedIPs: [],
    ignored: [],
    recorded: [],
    ingressIPs: [],
    claims: false,
    hasCondition: false,
    announcedBefore: false,
    hasFinalizer: false,
    deleting: false,
    ...overrides,
  };
}

/** A ready node with these InternalIPs. */
export function aNode(name: string, internalIPs: readonly string[], overrides: Partial<Node> = {}): Node {
  return {
    name,
    labels: {},
    internalIPs: internalIPs.map(addressOf),
    externalIPs: [],
    pinned: [],
    ready: true,
    networkUnavailable: false,
    excluded: false,
    drainSignals: [],
    ...overrides,
  };
}

/** The endpoints of a Service in one family: ready ones on `ready`, terminating but serving ones on `serving`. */
export function someEndpoints(ready: readonly string[], serving: readonly string[] = []): FamilyEndpoints {
  return { ready, serving, any: ready.length + serving.length > 0 };
}

/** The endpoints of a Service whose Pods have addresses of both families. */
export function endpointsOn(ready: readonly string[], serving: readonly string[] = []): ServiceEndpoints {
  return { ipv4: someEndpoints(ready, serving), ipv6: someEndpoints(ready, serving) };
}

/** A replica of the manager, on a node that nobody knows unless it is named. */
export function aReplica(name: string, address: string, node?: string): Replica {
  return { name, address, node };
}

/** An eBGP peer for IPv4 and IPv6 with up to eight next hops per prefix. */
export function aPeer(name: string, address: string, overrides: Partial<Peer> = {}): Peer {
  return {
    name,
    uid: `uid-${name}`,
    createdAt: 1_000,
    labels: {},
    address,
    port: 179,
    peerAs: 64_513,
    localAs: undefined,
    holdTimeSeconds: 90,
    keepaliveSeconds: undefined,
    connectRetrySeconds: 5,
    localAddress: undefined,
    multihopTtl: undefined,
    ttlSecurityHops: undefined,
    passive: false,
    gracefulShutdown: false,
    nextHopSelf: false,
    bfd: undefined,
    families: [
      { family: 'ipv4', sendMax: 8 },
      { family: 'ipv6', sendMax: 8 },
    ],
    gracefulRestart: undefined,
    nodeSelector: undefined,
    hasPassword: false,
    adminDown: false,
    deleting: false,
    ...overrides,
  };
}

/** The BgpConf of AS 64512, with graceful restart. */
export function someSettings(overrides: Partial<BgpSettings> = {}): BgpSettings {
  return {
    uid: 'uid-default',
    as: 64_512,
    asPerRack: {},
    routerId: undefined,
    listenPort: 0,
    listenAddresses: [],
    gracefulRestart: { enabled: true, restartTimeSeconds: 120 },
    ...overrides,
  };
}
