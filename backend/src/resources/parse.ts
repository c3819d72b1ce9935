import { z } from 'zod';
import type { GracefulRestart } from '../domain/peer.ts';
import type { LabelSelector } from '../domain/selector.ts';
import type { GracefulRestartSpec, LabelSelectorSpec } from './schema.ts';

/** What is wrong with a field, or odd about it; `field` is its path as kubectl writes it, e.g. `spec.addresses[1]`. */
export interface Notice {
  readonly field: string;
  readonly message: string;
}

/** Facts about an object that could be read. */
export interface Remarks {
  /** Fields that are set but have no meaning here; in the order of the schema. */
  readonly ignoredFields: readonly string[];
  /** Fields that are used, but perhaps not as the author meant. */
  readonly warnings: readonly Notice[];
}

export type Refused = { readonly ok: false; readonly problems: readonly Notice[] };
export type Parse<T> = ({ readonly ok: true; readonly value: T } & Remarks) | Refused;

/** The parts of a stored object that parsing looks at. Typed clients have dates where the wire has text: both are taken. */
export interface StoredObject {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly creationTimestamp?: Date | string;
    readonly deletionTimestamp?: Date | string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface Identity {
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly deleting: boolean;
}

const timestamp = z.coerce.date();

export function identityOf({ metadata }: StoredObject): Identity {
  const created = metadata?.creationTimestamp;
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    createdAt: created === undefined ? 0 : timestamp.parse(created).getTime(),
    deleting: metadata?.deletionTimestamp !== undefined,
  };
}

/** `['addresses', 1]` -> `spec.addresses[1]`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'spec',
  );
}

/** `spec` by its schema. The API server has checked it by the same rules, unless the object is older than they are. */
export function parseSpec<S extends z.ZodType>(
  schema: S,
  object: StoredObject,
): { ok: true; spec: z.output<S> } | Refused {
  const result = schema.safeParse(object.spec, {
    error: (issue) => (issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : undefined),
  });
  if (result.success) return { ok: true, spec: result.data };
  return { ok: false, problems: result.error.issues.map(({ path, message }) => ({ field: fieldPath(path), message })) };
}

/** The names in `fields` whose value says something: zero, false and what is empty are protobuf's way to say nothing. */
export function meaningless(prefix: string, fields: Readonly<Record<string, unknown>>): string[] {
  const says = (value: unknown): boolean =>
    typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  return Object.entries(fields)
    .filter(([, value]) => says(value))
    .map(([name]) => `${prefix}.${name}`);
}

export function toSelector(spec: LabelSelectorSpec): LabelSelector;
export function toSelector(spec: LabelSelectorSpec | undefined): LabelSelector | undefined;
export function toSelector(spec: LabelSelectorSpec | undefined): LabelSelector | undefined {
  if (spec === undefined) return undefined;
  const matchExpressions = (spec.matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    operator,
    values: values ?? [],
  }));
  return { matchLabels: spec.matchLabels ?? {}, matchExpressions };
}

/** How long routers keep our routes while we are away, unless an object says otherwise, in seconds: FRR's and BIRD's default too. */
const DEFAULT_RESTART_SECONDS = 120;

export const DEFAULT_GRACEFUL_RESTART: GracefulRestart = { enabled: true, restartTimeSeconds: DEFAULT_RESTART_SECONDS };

export function toGracefulRestart(spec: GracefulRestartSpec): GracefulRestart {
  return { enabled: spec.enabled ?? true, restartTimeSeconds: spec.restartTime || DEFAULT_RESTART_SECONDS };
}

/** Fields of graceful restart that only concern speakers that receive routes. */
export function ignoredRestartFields(spec: GracefulRestartSpec | undefined): string[] {
  const { enabled: _enabled, restartTime: _restartTime, ...ignored } = spec ?? {};
  return meaningless('spec.gracefulRestart', ignored);
}
