import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import english from '../../../locales/en/errors.json' with { type: 'json' };
import { ERROR_CODES, ERRORS, type ErrorCode } from './errors.ts';
import { BASE_PATH, errorsOf, ROUTES, type Route } from './routes.ts';
import { condition, finding, reason } from './schemas/condition.ts';
import { node } from './schemas/node.ts';
import { peerSummary, session } from './schemas/peer.ts';
import { poolAddress, poolSummary } from './schemas/pool.ts';
import { replica } from './schemas/replica.ts';
import { check, listedService, servicePath, takers } from './schemas/service.ts';
import { status } from './schemas/status.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** Draft 2020-12, which is OpenAPI 3.1's, without what only stands at the top of a document of its own. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, reused: 'inline' }) as Record<
    string,
    Json
  >;
  return rest;
}

/** Clients must take what a later version adds to an answer, so that nothing is said of further properties. */
function open(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(open);
  if (schema === null || typeof schema !== 'object') return schema;
  const entries = Object.entries(schema).filter(([key, value]) => key !== 'additionalProperties' || value !== false);
  return Object.fromEntries(entries.map(([key, value]) => [key, open(value)]));
}

function parameters(schema: z.ZodObject | undefined, place: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, JsonObject>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function reference(id: string): JsonObject {
  return { $ref: `#/components/schemas/${id}` };
}

/** Errors with one status code are one response. */
function responses(): JsonObject {
  const byStatus = Map.groupBy(ERROR_CODES, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([code, same]) => [
      `Error${code}`,
      {
        description: same.map((each) => `\`${each}\`: ${english[each]}`).join('\n\n'),
        content: { 'application/json': { schema: reference('Status') } },
      },
    ]),
  );
}

function failures(codes: readonly ErrorCode[]): JsonObject {
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))];
  return Object.fromEntries(statuses.map((code) => [String(code), { $ref: `#/components/responses/Error${code}` }]));
}

const EVENTS =
  'With `Accept: text/event-stream` it is told again whenever it changes, as server-sent events: `change` with the whole answer, `error` ' +
  'with a Status before the end.';

function operation(id: string, route: Route): JsonObject {
  const { tag, summary, description, body, answerId } = route;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      '200': {
        description: route.events === true ? `${summary}. ${EVENTS}` : summary,
        content: {
          'application/json': { schema: reference(answerId) },
          ...(route.events === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
        },
      },
      ...failures(errorsOf(route)),
    },
    'x-porterlb-rbac': { verb: route.verb, resource: route.resource },
  };
}

function paths(): JsonObject {
  const all: Record<string, Record<string, Json>> = {};
  for (const [id, route] of Object.entries<Route>(ROUTES)) {
    const path = `${BASE_PATH}${route.path}`;
    all[path] = { ...all[path], [route.method]: operation(id, route) };
  }
  return all;
}

/** Schemas that several others contain, by name: they are told once. */
const PARTS: Readonly<Record<string, z.ZodType>> = {
  ...{ Status: status, Reason: reason, Finding: finding, Condition: condition },
  ...{
    Replica: replica,
    PoolSummary: poolSummary,
    PoolAddress: poolAddress,
    PeerSummary: peerSummary,
    Session: session,
  },
  ...{ Node: node, ListedService: listedService, Takers: takers, ServicePath: servicePath, Check: check },
};

function schemas(): JsonObject {
  const answers = Object.values<Route>(ROUTES).map(({ answerId, answer }) => [answerId, answer] as const);
  const named = new Map<string, z.ZodType>([...answers, ...Object.entries(PARTS)]);
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of [...named].sort(([a], [b]) => (a < b ? -1 : 1))) registry.add(schema, { id });
  const { schemas: all } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'output',
    uri: (id) => `#/components/schemas/${id}`,
  }) as unknown as { schemas: Readonly<Record<string, Readonly<Record<string, Json>>>> };
  return Object.fromEntries(Object.entries(all).map(([id, { $schema: _, $id: __, ...schema }]) => [id, open(schema)]));
}

/** The OpenAPI 3.1 document of the API: a function of the table of routes and of nothing else. */
export function openapi(): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'PorterLB',
      version: packageJson.version,
      description:
        'What kubectl can not show: why a Service has its address or not, who announces it to whom, and what would happen if. ' +
        'It only reads: changes go to the API server of Kubernetes. Every path is a virtual resource of the API group ' +
        'porterlb.kubesphere.io, so that RBAC decides who may read it. Errors are Status objects; `Accept-Language` chooses ' +
        'their language and that of explanations (en, zh).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    paths: paths(),
    components: {
      schemas: schemas(),
      responses: responses(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of a ServiceAccount or user of the cluster; through KubeSphere, its own token.',
        },
      },
    },
  };
}
