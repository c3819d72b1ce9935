import type { BgpAdvertisement, L2Advertisement } from './advertisements.ts';
import type { Fields } from './fields.ts';
import type { Findings } from './finding.ts';
import { API_VERSION, type Manifest } from './manifest.ts';
import { oneOf, PEER_LABEL, selectorOf, type Selected } from './marks.ts';
import { rangesOf, type Ranges } from './ranges.ts';
import { either, routesOf, type PoolRoutes } from './routes.ts';
import { selectorList, type Requirements } from './selectors.ts';

export interface PoolContext {
  readonly l2: readonly L2Advertisement[];
  readonly bgp: readonly BgpAdvertisement[];
  /** Addresses that Services have. */
  readonly held: readonly string[];
  /** What stands for no priority, which MetalLB takes last; here the lowest number is first, and none is 0. */
  readonly lastPriority: number;
  readonly findings: Findings;
}

export interface ImportedPool {
  readonly name: string;
  readonly manifest: Manifest;
  readonly ranges: Ranges;
  /** Who names no pool gets addresses from it. */
  readonly isAutomatic: boolean;
  /** Anybody does. */
  readonly isDefault: boolean;
}

const ALLOCATION = ['spec', 'serviceAllocation'] as const;
const DEFAULT_POOL = 'eip.porter.kubesphere.io/is-default-eip';

export function priorityOf(fields: Fields): number {
  return fields.number(...ALLOCATION, 'priority') ?? 0;
}

/** A pool with `serviceAllocation` is for some Services, or for all of them before the others. */
function isBound(fields: Fields): boolean {
  return fields.has(...ALLOCATION);
}

function isPair({ operator, values }: Requirements[number]): boolean {
  return operator === 'In' && values.length === 1;
}

/** `namespaceSelector` of an Eip has pairs only. */
function isPairs(one: Requirements): boolean {
  return one.every(isPair) && new Set(one.map(({ key }) => key)).size === one.length;
}

function selected(fields: Fields, list: string, options: Pick<Parameters<typeof oneOf>[1], 'what' | 'fits'>): Selected {
  const mark = `${options.what.split(' ')[0] ?? ''}-of-${fields.name}`;
  const field = `${ALLOCATION.join('.')}.${list}`;
  return oneOf(selectorList(fields, ...ALLOCATION, list), { mark, object: fields.label, field, ...options });
}

/** Of which namespaces, in the words of an Eip; none: of all. */
function namespacesOf(fields: Fields, findings: Findings): Record<string, unknown> {
  const namespaces = fields.texts(...ALLOCATION, 'namespaces');
  const chosen = selected(fields, 'namespaceSelectors', { what: 'namespaces', fits: isPairs });
  if (chosen.finding !== undefined) findings.add(chosen.finding);
  const selectsAll = chosen.requirements === undefined && fields.items(...ALLOCATION, 'namespaceSelectors').length > 0;
  const namespaceSelector = selectorOf(chosen)?.matchLabels;
  return {
    ...(namespaces.length === 0 || selectsAll ? {} : { namespaces }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
  };
}

/** Whom the pool is for. */
function bounds(fields: Fields, { lastPriority, findings }: PoolContext): Record<string, unknown> {
  if (!isBound(fields)) return {};
  const namespaces = namespacesOf(fields, findings);
  const byService = selected(fields, 'serviceSelectors', { what: 'services --all-namespaces', fits: () => true });
  if (byService.finding !== undefined) findings.add(byService.finding);
  // An empty one selects all, and so binds the pool to all: they get addresses from it before they do from others.
  const serviceSelector = selectorOf(byService) ?? (Object.keys(namespaces).length === 0 ? {} : undefined);
  const priority = priorityOf(fields);
  return {
    priority: priority > 0 ? priority : lastPriority,
    ...namespaces,
    ...(serviceSelector === undefined ? {} : { serviceSelector }),
  };
}

interface Way {
  readonly protocol: 'bgp' | 'layer2';
  readonly bgp?: PoolRoutes;
  readonly interface?: string;
  readonly nodes: readonly Requirements[];
}

/** Announced to nobody: no peer has the label without a value. */
const UNANNOUNCED: Way = { protocol: 'bgp', nodes: [], bgp: { peerSelector: { matchLabels: { [PEER_LABEL]: '' } } } };

function layer2Way(pool: Fields, all: readonly L2Advertisement[], findings: Findings): Way {
  const nodes = either(all.map((each) => each.nodes));
  const interfaces = either(all.map((each) => each.interfaces));
  const [only] = interfaces;
  const isSplit = new Set(all.map((each) => JSON.stringify([each.nodes, each.interfaces]))).size > 1;
  if (isSplit) {
    const names = all.map(({ fields }) => fields.name).join(', ');
    const why = `its L2Advertisements ${names} differ in nodes or interfaces, and all of their nodes may answer, on any of their interfaces`;
    findings.add({ kind: 'lost', object: pool.label, why, next: 'Split the pool where that is not enough.' });
  }
  if (only === undefined || (interfaces.length === 1 && only.length <= 15 && !/[ /:]/.test(only)))
    return { protocol: 'layer2', nodes, ...(only === undefined ? {} : { interface: only }) };
  const why = `an Eip has one interface, and these are ${interfaces.join(', ')}: the one that owns the subnet of an address is used`;
  const next = 'Set spec.interface of the Eip, or split the pool, if that is not the right one.';
  for (const { fields } of all.filter((each) => each.interfaces.length > 0))
    findings.add(fields.finding('lost', ['spec', 'interfaces'], `of ${pool.label}: ${why}`, next));
  return { protocol: 'layer2', nodes };
}

function wayOf(pool: Fields, { l2, bgp, findings }: PoolContext): Way {
  const chosen = l2.filter((each) => each.isFor(pool));
  const routed = bgp.filter((each) => each.isFor(pool));
  if (routed.length === 0 && chosen.length === 0) {
    const why =
      'no advertisement selects it, so MetalLB gives its addresses and announces none; here they are announced to no router';
    findings.add({
      kind: 'changed',
      object: pool.label,
      why,
      next: 'Remove spec.bgp.peerSelector of the Eip to have them announced.',
    });
    return UNANNOUNCED;
  }
  if (routed.length === 0) return layer2Way(pool, chosen, findings);
  for (const { fields } of chosen) {
    const why = `${pool.label} is announced by BGP as well, and a pool has one protocol: it is bgp`;
    findings.add({
      kind: 'lost',
      object: fields.label,
      why,
      next: 'Set spec.protocol to layer2 if that is what clients need.',
    });
  }
  const found = routesOf(pool, routed);
  findings.all.push(...found.findings);
  return { protocol: 'bgp', nodes: found.nodes, ...(found.bgp === undefined ? {} : { bgp: found.bgp }) };
}

function tellNotAutomatic(fields: Fields, findings: Findings): void {
  const why =
    'a pool that is bound to Services is used for them without being named; MetalLB waits until a Service names it';
  const next =
    'Leave namespaces and selectors out of the Eip if that must not be: then only who names it gets addresses.';
  findings.add(fields.finding('changed', ['spec', 'autoAssign'], why, next));
}

/** One IPAddressPool, with what its advertisements say, as an Eip. */
export function importPool(fields: Fields, context: PoolContext): ImportedPool {
  const { held, findings } = context;
  const isAutomatic = fields.flag('spec', 'autoAssign') !== false;
  const isDefault = isAutomatic && !isBound(fields);
  if (!isAutomatic && isBound(fields)) tellNotAutomatic(fields, findings);
  const way = wayOf(fields, context);
  const mark = {
    mark: `nodes-of-${fields.name}`,
    what: 'nodes',
    object: fields.label,
    field: 'nodeSelectors',
  } as const;
  const nodes = oneOf(way.nodes, { ...mark, fits: () => true });
  if (nodes.finding !== undefined) findings.add(nodes.finding);
  const nodeSelector = selectorOf(nodes);
  const ranges = rangesOf(fields, { layer2: way.protocol === 'layer2', held, findings });
  const avoidBuggyIPs = fields.flag('spec', 'avoidBuggyIPs');
  const spec = {
    ...{ addresses: ranges.texts, protocol: way.protocol },
    ...(way.interface === undefined ? {} : { interface: way.interface }),
    ...bounds(fields, context),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(avoidBuggyIPs === true ? { avoidBuggyIPs } : {}),
    ...(way.bgp === undefined ? {} : { bgp: way.bgp }),
  };
  const annotations = isDefault ? { annotations: { [DEFAULT_POOL]: 'true' } } : {};
  const manifest: Manifest = {
    apiVersion: API_VERSION,
    kind: 'Eip',
    metadata: { name: fields.name, ...annotations },
    spec,
  };
  return { name: fields.name, manifest, ranges, isAutomatic, isDefault };
}
