import { hostInterfaceOf, namespaceOf } from '../state/lab-name.ts';

/** One address per family, without prefix length. */
export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** One range per family, in CIDR notation. */
export interface Ranges {
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface NetworkSize {
  readonly nodes: number;
  readonly routers: number;
  readonly clients: number;
  /** On the nodes' network, of no cluster. Default: none. */
  readonly hosts?: number;
  /** Default: there is none. */
  readonly secondLan?: SecondLanSize;
}

/** A further network, with r1, some nodes by a link `eth1` of theirs, and hosts `s1`, `s2`, ... */
export interface SecondLanSize {
  /** The first so many nodes are on it; the others reach it by r1. */
  readonly nodes: number;
  readonly hosts: number;
}

export interface NodePlan {
  readonly name: string;
  readonly namespace: string;
  readonly addresses: Addresses;
  readonly pods: Ranges;
  /** On the second LAN, if it has a link there. */
  readonly second?: Addresses;
}

export interface RouterPlan {
  readonly name: string;
  readonly namespace: string;
  /** On the nodes' network: where BGP peers. */
  readonly addresses: Addresses;
  /** On the clients' network. */
  readonly clientSide: Addresses;
  /** On the second LAN, if there is one and this is r1. */
  readonly second?: Addresses;
}

export interface ClientPlan {
  readonly name: string;
  readonly namespace: string;
  readonly addresses: Addresses;
  /** Name of the router that is its default gateway: c1 has r1, c2 has r2, and so on in turn. */
  readonly via: string;
}

/** A machine on the nodes' network or the second LAN that is no node; its default gateway is r1. */
export interface HostPlan extends ClientPlan {
  readonly lan: LanName;
}

export type LanName = 'nodes' | 'second';

/** The link from the host's own network to the API server, IPv4 only. */
export interface HostLink {
  readonly device: string;
  readonly host: string;
  readonly controlPlane: string;
  readonly prefixLength: number;
}

/**
 * ```
 *  c1 ── clients' network ──┬── r1 ──┬── nodes' network ──┬── n1, n2, n3 (Pods behind each)
 *        10.60.0.0/24       └── r2 ──┘   10.50.0.0/24     ├── h1 (no node, default route by r1)
 *                                                         └── cp (API server) ── link ── the host
 *  s1 ── second LAN ──┬── r1
 *        10.51.0.0/24 └── n1, n2
 * ```
 * Every machine has a network namespace of its own and both networks are bridges in another one, so the addresses are the
 * same in every lab; only the link to the host differs. A lab has hosts and the second LAN where they are asked for.
 */
export interface NetworkPlan {
  /** The namespace with the bridges. */
  readonly switchNamespace: string;
  readonly controlPlane: { readonly namespace: string; readonly addresses: Addresses };
  readonly nodes: readonly NodePlan[];
  readonly routers: readonly RouterPlan[];
  readonly clients: readonly ClientPlan[];
  readonly hosts: readonly HostPlan[];
  readonly hostLink: HostLink;
}

export const nodeNetwork: Ranges = { ipv4: '10.50.0.0/24', ipv6: 'fd00:50::/64' };
export const secondNetwork: Ranges = { ipv4: '10.51.0.0/24', ipv6: 'fd00:51::/64' };
export const clientNetwork: Ranges = { ipv4: '10.60.0.0/24', ipv6: 'fd00:60::/64' };
export const podRange: Ranges = { ipv4: '10.244.0.0/16', ipv6: 'fd00:244::/32' };
/** What Layer 2 pools may give to Services: on the nodes' network and on the second LAN, where no machine of a lab of up to 117 nodes is. */
export const lanPoolRange = { ipv4: '10.50.0.128-10.50.0.250', ipv6: 'fd00:50::1:0/112' } as const;
export const secondPoolRange = { ipv4: '10.51.0.128-10.51.0.250', ipv6: 'fd00:51::1:0/112' } as const;
export const serviceRange: Ranges = { ipv4: '10.96.0.0/16', ipv6: 'fd00:96::/112' };
/** On no network of the lab: what BGP pools may give to Services. */
export const poolRange: Ranges = { ipv4: '10.77.0.0/24', ipv6: 'fd00:77::/64' };
/** The API server's address inside the cluster: the first of the IPv4 Service range. */
export const kubernetesService = '10.96.0.1';
export const clusterDns = '10.96.0.10';

const firstNode = 11;
const firstClient = 11;
const firstHost = 251;
const controlPlaneHost = 10;
/** Hosts 1 to 9 of both networks are routers. */
export const maxRouters = 9;
export const maxNodes = 200;
export const maxClients = 200;
export const maxHosts = 4;

/** The whole addressing of a lab. @throws {RangeError} if it is too large, or has clients without a router. */
export function planNetwork(lab: string, index: number, size: NetworkSize): NetworkPlan {
  checkSize(size);
  return {
    switchNamespace: namespaceOf(lab, 'lan'),
    controlPlane: { namespace: namespaceOf(lab, 'cp'), addresses: onNodeNetwork(controlPlaneHost) },
    nodes: numbers(size.nodes).map((n) => planNode(lab, n, size.secondLan)),
    routers: numbers(size.routers).map((n) => planRouter(lab, n, size.secondLan)),
    clients: numbers(size.clients).map((n) => planClient(lab, n, size.routers)),
    hosts: [
      ...numbers(size.hosts ?? 0).map((n) => planHost(lab, n, 'nodes')),
      ...numbers(size.secondLan?.hosts ?? 0).map((n) => planHost(lab, n, 'second')),
    ],
    hostLink: planHostLink(index),
  };
}

function checkSize({ nodes, routers, clients, hosts = 0, secondLan }: NetworkSize): void {
  const second = secondLan ?? { nodes: 0, hosts: 0 };
  const limits = [
    [nodes, maxNodes],
    [routers, maxRouters],
    [clients, maxClients],
    [hosts, maxHosts],
    [second.nodes, nodes],
    [second.hosts, maxHosts],
  ] as const;
  if (!limits.every(([count, most]) => Number.isInteger(count) && count >= 0 && count <= most)) {
    const most = `${maxNodes} nodes, ${maxRouters} routers, ${maxClients} clients and ${maxHosts} hosts per network`;
    throw new RangeError(`a lab has up to ${most}`);
  }
  if (routers > 0) return;
  if (clients > 0) throw new RangeError('clients are beyond a router: a lab with clients needs routers');
  if (hosts > 0) throw new RangeError('the gateway of hosts is a router: a lab with hosts needs one');
  if (secondLan !== undefined) throw new RangeError('r1 is on the second LAN: a lab with one needs a router');
}

function planNode(lab: string, n: number, second?: SecondLanSize): NodePlan {
  const name = `n${n}`;
  return {
    name,
    namespace: namespaceOf(lab, name),
    addresses: onNodeNetwork(firstNode + n - 1),
    pods: { ipv4: `10.244.${n}.0/24`, ipv6: `fd00:244:${n.toString(16)}::/64` },
    ...(n <= (second?.nodes ?? 0) ? { second: onSecondNetwork(firstNode + n - 1) } : {}),
  };
}

function planRouter(lab: string, n: number, second?: SecondLanSize): RouterPlan {
  const name = `r${n}`;
  return {
    name,
    namespace: namespaceOf(lab, name),
    addresses: onNodeNetwork(n),
    clientSide: onClientNetwork(n),
    ...(n === 1 && second !== undefined ? { second: onSecondNetwork(n) } : {}),
  };
}

function planClient(lab: string, n: number, routers: number): ClientPlan {
  const name = `c${n}`;
  return {
    name,
    namespace: namespaceOf(lab, name),
    addresses: onClientNetwork(firstClient + n - 1),
    via: `r${((n - 1) % routers) + 1}`,
  };
}

function planHost(lab: string, n: number, lan: LanName): HostPlan {
  const name = `${lan === 'nodes' ? 'h' : 's'}${n}`;
  const addresses = (lan === 'nodes' ? onNodeNetwork : onSecondNetwork)(firstHost + n - 1);
  return { name, namespace: namespaceOf(lab, name), addresses, via: 'r1', lan };
}

/** From 198.18.0.0/15, which RFC 2544 sets aside for test setups. */
function planHostLink(index: number): HostLink {
  return {
    device: hostInterfaceOf(index),
    host: `198.19.${index}.1`,
    controlPlane: `198.19.${index}.2`,
    prefixLength: 30,
  };
}

// The last group of an IPv6 address reads as the last byte of the IPv4 one: 10.50.0.11 and fd00:50::11.
function onNodeNetwork(host: number): Addresses {
  return { ipv4: `10.50.0.${host}`, ipv6: `fd00:50::${host}` };
}

function onSecondNetwork(host: number): Addresses {
  return { ipv4: `10.51.0.${host}`, ipv6: `fd00:51::${host}` };
}

function onClientNetwork(host: number): Addresses {
  return { ipv4: `10.60.0.${host}`, ipv6: `fd00:60::${host}` };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
