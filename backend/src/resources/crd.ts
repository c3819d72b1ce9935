import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { bgpConfSpec, bgpConfStatus } from './bgp-conf.ts';
import { bgpPeerSpec } from './bgp-peer.ts';
import { bgpPeerStatus } from './bgp-peer-status.ts';
import { eipSpec, eipStatus } from './eip.ts';
import { CRD_KEYS, GROUP, VERSION } from './keys.ts';

/** JSON as it stands in a manifest. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  /** 0 = always shown, 1 = with `-o wide`. */
  readonly priority?: number;
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
  /** Longest name, in characters; undefined = Kubernetes' own limit of 253. */
  readonly maxNameLength?: number;
}

const ready: Column = {
  name: 'Ready',
  type: 'string',
  description: 'Whether it is in use; the condition Ready says why not.',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
};
const reason: Column = {
  name: 'Reason',
  type: 'string',
  description: 'Reason of the condition Ready.',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
  priority: 1,
};
const age: Column = {
  name: 'Age',
  type: 'date',
  description: 'Age of the object.',
  jsonPath: '.metadata.creationTimestamp',
};

function column(name: string, jsonPath: string, description: string, type: Column['type'] = 'string'): Column {
  return { name, type, description, jsonPath };
}

export const KINDS: readonly Kind[] = [
  {
    kind: 'Eip',
    plural: 'eips',
    singular: 'eip',
    shortNames: [],
    description: 'A pool of addresses for Services of type LoadBalancer.',
    spec: eipSpec,
    status: eipStatus,
    columns: [
      column('Address', ".spec['address','addresses']", 'The addresses.'),
      column('Protocol', '.spec.protocol', 'How the network learns of the addresses.'),
      column('Usage', '.status.usage', 'Number of addresses in use.', 'integer'),
      column('Total', '.status.poolSize', 'Number of addresses.', 'integer'),
      ready,
      reason,
      column(
        'Conflict',
        '.status.conditions[?(@.type=="AddressConflict")].status',
        'Whether somebody else on the link uses addresses of it; the condition AddressConflict says who.',
      ),
      age,
    ],
    // The name stands in a label of the Services that use the pool.
    maxNameLength: 63,
  },
  {
    kind: 'BgpConf',
    plural: 'bgpconfs',
    singular: 'bgpconf',
    shortNames: ['bgpc'],
    description: 'How we speak BGP. Only the object named default is used.',
    spec: bgpConfSpec,
    status: bgpConfStatus,
    columns: [
      column('AS', '.spec.as', 'Our AS number.', 'integer'),
      column('RouterID', '.spec.routerId', 'BGP identifier; empty: each replica has its own.'),
      ready,
      reason,
      age,
    ],
  },
  {
    kind: 'BgpPeer',
    plural: 'bgppeers',
    singular: 'bgppeer',
    shortNames: ['bgpp'],
    description: 'A router that our routes are announced to.',
    spec: bgpPeerSpec,
    status: bgpPeerStatus,
    columns: [
      column('Neighbor', '.spec.conf.neighborAddress', 'IP address of the router.'),
      column('AS', '.spec.conf.peerAs', 'AS number of the router.', 'integer'),
      column('Established', '.status.established', 'Established sessions of all that should be.'),
      ready,
      reason,
      age,
    ],
  },
];

/** Keywords of JSON Schema that a structural schema of Kubernetes has and we use; anything else is an error, not dropped. */
const KEPT = new Set([
  ...['type', 'description', 'format', 'default', 'enum', 'minimum', 'maximum', 'minLength', 'maxLength', 'maxItems'],
  ...['maxProperties', 'required', 'properties', 'items', 'additionalProperties'],
]);
/** Made by zod, without a counterpart: keys of a map can't be limited by a structural schema. */
const DROPPED = new Set(['$schema', 'propertyNames']);
/** Patterns that zod writes beside a format. */
const FORMATS = new Set(['date-time']);

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keep(key: string, schema: JsonObject): boolean {
  if (KEPT.has(key) || key.startsWith('x-kubernetes-')) return true;
  if (DROPPED.has(key)) return false;
  if (key === 'pattern' && FORMATS.has(String(schema['format']))) return false;
  throw new Error(
    `no counterpart of the JSON Schema keyword "${key}" in a structural schema: ${JSON.stringify(schema)}`,
  );
}

function structuralValue(key: string, value: Json): Json {
  if (key === 'items' || key === 'additionalProperties') return isObject(value) ? structural(value) : value;
  if (key !== 'properties' || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, isObject(child) ? structural(child) : child]),
  );
}

/** A JSON Schema of zod as a structural schema. */
function structural(schema: JsonObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (keep(key, schema)) result[key] = structuralValue(key, value);
  }
  if (typeof result['type'] !== 'string') throw new Error(`not of exactly one type: ${JSON.stringify(schema)}`);
  if (result['type'] === 'integer') {
    // zod bounds every integer by what JavaScript can hold; Kubernetes has a format for that.
    if (result['minimum'] === Number.MIN_SAFE_INTEGER) delete result['minimum'];
    if (result['maximum'] === Number.MAX_SAFE_INTEGER) delete result['maximum'];
    result['format'] = 'int64';
  }
  const { description, type, ...rest } = result;
  return { ...(description !== undefined && { description }), type, ...rest };
}

/** The structural schema of a zod schema, as users write the value (fields with a default may be missing). */
export function structuralSchema(schema: z.ZodType): JsonObject {
  const json: unknown = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', reused: 'inline' });
  // zod marks its result with a non-enumerable property; a round trip through JSON leaves plain data.
  const plain: unknown = JSON.parse(JSON.stringify(json));
  if (!isObject(plain)) throw new Error('zod made no JSON Schema object');
  return structural(plain);
}

/** Kubernetes has the schema of metadata itself and allows no more than this beside it. */
function metadataSchema({ maxNameLength }: Kind): JsonObject {
  if (maxNameLength === undefined) return { type: 'object' };
  return { type: 'object', properties: { name: { type: 'string', maxLength: maxNameLength } } };
}

function objectSchema(kind: Kind): JsonObject {
  return {
    description: kind.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Group and version of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: metadataSchema(kind),
      spec: structuralSchema(kind.spec),
      status: structuralSchema(kind.status),
    },
  };
}

function printerColumns(kind: Kind): Json[] {
  return kind.columns.map(({ name, type, description, jsonPath, priority }) => ({
    name,
    type,
    description,
    jsonPath,
    ...(priority !== undefined && { priority }),
  }));
}

/** The CustomResourceDefinition of one kind. */
export function crdOf(kind: Kind): JsonObject {
  const { plural, singular, shortNames } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'porterlb', 'app.kubernetes.io/part-of': 'porterlb' },
      annotations: { [CRD_KEYS.version]: packageJson.version },
    },
    spec: {
      group: GROUP,
      scope: 'Cluster',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 && { shortNames }),
        categories: ['networking'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: printerColumns(kind),
          subresources: { status: {} },
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
        {
          // Old clusters have it in status.storedVersions, and Kubernetes refuses a CRD that leaves such a version out.
          name: 'v1alpha1',
          served: false,
          storage: false,
          schema: {
            openAPIV3Schema: {
              description: `${kind.description} No longer served; use ${VERSION}.`,
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
            },
          },
        },
      ],
    },
  };
}
