import type { KubernetesObject } from '../../api/objects.ts';
import type { Bodies } from '../../generated/api.ts';

/** A pool as the form has it: the fields that most sites set. All others stay as they are, and can be changed as YAML. */
export interface PoolDraft {
  readonly name: string;
  /** One a line. */
  readonly ranges: string;
  readonly protocol: string;
  readonly interface: string;
  readonly isDefault: boolean;
  readonly priority: number | undefined;
  /** Separated by commas. */
  readonly namespaces: string;
  readonly reuseAfterSeconds: number | undefined;
  readonly avoidBuggyIPs: boolean;
}

const DEFAULT_KEYS = ['eip.porter.kubesphere.io/is-default-eip', 'eip.openelb.kubesphere.io/is-default-eip'] as const;

/** What a new pool begins with. */
export const NEW_POOL: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip' },
  ...{ metadata: { name: '' }, spec: { protocol: 'bgp' } },
};

/** What the first one begins with: without a default pool, Services that name none would wait. */
export const FIRST_POOL: KubernetesObject = {
  ...NEW_POOL,
  metadata: { name: '', annotations: { [DEFAULT_KEYS[0]]: 'true' } },
};

export function poolDraftOf({ metadata, spec = {} }: KubernetesObject): PoolDraft {
  const ranges = Array.isArray(spec['addresses']) ? spec['addresses'] : [spec['address'] ?? ''];
  const namespaces = Array.isArray(spec['namespaces']) ? spec['namespaces'] : [];
  return {
    name: metadata.name,
    ranges: ranges.join('\n'),
    protocol: textOf(spec['protocol'], 'bgp'),
    interface: textOf(spec['interface'], ''),
    isDefault: isDefault(metadata),
    priority: numberOf(spec['priority']),
    namespaces: namespaces.join(', '),
    reuseAfterSeconds: numberOf(spec['reuseAfterSeconds']),
    avoidBuggyIPs: spec['avoidBuggyIPs'] === true,
  };
}

function isDefault({ annotations }: KubernetesObject['metadata']): boolean {
  return DEFAULT_KEYS.some((key) => annotations?.[key] === 'true');
}

/** What the API is asked to try out. An API that is older does not know of `isDefault`: it is said only of what was another way. */
export function poolSimulation(
  { metadata, spec = {} }: KubernetesObject,
  before: KubernetesObject,
): Bodies['simulate'] {
  const said = isDefault(metadata);
  const was = before.metadata.name !== '' && isDefault(before.metadata);
  const change = said === was ? {} : { isDefault: said };
  return { pools: [{ name: metadata.name, spec, ...change }] };
}

/** What each field of the form says of the spec; undefined: nothing. */
const SPEC: Readonly<Partial<Record<keyof PoolDraft, (draft: PoolDraft) => Readonly<Record<string, unknown>>>>> = {
  ranges: ({ ranges }) => rangeFields(parts(ranges, /[\n,;]+/)),
  protocol: ({ protocol }) => ({ protocol }),
  interface: (draft) => ({ interface: draft.interface.trim() || undefined }),
  priority: ({ priority }) => ({ priority }),
  namespaces: ({ namespaces }) => ({ namespaces: someOf(parts(namespaces, /[\s,]+/)) }),
  reuseAfterSeconds: ({ reuseAfterSeconds }) => ({ reuseAfterSeconds }),
  avoidBuggyIPs: ({ avoidBuggyIPs }) => ({ avoidBuggyIPs: avoidBuggyIPs || undefined }),
};

/** `base` with what the form says. Where nothing was changed, it is `base`. */
export function poolObjectOf(draft: PoolDraft, base: KubernetesObject): KubernetesObject {
  const before = poolDraftOf(base);
  const changed = (field: string): boolean => draft[field as keyof PoolDraft] !== before[field as keyof PoolDraft];
  const changes = Object.entries(SPEC).map(([field, said]) => (changed(field) ? said(draft) : {}));
  const spec = Object.entries(Object.assign({}, base.spec, ...changes) as object);
  const metadata = {
    ...base.metadata,
    name: draft.name.trim(),
    ...(changed('isDefault') ? { annotations: defaultBy(draft.isDefault, base) } : {}),
  };
  return { ...base, metadata, spec: Object.fromEntries(spec.filter(([, value]) => value !== undefined)) };
}

/** The API has a field for one range, and another one for several. */
function rangeFields(ranges: readonly string[]): Record<string, unknown> {
  const [first] = ranges;
  return ranges.length > 1 ? { address: undefined, addresses: ranges } : { address: first, addresses: undefined };
}

function defaultBy(isDefault: boolean, { metadata }: KubernetesObject): Record<string, string> {
  const known: ReadonlySet<string> = new Set(DEFAULT_KEYS);
  const others = Object.entries(metadata.annotations ?? {}).filter(([key]) => !known.has(key));
  return { ...Object.fromEntries(others), ...(isDefault ? { [DEFAULT_KEYS[0]]: 'true' } : {}) };
}

/** Where in the form stands what the API server has against a path of the object. */
export function poolFieldOf(path: string): string {
  if (path.startsWith('metadata.name')) return 'name';
  if (path.startsWith('spec.address')) return 'ranges';
  const [, field = ''] = /^spec\.(\w+)/.exec(path) ?? [];
  return ['protocol', 'interface', 'priority', 'namespaces', 'reuseAfterSeconds', 'avoidBuggyIPs'].includes(field)
    ? field
    : '';
}

function parts(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function someOf(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

/** OpenELB's numbers may be texts. */
function numberOf(value: unknown): number | undefined {
  return value === undefined || value === '' ? undefined : Number(value);
}
