import type { KubernetesObject } from '../../api/objects.ts';

/** A router as the form has it: the fields that most sites set. All others stay as they are, and can be changed as YAML. */
export interface PeerDraft {
  readonly name: string;
  readonly address: string;
  readonly peerAs: number | undefined;
  readonly localAs: number | undefined;
  readonly port: number | undefined;
  readonly secret: string;
  readonly holdTime: number | undefined;
  readonly multihop: boolean;
  readonly bfd: boolean;
  readonly nextHopSelf: boolean;
  readonly gracefulShutdown: boolean;
  readonly adminDown: boolean;
}

export const NEW_PEER: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer' },
  ...{ metadata: { name: '' }, spec: { conf: {} } },
};

type SpecField = Exclude<keyof PeerDraft, 'name'>;

/** Where each field of the form stands in the spec. */
const PATHS: Readonly<Record<SpecField, readonly string[]>> = {
  address: ['conf', 'neighborAddress'],
  peerAs: ['conf', 'peerAs'],
  localAs: ['conf', 'localAs'],
  port: ['transport', 'remotePort'],
  secret: ['passwordSecretRef', 'name'],
  holdTime: ['timers', 'config', 'holdTime'],
  multihop: ['ebgpMultihop', 'enabled'],
  bfd: ['bfd', 'enabled'],
  nextHopSelf: ['nextHopSelf'],
  gracefulShutdown: ['gracefulShutdown'],
  adminDown: ['conf', 'adminDown'],
};

type Fields = Readonly<Record<string, unknown>>;

export function peerDraftOf({ metadata, spec = {} }: KubernetesObject): PeerDraft {
  const at = (field: SpecField): unknown => PATHS[field].reduce<unknown>((value, key) => fieldsOf(value)[key], spec);
  return {
    name: metadata.name,
    address: textOf(at('address')),
    peerAs: numberOf(at('peerAs')),
    localAs: numberOf(at('localAs')),
    port: numberOf(at('port')),
    secret: textOf(at('secret')),
    holdTime: numberOf(at('holdTime')),
    multihop: at('multihop') === true,
    bfd: at('bfd') === true,
    nextHopSelf: at('nextHopSelf') === true,
    gracefulShutdown: at('gracefulShutdown') === true,
    adminDown: at('adminDown') === true,
  };
}

/** `base` with what the form says. Where nothing was changed, it is `base`. */
export function peerObjectOf(draft: PeerDraft, base: KubernetesObject): KubernetesObject {
  const before = peerDraftOf(base);
  const changed = (Object.keys(PATHS) as SpecField[]).filter((field) => draft[field] !== before[field]);
  const spec = changed.reduce<Fields>(
    (now, field) => withField(now, PATHS[field], said(field, draft)),
    base.spec ?? {},
  );
  return { ...base, metadata: { ...base.metadata, name: draft.name.trim() }, spec };
}

/** What the object says for a field of the form; undefined: nothing. */
function said(field: SpecField, draft: PeerDraft): unknown {
  const value = draft[field];
  if (field === 'holdTime' && value !== undefined) return String(value);
  const plain = typeof value === 'string' ? value.trim() : value;
  return plain === '' || plain === false ? undefined : plain;
}

/** What is left empty by that goes, too; `conf` has to be there. */
function withField(fields: Fields, [key = '', ...rest]: readonly string[], value: unknown): Fields {
  const inner = rest.length === 0 ? value : withField(fieldsOf(fields[key]), rest, value);
  const isEmpty = inner === undefined || (rest.length > 0 && key !== 'conf' && isNothing(key, fieldsOf(inner)));
  const { [key]: _, ...others } = fields;
  return isEmpty ? others : { ...fields, [key]: inner };
}

/** A key of a Secret whose name is gone says nothing. */
function isNothing(key: string, fields: Fields): boolean {
  const keys = Object.keys(fields);
  return keys.length === 0 || (key === 'passwordSecretRef' && keys.every((each) => each === 'key'));
}

/** Where in the form stands what the API server has against a path of the object. */
export function peerFieldOf(path: string): string {
  if (path.startsWith('metadata.name')) return 'name';
  if (path === 'spec.passwordSecretRef') return 'secret';
  const found = Object.entries(PATHS).find(([, keys]) => path === `spec.${keys.join('.')}`);
  return found?.[0] ?? '';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Timers are texts; 0 and nothing are the same. */
function numberOf(value: unknown): number | undefined {
  const number = Number(value ?? 0);
  return number === 0 || Number.isNaN(number) ? undefined : number;
}
