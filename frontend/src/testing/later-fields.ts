import type { Answers } from '../generated/api.ts';
import { OPERATIONS } from '../generated/api.ts';

/**
 * Fields of the API's answers that one of a minor version before may lack, by the schemas of OpenAPI: pages do without these. What is new in the API
 * comes in here, and goes when two minor versions have it.
 */
export const LATER_FIELDS: readonly `${string}.${string}`[] = [
  'Condition.text',
  'ListedService.takers',
  'Peer.gracefulShutdown',
  'PeerPage.replicas',
  'PeerSummary.gracefulShutdown',
  'PeerSummary.states',
  'ServicePage.replicas',
  'Session.lastErrorText',
  'Simulation.unknown',
];

/** As much of a JSON schema as OpenAPI describes answers with. */
export interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly responses: Readonly<
              Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
            >;
          }
        >
      >
    >
  >;
}

type Operation = keyof Answers;

/** The schema of what a request of a story is answered with, by `METHOD path`; undefined: it is none to this API. */
function answerTo(what: string, { paths }: OpenApi): Schema | undefined {
  const found = (Object.keys(OPERATIONS) as Operation[]).find((id) => {
    const { method, path } = OPERATIONS[id];
    return new RegExp(`^${method} ${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(what);
  });
  if (found === undefined) return undefined;
  const { method, path } = OPERATIONS[found];
  const [, at] = Object.entries(paths).find(([full]) => full.endsWith(path)) ?? [];
  return at?.[method.toLowerCase()]?.responses['200']?.content?.['application/json']?.schema;
}

interface Named extends Schema {
  /** Of the schema in the document, if it has one. */
  readonly name: string;
}

function resolved(schema: Schema, { components }: OpenApi): readonly Named[] {
  const options = schema.anyOf ?? [schema];
  return options.map((option) => {
    const name = option.$ref?.slice(option.$ref.lastIndexOf('/') + 1) ?? '';
    return { ...(name === '' ? option : components.schemas[name]), name };
  });
}

type Json = Readonly<Record<string, unknown>>;

function earlier(value: unknown, schema: Schema, api: OpenApi): unknown {
  const options = resolved(schema, api);
  if (Array.isArray(value)) {
    const items = options.find((each) => each.items !== undefined)?.items;
    return items === undefined ? value : value.map((item) => earlier(item, items, api));
  }
  const object = options.find(({ properties }) => properties !== undefined);
  if (typeof value !== 'object' || value === null || object === undefined) return value;
  const kept = Object.entries(value as Json).filter(([field]) => !LATER_FIELDS.includes(`${object.name}.${field}`));
  return Object.fromEntries(
    kept.map(([field, held]) => {
      const known = object.properties?.[field];
      return [field, known === undefined ? held : earlier(held, known, api)];
    }),
  );
}

/** What an API of the minor version before answers in its place. */
export function earlierAnswer(what: string, answer: unknown, api: OpenApi): unknown {
  const schema = answerTo(what, api);
  if (schema === undefined) return answer;
  if (typeof answer !== 'function') return earlier(answer, schema, api);
  return (...asked: unknown[]) => earlier((answer as (...all: unknown[]) => unknown)(...asked), schema, api);
}
