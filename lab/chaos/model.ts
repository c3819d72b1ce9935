/**
 * What routers should have, from the objects in the API alone: the rules said once more, in other words and by
 * other code than the product's, so that both can be held against each other. It knows no dead nodes: it is asked when all is healed.
 */

/** A Service, as far as it is read here. */
export interface ServiceObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly externalTrafficPolicy?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** An EndpointSlice, as far as it is read here. */
export interface SliceObject {
  readonly metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly addressType: string;
  readonly endpoints?: readonly { readonly nodeName?: string; readonly conditions?: { readonly ready?: boolean } }[];
}

/** A Node, as far as it is read here. */
export interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

export interface ApiObjects {
  readonly services: readonly ServiceObject[];
  readonly slices: readonly SliceObject[];
  readonly nodes: readonly NodeObject[];
}

export const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const sharingKey = 'lb.kubesphere.io/allow-shared-ip';

/** Gateways, sorted, by address: what every router's kernel should have, and what every replica should tell it. */
export function expectedRoutes({ services, slices, nodes }: ApiObjects): Map<string, string[]> {
  const routes = new Map<string, string[]>();
  for (const service of services) {
    for (const ip of addressesOf(service).filter((each) => !isOnLan(each))) {
      const withEndpoints = nodesWithEndpoints(service, slices, ip);
      const local = service.spec.externalTrafficPolicy === 'Local';
      const usable = nodes.filter(({ metadata: { name, labels = {} } }) => {
        if (labels[excludeLabel] === 'true') return false;
        return local ? withEndpoints.has(name) : withEndpoints.size > 0;
      });
      const gateways = usable.flatMap((node) => nodeAddress(node, ip)).sort();
      if (gateways.length > 0) routes.set(ip, gateways);
    }
  }
  return routes;
}

export function addressesOf({ status }: ServiceObject): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}

/** Of the nodes' own network: it is answered for there, and no router is told. */
function isOnLan(ip: string): boolean {
  return ip.startsWith('10.50.0.') || ip.startsWith('fd00:50:');
}

/** Addresses that two Services have, although they don't say that they share it: `172.30.0.1 of default/a and default/b`. */
export function doubleAddresses(services: readonly ServiceObject[]): string[] {
  const holders = new Map<string, ServiceObject>();
  const doubles: string[] = [];
  for (const service of services) {
    for (const ip of addressesOf(service)) {
      const other = holders.get(ip);
      if (other !== undefined && !share(service, other)) doubles.push(`${ip} of ${keyOf(other)} and ${keyOf(service)}`);
      holders.set(ip, service);
    }
  }
  return doubles;
}

export function keyOf({ metadata: { namespace = 'default', name } }: ServiceObject): string {
  return `${namespace}/${name}`;
}

function share(one: ServiceObject, other: ServiceObject): boolean {
  const key = one.metadata.annotations?.[sharingKey];
  return key !== undefined && key === other.metadata.annotations?.[sharingKey];
}

function isIpv6(ip: string): boolean {
  return ip.includes(':');
}

/** Nodes with a ready endpoint of the Service that has an address of this one's family. */
export function nodesWithEndpoints(service: ServiceObject, slices: readonly SliceObject[], ip: string): Set<string> {
  const { name, namespace = 'default' } = service.metadata;
  const own = slices.filter(
    ({ metadata, addressType }) =>
      (metadata.namespace ?? 'default') === namespace &&
      metadata.labels?.['kubernetes.io/service-name'] === name &&
      addressType === (isIpv6(ip) ? 'IPv6' : 'IPv4'),
  );
  const ready = own.flatMap(({ endpoints = [] }) => endpoints.filter(({ conditions }) => conditions?.ready !== false));
  return new Set(ready.flatMap(({ nodeName }) => (nodeName === undefined ? [] : [nodeName])));
}

function nodeAddress({ status }: NodeObject, ip: string): string[] {
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
  return internal.filter((address) => isIpv6(address) === isIpv6(ip)).slice(0, 1);
}
