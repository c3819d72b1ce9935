import { z } from 'zod';
import * as patterns from './patterns.ts';
import { matches } from './patterns.ts';

/**
 * A condition on a value, said twice side by side: in CEL for the API server (functions of Kubernetes 1.28 only) and in
 * TypeScript for objects that were stored before the rule was there. Both are tested on the same table of objects.
 */
export interface Rule<T> {
  readonly cel: string;
  readonly message: string;
  readonly holds: (value: T) => boolean;
  /** Relative path of the field that the message is about, e.g. `.passwordSecretRef`; default: the value itself. */
  readonly fieldPath?: string;
}

interface CelValidation {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

const VALIDATIONS = 'x-kubernetes-validations';

function celOf<T>(rule: Rule<T>): CelValidation {
  return { rule: rule.cel, message: rule.message, ...(rule.fieldPath !== undefined && { fieldPath: rule.fieldPath }) };
}

/** `schema` with rules added, in TypeScript and in its metadata for the CRD. */
export function ruled<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  let result: S = schema;
  for (const rule of rules) {
    const path = rule.fieldPath === undefined ? [] : rule.fieldPath.split('.').slice(1);
    result = result.refine((value) => rule.holds(value), { message: rule.message, path });
  }
  const before = z.globalRegistry.get(result) ?? {};
  const known = (before[VALIDATIONS] ?? []) as readonly CelValidation[];
  return result.meta({ ...before, [VALIDATIONS]: [...known, ...rules.map(celOf)] });
}

/** Text that must match as a whole, refused with `message` instead of with the pattern. */
export function matching(pattern: string, maxLength: number, message: string): z.ZodString {
  return ruled(z.string().max(maxLength), {
    cel: `self.matches('^(${pattern})$')`,
    message,
    holds: (value) => matches(value, pattern),
  });
}

/** An integer of the API: 64 bits there, at most 2^53 - 1 here. */
export function integer(minimum?: number, maximum?: number): z.ZodInt {
  let schema = z.int();
  if (minimum !== undefined) schema = schema.min(minimum);
  if (maximum !== undefined) schema = schema.max(maximum);
  return schema;
}

const MAX_AS = 4_294_967_295;

/** An AS number that can stand in a path (RFC 7607 forbids 0). */
export function asNumber(): z.ZodInt {
  return integer(1, MAX_AS);
}

/** An unsigned integer of 32 bits, as OpenELB's protobuf fields are. */
export function uint32(): z.ZodInt {
  return integer(0, MAX_AS);
}

/** Longest text of an IPv6 address in hexadecimal groups. */
export const MAX_ADDRESS = 39;

export function ipAddress(message = 'must be an IPv4 or IPv6 address'): z.ZodString {
  return matching(patterns.IP, MAX_ADDRESS, message);
}

/** A list that server-side apply replaces as a whole. */
export function atomicList<S extends z.ZodType>(item: S, maxItems: number): z.ZodArray<S> {
  return z.array(item).max(maxItems).meta({ 'x-kubernetes-list-type': 'atomic' });
}

/** A list whose entries are told apart by `keys`, so that server-side apply merges entries of several writers. */
export function keyedList<S extends z.ZodType>(item: S, keys: readonly string[], maxItems?: number): z.ZodArray<S> {
  const list = maxItems === undefined ? z.array(item) : z.array(item).max(maxItems);
  return list.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

const MAX_PAIRS = 64;
const MAX_LABEL_KEY = 317;
const BAD_KEY =
  'must be a label key: an optional DNS subdomain and a slash, then up to 63 letters, digits, "-", "_", "."';
const BAD_VALUE =
  'must be a label value: up to 63 letters, digits, "-", "_", ".", beginning and ending with a letter or digit';

function labelValue(): z.ZodString {
  return matching(patterns.LABEL_VALUE, 63, BAD_VALUE).meta({ description: 'Value of a label.' });
}

/** Label pairs that must all be there. */
export function labelPairs(description: string): z.ZodRecord<z.ZodString, z.ZodString> {
  return ruled(z.record(z.string(), labelValue()), {
    cel: `self.all(key, size(key) <= ${MAX_LABEL_KEY} && key.matches('^${patterns.LABEL_KEY}$'))`,
    message: BAD_KEY,
    holds: (pairs) =>
      Object.keys(pairs).every((key) => key.length <= MAX_LABEL_KEY && matches(key, patterns.LABEL_KEY)),
  }).meta({ description, maxProperties: MAX_PAIRS });
}

const requirement = ruled(
  z.object({
    key: matching(patterns.LABEL_KEY, MAX_LABEL_KEY, BAD_KEY).meta({ description: 'Key of the label.' }),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
      .meta({ description: 'How key and values are compared.' }),
    values: atomicList(labelValue(), MAX_PAIRS)
      .optional()
      .meta({ description: 'Values for In and NotIn; must be empty for Exists and DoesNotExist.' }),
  }),
  {
    cel: "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0",
    message: 'values must be given for In and NotIn, and only for them',
    holds: ({ operator, values }) => (operator === 'In' || operator === 'NotIn') === (values?.length ?? 0) > 0,
    fieldPath: '.values',
  },
);

/** Kubernetes' LabelSelector: everything in it must hold; an empty one selects everything. */
export const labelSelector = z
  .object({
    matchLabels: labelPairs('Labels that must be there with these values.').optional(),
    matchExpressions: atomicList(requirement.meta({ description: 'One requirement on a label.' }), MAX_PAIRS)
      .optional()
      .meta({ description: 'Requirements that must all hold.' }),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });

export type LabelSelectorSpec = z.output<typeof labelSelector>;

const condition = z.object({
  type: z.string().max(316).meta({ description: 'Type of the condition, e.g. Ready.' }),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether the condition holds.' }),
  observedGeneration: integer()
    .optional()
    .meta({ description: 'metadata.generation that the condition was made for.' }),
  lastTransitionTime: z.iso.datetime().meta({ description: 'When status changed last, RFC 3339.' }),
  reason: z.string().max(1024).meta({ description: 'Why, as one word in CamelCase.' }),
  message: z.string().max(32768).meta({ description: 'Why, for people.' }),
});

/** `status.conditions`, the shape of `metav1.Condition`. */
export const conditions = keyedList(condition.meta({ description: 'One condition.' }), ['type'])
  .optional()
  .meta({ description: 'What is true of this object at present.' });

/** RFC 4724 as OpenELB's objects have it. Fields from helperOnly on belong to a receiving speaker and are ignored. */
export const gracefulRestart = z.object({
  enabled: z
    .boolean()
    .optional()
    .meta({ description: 'Ask routers to keep our routes while we are away. Default: true.' }),
  restartTime: integer(0, 4095)
    .optional()
    .meta({ description: 'How long routers keep our routes while we are away, in seconds. 0 or empty: 120.' }),
  notificationEnabled: z.boolean().optional().meta({ description: 'RFC 8538. Ignored.' }),
  helperOnly: z.boolean().optional().meta({ description: 'Ignored: we keep no routes of others.' }),
  deferralTime: uint32().optional().meta({ description: 'Ignored: we select no routes. Seconds.' }),
  longlivedEnabled: z.boolean().optional().meta({ description: 'Ignored.' }),
  staleRoutesTime: uint32().optional().meta({ description: 'Ignored: we keep no routes of others. Seconds.' }),
  peerRestartTime: uint32().optional().meta({ description: 'Ignored: state, not configuration. Seconds.' }),
  peerRestarting: z.boolean().optional().meta({ description: 'Ignored: state, not configuration.' }),
  localRestarting: z.boolean().optional().meta({ description: 'Ignored: state, not configuration.' }),
  mode: z.string().optional().meta({ description: 'Ignored: state, not configuration.' }),
});

export type GracefulRestartSpec = z.output<typeof gracefulRestart>;
