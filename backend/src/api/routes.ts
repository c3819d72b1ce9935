import type { z } from 'zod';
import { ANYWHERE, WITH_IDENTITY, type ErrorCode } from './errors.ts';
import { nodePage, nodesQuery } from './schemas/node.ts';
import { overview } from './schemas/overview.ts';
import { peer, peerPage, peersQuery } from './schemas/peer.ts';
import { addressesQuery, named, pool, poolAddresses, poolPage, poolsQuery } from './schemas/pool.ts';
import { version } from './schemas/replica.ts';
import { preflight, simulation, simulationRequest } from './schemas/simulation.ts';
import { explanation, inNamespace, namedInNamespace, service, servicePage, servicesQuery } from './schemas/service.ts';

export const API_GROUP = 'porterlb.kubesphere.io';
export const API_VERSION = 'v1alpha1';
/** Where KubeSphere looks for a group's own API; the same path without KubeSphere. */
export const BASE_PATH = `/kapis/${API_GROUP}/${API_VERSION}`;

export type Verb = 'get' | 'list' | 'create';

/** One path with one method. The table is the only source: requests are checked by it, and OpenAPI is made of it. */
export interface Route {
  readonly method: 'get' | 'post';
  /** Below `BASE_PATH`; `{name}` is a parameter. */
  readonly path: string;
  /** What RBAC is asked for (`resource/subresource`), in `API_GROUP`. Path parameters `namespace` and `name` go along. */
  readonly resource: string;
  readonly verb: Verb;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  readonly answerId: string;
  /** Whether it is told again whenever it changes, to who accepts `text/event-stream`. */
  readonly events?: boolean;
  /** What it answers besides `ANYWHERE` and `WITH_IDENTITY`. */
  readonly errors: readonly ErrorCode[];
}

export const ROUTES = {
  getVersion: {
    ...{ method: 'get', path: '/version', resource: 'version', verb: 'get', tag: 'Installation' },
    summary: 'What runs, and since when',
    answer: version,
    answerId: 'Version',
    errors: [],
  },
  getOverview: {
    ...{ method: 'get', path: '/overview', resource: 'overview', verb: 'get', tag: 'Installation' },
    summary: 'All at a glance',
    description: 'Health, counts, problems by reason, and who announces what to whom as nodes and edges of a picture.',
    answer: overview,
    answerId: 'Overview',
    events: true,
    errors: [],
  },
  listPools: {
    ...{ method: 'get', path: '/pools', resource: 'pools', verb: 'list', tag: 'Pools' },
    summary: 'Pools of addresses',
    query: poolsQuery,
    answer: poolPage,
    answerId: 'PoolPage',
    events: true,
    errors: [],
  },
  getPool: {
    ...{ method: 'get', path: '/pools/{name}', resource: 'pools', verb: 'get', tag: 'Pools' },
    summary: 'One pool',
    params: named,
    answer: pool,
    answerId: 'Pool',
    events: true,
    errors: ['ObjectNotFound'],
  },
  listPoolAddresses: {
    ...{ method: 'get', path: '/pools/{name}/addresses', resource: 'pools/addresses', verb: 'get', tag: 'Pools' },
    summary: 'The addresses of a pool, with who has them',
    description: 'Services of namespaces whose Services you may not list in this API group are null.',
    params: named,
    query: addressesQuery,
    answer: poolAddresses,
    answerId: 'PoolAddresses',
    errors: ['ObjectNotFound'],
  },
  listPeers: {
    ...{ method: 'get', path: '/peers', resource: 'peers', verb: 'list', tag: 'Peers' },
    summary: 'Routers',
    query: peersQuery,
    answer: peerPage,
    answerId: 'PeerPage',
    events: true,
    errors: [],
  },
  getPeer: {
    ...{ method: 'get', path: '/peers/{name}', resource: 'peers', verb: 'get', tag: 'Peers' },
    summary: 'One router, with the session of each replica',
    params: named,
    answer: peer,
    answerId: 'Peer',
    events: true,
    errors: ['ObjectNotFound'],
  },
  listNodes: {
    ...{ method: 'get', path: '/nodes', resource: 'nodes', verb: 'list', tag: 'Nodes' },
    summary: 'Nodes, whether they take traffic, and what that is known by',
    query: nodesQuery,
    answer: nodePage,
    answerId: 'NodePage',
    errors: [],
  },
  listServices: {
    ...{ method: 'get', path: '/services', resource: 'services', verb: 'list', tag: 'Services' },
    summary: 'Services of type LoadBalancer of all namespaces',
    query: servicesQuery,
    answer: servicePage,
    answerId: 'ServicePage',
    errors: [],
  },
  listNamespacedServices: {
    ...{ method: 'get', path: '/namespaces/{namespace}/services', resource: 'services', verb: 'list', tag: 'Services' },
    summary: 'Services of type LoadBalancer of a namespace',
    params: inNamespace,
    query: servicesQuery,
    answer: servicePage,
    answerId: 'ServicePage',
    errors: [],
  },
  getService: {
    ...{
      method: 'get',
      path: '/namespaces/{namespace}/services/{name}',
      resource: 'services',
      verb: 'get',
      tag: 'Services',
    },
    summary: 'One Service, with the way of each of its addresses',
    params: namedInNamespace,
    answer: service,
    answerId: 'Service',
    errors: ['ObjectNotFound'],
  },
  explainService: {
    ...{
      method: 'get',
      path: '/namespaces/{namespace}/services/{name}/explanation',
      resource: 'services/explanation',
      verb: 'get',
      tag: 'Services',
    },
    summary: 'Why a Service can be reached or not, and what to do',
    params: namedInNamespace,
    answer: explanation,
    answerId: 'Explanation',
    errors: ['ObjectNotFound'],
  },
  simulate: {
    ...{ method: 'post', path: '/simulations', resource: 'simulations', verb: 'create', tag: 'Installation' },
    summary: 'What would change if',
    description:
      'Nothing is done: the answer is computed by the functions that act. Addresses of Services stay whatever becomes of their pool.',
    body: simulationRequest,
    answer: simulation,
    answerId: 'Simulation',
    errors: [],
  },
  getPreflight: {
    ...{ method: 'get', path: '/preflight', resource: 'preflight', verb: 'get', tag: 'Installation' },
    summary: 'Whether a cluster is as PorterLB needs it',
    answer: preflight,
    answerId: 'Preflight',
    errors: [],
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteId = keyof typeof ROUTES;

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;
type Field<Id extends RouteId, Key extends string> = (typeof ROUTES)[Id] extends { readonly [K in Key]: infer T }
  ? Parsed<T>
  : undefined;

/** What a handler gets of a request, checked. */
export interface Call<Id extends RouteId> {
  readonly params: Field<Id, 'params'>;
  readonly query: Field<Id, 'query'>;
  readonly body: Field<Id, 'body'>;
}

export type Answer<Id extends RouteId> = z.input<(typeof ROUTES)[Id]['answer']>;

/** All errors of a route, each once, in the order of the table. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes = [...ANYWHERE, ...WITH_IDENTITY, ...route.errors];
  if (route.body !== undefined) codes.push('InvalidBody', 'RequestEntityTooLarge', 'UnsupportedMediaType');
  return [...new Set(codes)];
}
