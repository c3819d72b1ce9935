import type { z } from 'zod';
import { ANYWHERE, WITH_IDENTITY, type ErrorCode } from './errors.ts';
import { version } from './schemas/replica.ts';

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
  /** What it answers besides `ANYWHERE` and `WITH_IDENTITY`. */
  readonly errors: readonly ErrorCode[];
}

export const ROUTES = {
  getVersion: {
    method: 'get',
    path: '/version',
    resource: 'version',
    verb: 'get',
    tag: 'Installation',
    summary: 'What runs, and since when',
    answer: version,
    answerId: 'Version',
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
