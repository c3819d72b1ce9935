/** What happens to a cluster: random steps for the property test of histories. */
import fc from 'fast-check';
import type { Conflict, Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import { LOAD_BALANCER_CLASS, type Service } from '../../domain/service.ts';
import { aPool, aService, sharingTerms } from '../../domain/testing/builders.ts';
import type { SmallCluster } from './small-cluster.ts';
import { forgedStatus, late, restart, unseen, usurp, type Late, type Unseen, type Usurp } from './succession.ts';

/** All addresses that the pools of a history can have. */
export const ADDRESSES: readonly string[] = [
  ...Array.from({ length: 8 }, (_, i) => `192.0.2.${i}`),
  '192.0.2.255',
  ...Array.from({ length: 6 }, (_, i) => (i === 0 ? '2001:db8::' : `2001:db8::${i}`)),
];

const RANGES = fc.constantFrom<readonly string[]>(
  ['192.0.2.0/30'],
  ['192.0.2.0/29'],
  ['192.0.2.4-192.0.2.5'],
  ['192.0.2.2-192.0.2.5'],
  ['192.0.2.3', '192.0.2.255'],
  ['192.0.2.6'],
  ['2001:db8::/126'],
  ['2001:db8::2-2001:db8::5'],
  ['192.0.2.1', '2001:db8::1'],
  ['192.0.2.4/30', '2001:db8::4/127'],
);

type PoolSpec = Pick<
  Pool,
  | 'protocol'
  | 'disabled'
  | 'isDefault'
  | 'priority'
  | 'namespaces'
  | 'namespaceSelector'
  | 'serviceSelector'
  | 'avoidBuggyIPs'
  | 'reuseAfterSeconds'
>;

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const POOL_SPEC: { [K in keyof PoolSpec]: fc.Arbitrary<PoolSpec[K]> } = {
  protocol: fc.constantFrom<Pool['protocol']>('bgp', 'layer2'),
  disabled: often(false, true),
  isDefault: fc.boolean(),
  priority: fc.nat(1),
  namespaces: often<readonly string[]>([], ['a'], ['a', 'b']),
  namespaceSelector: often<Labels | undefined>(undefined, { tier: 'gold' }, {}),
  serviceSelector: often<Pool['serviceSelector']>(undefined, { matchLabels: { app: 'x' }, matchExpressions: [] }),
  avoidBuggyIPs: often(false, true),
  reuseAfterSeconds: often(0, 30, 90),
};

type ServiceSpec = Pick<
  Service,
  | 'isLoadBalancer'
  | 'loadBalancerClass'
  | 'optedIn'
  | 'optedOut'
  | 'families'
  | 'familyPolicy'
  | 'trafficPolicy'
  | 'wantedPools'
  | 'wantedIPs'
  | 'labels'
>;

interface Terms {
  readonly key: string | undefined;
  readonly ports: readonly string[];
  readonly selector: string | undefined;
}

const FAMILIES = often<Service['families']>(['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']);

const SERVICE_SPEC: { [K in keyof ServiceSpec]: fc.Arbitrary<ServiceSpec[K]> } = {
  isLoadBalancer: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  loadBalancerClass: often<string | undefined>(LOAD_BALANCER_CLASS, undefined, 'example.com/other'),
  optedIn: often(false, true),
  optedOut: fc.constant(false),
  families: FAMILIES,
  familyPolicy: fc.constantFrom<Service['familyPolicy']>('SingleStack', 'PreferDualStack', 'RequireDualStack'),
  trafficPolicy: often<Service['trafficPolicy']>('Cluster', 'Local'),
  wantedPools: often<readonly string[]>([], ['p'], ['q'], ['r', 'p'], ['gone']),
  wantedIPs: often<readonly string[]>(
    [],
    ['192.0.2.4'],
    ['192.0.2.0'],
    ['2001:db8::1'],
    ['192.0.2.5', '2001:db8::4'],
    ['garbage'],
  ),
  labels: often<Labels>({}, { app: 'x' }),
};

const TERMS: { [K in keyof Terms]: fc.Arbitrary<Terms[K]> } = {
  key: fc.constantFrom<(string | undefined)[]>(undefined, 'k', 'k', 'k', 'l'),
  ports: fc.subarray(['TCP/80', 'TCP/443', 'UDP/53'], { minLength: 1, maxLength: 2 }),
  selector: often<string | undefined>('app=web', 'app=db', undefined),
};

const POOL = fc.constantFrom('p', 'q', 'r');
const SERVICE = fc.constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'b/2');
const ADDRESS = fc.constantFrom(...ADDRESSES);
const optional = <T>(spec: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(spec, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
/** Edits as people make them: one thing at a time. */
const oneOf = <T>(spec: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.oneof(
    ...(Object.keys(spec) as (keyof T)[]).map((name) =>
      spec[name].map((value) => ({ [name]: value }) as unknown as Partial<T>),
    ),
  );

/** One thing that happens; what can't happen now does nothing. */
export type Happening =
  | {
      readonly what: 'create';
      readonly key: string;
      readonly families: Service['families'];
      readonly spec: Partial<ServiceSpec>;
      readonly terms: Partial<Terms>;
      readonly restored: string | undefined;
    }
  | { readonly what: 'edit'; readonly key: string; readonly spec: Partial<ServiceSpec>; readonly terms: Partial<Terms> }
  | { readonly what: 'delete'; readonly key: string }
  | { readonly what: 'recreate'; readonly key: string }
  | {
      readonly what: 'createPool';
      readonly name: string;
      readonly ranges: readonly string[];
      readonly spec: Partial<PoolSpec>;
    }
  | { readonly what: 'editPool'; readonly name: string; readonly spec: Partial<PoolSpec> }
  | { readonly what: 'resizePool'; readonly name: string; readonly ranges: readonly string[] }
  | { readonly what: 'deletePool'; readonly name: string }
  | { readonly what: 'label'; readonly namespace: string; readonly labels: Labels }
  | { readonly what: 'nodes'; readonly ips: readonly string[] }
  | {
      readonly what: 'conflict';
      readonly name: string;
      readonly ip: string;
      readonly node: string | undefined;
      readonly announced: boolean;
    }
  | { readonly what: 'endConflicts'; readonly name: string }
  | { readonly what: 'pass'; readonly seconds: number }
  | { readonly what: 'refuse'; readonly key: string }
  | { readonly what: 'restart' }
  | Late
  | Unseen
  | Usurp
  | { readonly what: 'forge'; readonly key: string; readonly ips: readonly string[]; readonly pool: string }
  | { readonly what: 'loseRecord'; readonly key: string };

const weighted: [number, fc.Arbitrary<Happening>][] = [
  [
    10,
    fc.record({
      what: fc.constant('create'),
      key: SERVICE,
      families: FAMILIES,
      spec: optional(SERVICE_SPEC),
      terms: optional(TERMS),
      restored: fc.option(ADDRESS, { nil: undefined, freq: 4 }),
    }),
  ],
  [6, fc.record({ what: fc.constant('edit'), key: SERVICE, spec: oneOf(SERVICE_SPEC), terms: fc.constant({}) })],
  [3, fc.record({ what: fc.constant('edit'), key: SERVICE, spec: fc.constant({}), terms: oneOf(TERMS) })],
  [4, fc.record({ what: fc.constant('delete'), key: SERVICE })],
  [3, fc.record({ what: fc.constant('recreate'), key: SERVICE })],
  [6, fc.record({ what: fc.constant('createPool'), name: POOL, ranges: RANGES, spec: optional(POOL_SPEC) })],
  [4, fc.record({ what: fc.constant('editPool'), name: POOL, spec: oneOf(POOL_SPEC) })],
  [3, fc.record({ what: fc.constant('resizePool'), name: POOL, ranges: RANGES })],
  [2, fc.record({ what: fc.constant('deletePool'), name: POOL })],
  [
    1,
    fc.record({
      what: fc.constant('label'),
      namespace: fc.constantFrom('a', 'b'),
      labels: fc.constantFrom<Labels>({}, { tier: 'gold' }),
    }),
  ],
  [1, fc.record({ what: fc.constant('nodes'), ips: fc.subarray(['192.0.2.4', '2001:db8::1'], { maxLength: 1 }) })],
  [
    5,
    fc.record({
      what: fc.constant('conflict'),
      name: POOL,
      ip: ADDRESS,
      node: often<string | undefined>(undefined, 'n1'),
      announced: often(false, true),
    }),
  ],
  [2, fc.record({ what: fc.constant('endConflicts'), name: POOL })],
  [3, fc.record({ what: fc.constant('pass'), seconds: fc.constantFrom(1, 20, 60) })],
  [3, fc.record({ what: fc.constant('refuse'), key: SERVICE })],
  [2, fc.record({ what: fc.constant('restart') })],
  [
    4,
    fc.record({
      what: fc.constant('unseen'),
      key: SERVICE,
      labels: fc.constantFrom<Labels>({}, { app: 'x' }, { tier: 'gold' }),
      of: fc.constantFrom('the Service', 'its namespace'),
    }),
  ],
  [
    4,
    fc.record({
      what: fc.constant('late'),
      key: SERVICE,
      ip: ADDRESS,
      pool: POOL,
      rival: SERVICE,
      older: fc.constantFrom(0, 1_000),
    }),
  ],
  [
    4,
    fc.record({
      what: fc.constant('usurp'),
      key: SERVICE,
      ips: fc.uniqueArray(ADDRESS, { minLength: 1, maxLength: 2 }),
      pool: fc.constantFrom('p', 'q', 'r', 'gone', ''),
      when: fc.constantFrom('without a leader', 'after a change'),
    }),
  ],
  [
    2,
    fc.record({
      what: fc.constant('forge'),
      key: SERVICE,
      ips: fc.uniqueArray(ADDRESS, { minLength: 1, maxLength: 2 }),
      pool: fc.constantFrom('p', 'q', 'r', ''),
    }),
  ],
  [1, fc.record({ what: fc.constant('loseRecord'), key: SERVICE })],
];

/** What happens before the leader comes to rest again, with how it works meanwhile. */
export interface Step {
  readonly happenings: readonly Happening[];
  /** In which order it begins Services and ends writes. */
  readonly coins: readonly boolean[];
}

const HAPPENING: fc.Arbitrary<Happening> = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Mostly one thing at a time, sometimes several at once. */
const STEP: fc.Arbitrary<Step> = fc.record({
  happenings: fc.oneof(
    { weight: 4, arbitrary: fc.array(HAPPENING, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(HAPPENING, { minLength: 2, maxLength: 4 }) },
  ),
  coins: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
});

export const HISTORY: fc.Arbitrary<Step[]> = fc.array(STEP, { minLength: 1, maxLength: 40, size: 'max' });

function edited(service: Service, spec: Partial<ServiceSpec>, terms: Partial<Terms>): Service {
  const after = { ...service, ...spec };
  const sharing = { ...service.sharing, ...terms, trafficPolicy: after.trafficPolicy };
  // The API server empties the status of what is no load balancer.
  const status = after.isLoadBalancer ? {} : { ingressIPs: [], claims: false };
  return { ...after, sharing, ...status };
}

function create(cluster: SmallCluster, happening: Extract<Happening, { what: 'create' }>): void {
  const { key, families, spec, terms, restored } = happening;
  if (cluster.services.has(key)) return;
  const [namespace = ''] = key.split('/');
  const marks = restored === undefined ? {} : { recorded: [{ pool: 'p', ip: restored }], hasFinalizer: true };
  const own = { uid: cluster.newUid(), createdAt: cluster.now, families, sharing: sharingTerms({ namespace }) };
  const plain = aService(key, { ...own, ...marks });
  cluster.put(edited(plain, spec, terms));
}

function forge(cluster: SmallCluster, { key, ips, pool }: Extract<Happening, { what: 'forge' }>): void {
  const service = cluster.services.get(key);
  if (service === undefined || !service.isLoadBalancer) return;
  // While a new leader looks for the last one's writes it believes what the pools allow: see `usurp`.
  cluster.endAdoption();
  cluster.forged.add(key);
  cluster.put(forgedStatus(service, ips, pool));
}

/** Deleted and created again with the spec that it had, by a GitOps tool that owns nothing of ours. */
function recreate(cluster: SmallCluster, { key }: Extract<Happening, { what: 'recreate' }>): void {
  const service = cluster.services.get(key);
  if (service === undefined) return;
  cluster.delete(key);
  cluster.settle([true]);
  if (cluster.services.has(key)) return;
  const marks = {
    recorded: [],
    ingressIPs: [],
    claims: false,
    hasCondition: false,
    hasFinalizer: false,
    deleting: false,
  };
  cluster.put({ ...service, ...marks, uid: cluster.newUid(), createdAt: cluster.now });
}

function editPool(cluster: SmallCluster, name: string, spec: Partial<Pool>): void {
  const pool = cluster.pools.get(name);
  if (pool !== undefined) cluster.putPool({ ...pool, ...spec });
}

function createPool(cluster: SmallCluster, happening: Extract<Happening, { what: 'createPool' }>): void {
  const { name, ranges, spec } = happening;
  if (cluster.pools.has(name)) return;
  const { now } = cluster;
  cluster.putPool(aPool(name, ranges, { uid: `${name}-${cluster.count()}`, createdAt: now, isDefault: true, ...spec }));
}

type InConflict = Extract<Happening, { what: 'conflict' }>;

function toConflict({ ip, node, announced }: InConflict): Conflict {
  return { ip, mac: '02:00:5e:10:00:0a', node, announced };
}

/** The pools, as far as the conflict that was found says something of them. */
export function conflicted(happening: InConflict): ReadonlyMap<string, Pool> {
  return new Map([[happening.name, aPool(happening.name, [], { conflicts: [toConflict(happening)] })]]);
}

type Handlers = {
  readonly [W in Happening['what']]: (cluster: SmallCluster, happening: Extract<Happening, { what: W }>) => void;
};

const HANDLERS: Handlers = {
  create,
  edit: (cluster, { key, spec, terms }) => {
    const service = cluster.services.get(key);
    if (service !== undefined) cluster.put(edited(service, spec, terms));
  },
  delete: (cluster, { key }) => cluster.delete(key),
  recreate,
  createPool,
  editPool: (cluster, { name, spec }) => editPool(cluster, name, spec),
  resizePool: (cluster, { name, ranges }) => editPool(cluster, name, { ranges: aPool(name, ranges).ranges }),
  deletePool: (cluster, { name }) => cluster.deletePool(name),
  label: (cluster, { namespace, labels }) => cluster.label(namespace, labels),
  conflict: (cluster, happening) => {
    const others = cluster.pools.get(happening.name)?.conflicts.filter(({ ip }) => ip !== happening.ip) ?? [];
    editPool(cluster, happening.name, { conflicts: [...others, toConflict(happening)] });
  },
  endConflicts: (cluster, { name }) => editPool(cluster, name, { conflicts: [] }),
  nodes: (cluster, { ips }) => cluster.setNodes(ips),
  pass: (cluster, { seconds }) => {
    cluster.endAdoption();
    cluster.pass(seconds);
  },
  refuse: (cluster, { key }) => void cluster.refused.add(key),
  restart: (cluster) => void restart(cluster),
  late,
  unseen,
  usurp,
  forge,
  loseRecord: (cluster, { key }) => {
    const service = cluster.services.get(key);
    if (service === undefined) return;
    const recorded = service.claims ? service.recorded.map(({ ip }) => ({ ip, pool: '' })) : [];
    cluster.put({ ...service, recorded });
  },
};

export function happen(cluster: SmallCluster, happening: Happening): void {
  const handler = HANDLERS[happening.what] as (cluster: SmallCluster, happening: Happening) => void;
  handler(cluster, happening);
}
