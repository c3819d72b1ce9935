import { contains, parseAddress } from './addresses.ts';
import { isRecord, type AnyObject } from './fields.ts';
import type { Finding, Findings } from './finding.ts';
import type { Manifest } from './manifest.ts';
import type { ImportedPool } from './pools.ts';

/** MetalLB's annotations, today's prefix first, which counts where both are there. */
const PREFIXES = ['metallb.io/', 'metallb.universe.tf/'] as const;
const OWN_CLASS = 'lb.kubesphere.io/porter';
const OPT_IN = 'lb.kubesphere.io/v1alpha1';
/** What we write on Services that have an address of ours. */
const ASSIGNED = 'lb.kubesphere.io/assigned';

/** Fields that only a load balancer's Service has, which a change of its type takes off. */
const OF_LOAD_BALANCERS = ['externalTrafficPolicy', 'loadBalancerSourceRanges', 'allocateLoadBalancerNodePorts'];

/** Longest sharing key that counts. */
const MAX_SHARING_KEY = 256;

/** A Service of type LoadBalancer, as far as an import looks at it. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  /** `Service namespace/name`. */
  readonly label: string;
  readonly createdAt: string;
  readonly loadBalancerClass: string | undefined;
  readonly loadBalancerIP: string | undefined;
  /** MetalLB's annotations without their prefix, those that are not known too. */
  readonly annotations: ReadonlyMap<string, { readonly key: string; readonly value: string }>;
  /** Hidden by the same annotation with today's prefix. */
  readonly hidden: readonly string[];
  readonly ips: readonly string[];
  /** Ours, or asked to be. */
  readonly isOurs: boolean;
  /** Those fields of its spec that a change of type takes off. */
  readonly ofLoadBalancers: Readonly<Record<string, unknown>>;
}

function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = path.reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), value);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function ingressIPs(object: AnyObject): string[] {
  const status = isRecord(object['status']) ? object['status'] : {};
  const loadBalancer = isRecord(status['loadBalancer']) ? status['loadBalancer'] : {};
  const ingress: unknown = loadBalancer['ingress'];
  return Array.isArray(ingress) ? ingress.flatMap((entry) => textAt(entry, 'ip') ?? []) : [];
}

function metalLbAnnotations(all: Readonly<Record<string, unknown>>): Pick<ServiceView, 'annotations' | 'hidden'> {
  const annotations = new Map<string, { key: string; value: string }>();
  const hidden: string[] = [];
  for (const prefix of PREFIXES) {
    for (const [key, value] of Object.entries(all)) {
      if (!key.startsWith(prefix) || typeof value !== 'string') continue;
      const name = key.slice(prefix.length);
      if (annotations.has(name)) hidden.push(key);
      else annotations.set(name, { key, value });
    }
  }
  return { annotations, hidden };
}

function pickedFrom(spec: unknown): Readonly<Record<string, unknown>> {
  const all = isRecord(spec) ? spec : {};
  return Object.fromEntries(Object.entries(all).filter(([key]) => OF_LOAD_BALANCERS.includes(key)));
}

/** A Service as it concerns an import; undefined: it is no load balancer's. */
export function viewOf(object: AnyObject): ServiceView | undefined {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return undefined;
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const all = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  const [namespace, name] = [textAt(metadata, 'namespace') ?? 'default', textAt(metadata, 'name') ?? ''];
  const loadBalancerClass = textAt(object, 'spec', 'loadBalancerClass');
  return {
    ...{
      namespace,
      name,
      label: `Service ${namespace}/${name}`,
      createdAt: textAt(metadata, 'creationTimestamp') ?? '',
    },
    ...{ loadBalancerClass, loadBalancerIP: textAt(object, 'spec', 'loadBalancerIP') },
    ...metalLbAnnotations(all),
    ips: ingressIPs(object),
    isOurs: loadBalancerClass === OWN_CLASS || [OPT_IN, ASSIGNED].some((key) => typeof all[key] === 'string'),
    ofLoadBalancers: pickedFrom(object['spec']),
  };
}

interface Context {
  readonly pools: readonly ImportedPool[];
  readonly findings: Findings;
}

function poolWith(ip: string, pools: readonly ImportedPool[]): ImportedPool | undefined {
  const address = parseAddress(ip);
  if (address === undefined) return undefined;
  return pools.find(({ ranges }) => ranges.entries.some((entry) => contains(entry, address)));
}

function isFrom(pools: readonly ImportedPool[], { ips }: ServiceView): boolean {
  return ips.some((ip) => poolWith(ip, pools) !== undefined);
}

/** The classes that MetalLB serves, as far as addresses tell: which one it was started with stands in none of its objects. */
export function classesOf(services: readonly ServiceView[], pools: readonly ImportedPool[]): ReadonlySet<string> {
  const served = services.filter((service) => !service.isOurs && isFrom(pools, service));
  return new Set(served.flatMap(({ loadBalancerClass }) => loadBalancerClass ?? []));
}

/** Whose Service it is can't be seen for sure: MetalLB marks what it gave since 0.13.8 only. */
export function isMetalLbs(
  service: ServiceView,
  pools: readonly ImportedPool[],
  classes: ReadonlySet<string>,
): boolean {
  if (service.isOurs) return false;
  return service.annotations.size > 0 || isFrom(pools, service) || classes.has(service.loadBalancerClass ?? '');
}

function finding(service: ServiceView, kind: Finding['kind'], what: Pick<Finding, 'field' | 'why' | 'next'>): Finding {
  return { kind, object: service.label, ...what };
}

function wantedIPs({ annotations, loadBalancerIP }: ServiceView): string[] {
  const text = annotations.get('loadBalancerIPs')?.value ?? loadBalancerIP ?? '';
  return text
    .split(',')
    .map((ip) => ip.trim())
    .filter((ip) => ip !== '');
}

function canonical(ip: string): string {
  const address = parseAddress(ip);
  return address === undefined ? ip : `${address.family} ${address.value}`;
}

function sameIPs(a: readonly string[], b: readonly string[]): boolean {
  return a.map(canonical).sort().join() === b.map(canonical).sort().join();
}

/** The addresses to ask for: those that it has, else those that it asked for. */
function addressesOf(service: ServiceView, { pools, findings }: Context): readonly string[] {
  const wanted = wantedIPs(service);
  const { ips } = service;
  if (ips.length > 0 && wanted.length > 0 && !sameIPs(ips, wanted)) {
    const why = `it asks for ${wanted.join(', ')} and has ${ips.join(', ')}, which it keeps`;
    findings.add(
      finding(service, 'changed', { why, next: 'Edit its annotation lb.kubesphere.io/ips to have it moved.' }),
    );
  }
  const asked = ips.length > 0 ? ips : wanted;
  for (const ip of asked.filter((each) => poolWith(each, pools) === undefined)) {
    const why = `no pool that is imported has its address ${ip}`;
    findings.add(finding(service, 'todo', { why, next: 'Add the address to an Eip, or the Service waits for it.' }));
  }
  return asked;
}

function tellAnnotations(service: ServiceView, findings: Findings): void {
  for (const key of service.hidden)
    findings.add(
      finding(service, 'unneeded', {
        field: `metadata.annotations[${key}]`,
        why: 'metallb.io/ says the same, and counts',
      }),
    );
  for (const [name, { key }] of service.annotations) {
    const field = `metadata.annotations[${key}]`;
    if (name === 'ip-allocated-from-pool')
      findings.add(
        finding(service, 'unneeded', {
          field,
          why: 'MetalLB wrote it; which pool an address is from stands elsewhere here',
        }),
      );
    else if (!['address-pool', 'loadBalancerIPs', 'allow-shared-ip'].includes(name)) {
      const why = 'is not known here: it is not carried over';
      findings.add(finding(service, 'lost', { field, why, next: 'Look up what it does, and whether you need it.' }));
    }
  }
}

function poolNamed(service: ServiceView, { pools, findings }: Context): string | undefined {
  const named = service.annotations.get('address-pool');
  if (named === undefined || named.value === '') return undefined;
  if (!pools.some(({ name }) => name === named.value)) {
    const why = `there is no IPAddressPool ${named.value} among what is imported: the Service waits until there is an Eip of that name`;
    findings.add(
      finding(service, 'todo', { field: `metadata.annotations[${named.key}]`, why, next: 'Import it as well.' }),
    );
  }
  return named.value;
}

function sharingKey(service: ServiceView, findings: Findings): string | undefined {
  const key = service.annotations.get('allow-shared-ip');
  if (key === undefined || key.value.trim() === '') return undefined;
  if (key.value.length <= MAX_SHARING_KEY) return key.value;
  const why = `has more than ${MAX_SHARING_KEY} characters, so it would be no key`;
  findings.add(
    finding(service, 'todo', {
      field: `metadata.annotations[${key.key}]`,
      why,
      next: 'Give all that share the address a shorter one.',
    }),
  );
  return undefined;
}

/** A class is for the life of a Service as a load balancer. */
function tellClass(service: ServiceView, findings: Findings): void {
  if (service.loadBalancerClass === undefined) return;
  const { namespace, name, ofLoadBalancers } = service;
  const without = Object.fromEntries(Object.keys(ofLoadBalancers).map((key) => [key, null]));
  const patch = (spec: object): string =>
    `kubectl patch service ${name} -n ${namespace} --type merge -p '${JSON.stringify({ spec })}'`;
  const why =
    `its class ${service.loadBalancerClass} can not be changed while it is of type LoadBalancer; it is served once the type was another for a moment. ` +
    'Cluster IP and, by the annotations, addresses stay; node ports are others then';
  const first = patch({ type: 'ClusterIP', loadBalancerClass: null, ...without });
  const second = patch({ type: 'LoadBalancer', loadBalancerClass: OWN_CLASS, ...ofLoadBalancers });
  findings.add(
    finding(service, 'todo', {
      field: 'spec.loadBalancerClass',
      why,
      next: `After applying the rest: ${first} && ${second}`,
    }),
  );
}

/** One Service of MetalLB's: the annotations by which we serve it, with the addresses that it has. */
export function importService(service: ServiceView, context: Context): Manifest {
  const { findings } = context;
  tellAnnotations(service, findings);
  tellClass(service, findings);
  const ips = addressesOf(service, context);
  const pool = poolNamed(service, context);
  const key = sharingKey(service, findings);
  const annotations = {
    [OPT_IN]: 'porter',
    ...(ips.length === 0 ? {} : { 'lb.kubesphere.io/ips': ips.join(',') }),
    ...(pool === undefined ? {} : { 'eip.porter.kubesphere.io/v1alpha2': pool }),
    ...(key === undefined ? {} : { 'lb.kubesphere.io/allow-shared-ip': key }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name, namespace: service.namespace, annotations },
  };
}

/** Services of several namespaces may share an address in MetalLB, and not here: the oldest has it. */
export function tellSharedAcross(services: readonly ServiceView[], findings: Findings): void {
  const byAge = [...services].sort((a, b) => (`${a.createdAt} ${a.label}` < `${b.createdAt} ${b.label}` ? -1 : 1));
  const first = new Map<string, ServiceView>();
  for (const service of byAge) {
    for (const ip of service.ips) {
      const holder = first.get(canonical(ip));
      if (holder === undefined) first.set(canonical(ip), service);
      else if (holder.namespace !== service.namespace) {
        const why = `shares ${ip} with ${holder.label}, and Services of different namespaces can not: it will wait`;
        findings.add(
          finding(service, 'todo', {
            why,
            next: 'Give it another address before the switch-over, or move it into that namespace.',
          }),
        );
      }
    }
  }
}
