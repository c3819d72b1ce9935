import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ERROR_CODES, ERRORS } from './errors.ts';
import { openapi } from './openapi.ts';
import { BASE_PATH, errorsOf, ROUTES, type Route } from './routes.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>> }>
    >;
    readonly responses: Readonly<Record<string, { readonly description: string }>>;
  };
}

const text = JSON.stringify(openapi());
const document = JSON.parse(text) as Document;

suite('the OpenAPI document', () => {
  test('has every route of the table, and nothing else', () => {
    const found = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
    );
    const wanted = Object.entries<Route>(ROUTES).map(([id, { method, path }]) => `${id} ${method} ${BASE_PATH}${path}`);
    assert.deepEqual(found.toSorted(), wanted.toSorted());
  });

  test('names the parameters of every path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        const named = parameters.filter((each) => each.in === 'path');
        assert.deepEqual(
          named.map(({ name }) => name),
          inPath,
          path,
        );
        assert.ok(named.every(({ required }) => required));
      }
    }
  });

  test('has every error of the table, and every status that a route can answer', () => {
    assert.deepEqual(document.components.schemas['Status']?.properties?.['reason']?.enum, ERROR_CODES);
    for (const code of ERROR_CODES) {
      assert.match(
        document.components.responses[`Error${ERRORS[code].status}`]?.description ?? '',
        new RegExp(`\`${code}\``),
      );
    }
    for (const [id, route] of Object.entries<Route>(ROUTES)) {
      const { responses } = document.paths[`${BASE_PATH}${route.path}`]?.[route.method] ?? { responses: {} };
      // Node.js answers for itself what it can't read.
      const wanted = new Set(['200', ...errorsOf(route).map((code) => String(ERRORS[code].status))]);
      assert.deepEqual(Object.keys(responses).toSorted(), [...wanted].toSorted(), id);
    }
  });

  test('refers to nothing that is not there, and leaves room for what later versions add', () => {
    const { schemas, responses } = document.components;
    const refs = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    assert.ok(refs.length > 0);
    for (const [ref, kind, name = ''] of refs) assert.ok(name in (kind === 'schemas' ? schemas : responses), ref);
    assert.doesNotMatch(JSON.stringify(schemas), /"additionalProperties":false/);
  });
});
