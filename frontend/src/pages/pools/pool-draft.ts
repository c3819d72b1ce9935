import type { KubernetesObject } from '../../api/objects.ts';

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

export function poolDraftOf({ metadata, spec = {} }: KubernetesObject): PoolDraft {
  const ranges = Array.isArray(spec['addresses']) ? spec['addresses'] : [spec['address'] ?? ''];
  const namespaces = Array.isArray(spec['namespaces']) ? spec['namespaces'] : [];
  return {
    name: metadata.name,
    ranges: ranges.join('\n'),
    protocol: textOf(spec['protocol'], 'bgp'),
    interface: textOf(spec['interface'], ''),
    isDefault: DEFAULT_KEYS.some((key) => metadata.annotations?.[key] === 'true'),
    priority: numberOf(spec['priority']),
    namespaces: namespaces.join(', '),
    reuseAfterSeconds: numberOf(spec['reuseAfterSeconds']),
    avoidBuggyIPs: spec['avoidBuggyIPs'] === true,
  };
}

/** `base` with what the form says. Where nothing was changed, it is `base`. */
export function poolObjectOf(draft: PoolDraft, base: KubernetesObject): KubernetesObject {
  const before = poolDraftOf(base);
  const changed = (field: keyof PoolDraft): boolean => draft[field] !== before[field];
  const spec: Record<string, unknown> = { ...base.spec };
  const set = (key: string, value: unknown): void => {
    if (value === undefined) delete spec[key];
    else spec[key] = value;
  };
  if (changed('ranges')) setRanges(draft.ranges, set);
  if (changed('protocol')) set('protocol', draft.protocol);
  if (changed('interface')) set('interface', draft.interface.trim() || undefined);
  if (changed('priority')) set('priority', draft.priority);
  if (changed('namespaces')) set('namespaces', someOf(parts(draft.namespaces, /[\s,]+/)));
  if (changed('reuseAfterSeconds')) set('reuseAfterSeconds', draft.reuseAfterSeconds);
  if (changed('avoidBuggyIPs')) set('avoidBuggyIPs', draft.avoidBuggyIPs || undefined);
  const metadata = { ...base.metadata, name: draft.name.trim() };
  if (!changed('isDefault')) return { ...base, metadata, spec };
  return { ...base, metadata: { ...metadata, annotations: defaultBy(draft.isDefault, base) }, spec };
}

/** The API has a field for one range, and another one for several. */
function setRanges(text: string, set: (key: string, value: unknown) => void): void {
  const ranges = parts(text, /[\n,;]+/);
  set('address', ranges.length === 1 ? ranges[0] : undefined);
  set('addresses', ranges.length > 1 ? ranges : undefined);
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
