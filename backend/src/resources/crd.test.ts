import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { parseAddress } from '../domain/address.ts';
import { crdOf, KINDS, structuralSchema } from './crd.ts';
import { IP, matches } from './patterns.ts';

type Schema = Readonly<Record<string, unknown>>;

function asSchema(value: unknown): Schema {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value));
  return value as Schema;
}

/** The served schema of a kind. */
function schemaOf(kind: (typeof KINDS)[number]): Schema {
  const { versions } = asSchema(crdOf(kind)['spec']) as {
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
  const served = versions.find(({ name }) => name === 'v1alpha2');
  assert.ok(served !== undefined);
  return served.schema.openAPIV3Schema;
}

/** Every schema in `schema`, with its path. */
function* nodes(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema];
  for (const [name, child] of Object.entries(asSchema(schema['properties'] ?? {})))
    yield* nodes(asSchema(child), `${path}.${name}`);
  for (const [keyword, mark] of [['items', '[]'] as const, ['additionalProperties', '{}'] as const]) {
    if (schema[keyword] !== undefined) yield* nodes(asSchema(schema[keyword]), `${path}${mark}`);
  }
}

for (const kind of KINDS) {
  test(`${kind.kind}: the schema is structural`, () => {
    for (const [path, schema] of nodes(schemaOf(kind), kind.kind)) {
      assert.equal(typeof schema['type'], 'string', `${path} has one type`);
      for (const keyword of [
        '$ref',
        '$schema',
        'anyOf',
        'oneOf',
        'allOf',
        'not',
        'const',
        'propertyNames',
        'pattern',
      ]) {
        assert.equal(schema[keyword], undefined, `${path} has no ${keyword}`);
      }
      assert.ok(schema['properties'] === undefined || schema['additionalProperties'] === undefined, path);
    }
  });

  test(`${kind.kind}: every field has a description`, () => {
    const bare = [...nodes(schemaOf(kind), kind.kind)].filter(
      ([path, schema]) => !path.includes('.metadata') && typeof schema['description'] !== 'string',
    );
    assert.deepEqual(
      bare.map(([path]) => path),
      [],
    );
  });

  test(`${kind.kind}: no value of a status is refused, so that the status of OpenELB stays readable`, () => {
    const status = asSchema(asSchema(schemaOf(kind)['properties'])['status']);
    const ours = /\.(conditions|replicas|released|established|addresses|namespaces|conflicts)(\W|$)/;
    for (const [path, schema] of nodes(status, 'status')) {
      if (ours.test(path)) continue;
      for (const keyword of [
        'minimum',
        'maximum',
        'enum',
        'maxLength',
        'maxProperties',
        'required',
        'x-kubernetes-validations',
      ]) {
        assert.equal(schema[keyword], undefined, `${path} has no ${keyword}`);
      }
    }
  });

  test(`${kind.kind}: v1alpha1 stays listed, unserved, and refuses nothing`, () => {
    const { versions } = asSchema(crdOf(kind)['spec']) as {
      versions: (Schema & { schema: { openAPIV3Schema: Schema } })[];
    };
    const old = versions.find(({ name }) => name === 'v1alpha1');
    assert.deepEqual([old?.['served'], old?.['storage']], [false, false]);
    assert.equal(old?.schema.openAPIV3Schema['x-kubernetes-preserve-unknown-fields'], true);
  });
}

test('the columns answer "is it fine?"', () => {
  const columns = KINDS.map((kind) =>
    kind.columns.filter(({ priority }) => priority === undefined).map(({ name }) => name),
  );
  assert.deepEqual(columns, [
    ['Address', 'Protocol', 'Usage', 'Total', 'Ready', 'Conflict', 'Age'],
    ['AS', 'RouterID', 'Ready', 'Age'],
    ['Neighbor', 'AS', 'Established', 'Ready', 'Age'],
  ]);
});

test('a schema that Kubernetes has no words for is an error, not a silent loss', () => {
  assert.throws(() => structuralSchema(z.object({ a: z.union([z.string(), z.number()]) })), /one type/);
  assert.throws(() => structuralSchema(z.object({ a: z.string().regex(/x/) })), /pattern/);
});

/** Texts near addresses: made of their pieces, so that valid and almost valid ones are both frequent. */
const piece = fc.constantFrom('0', '1', '9', '25', '255', '256', '00', '01', 'f', 'ffff', 'fffff', 'g', ' ');
const joint = fc.constantFrom('.', ':', '::', '', ':');
const nearAddress = fc
  .array(fc.tuple(piece, joint), { minLength: 1, maxLength: 9 })
  .map((parts) => parts.flat().join(''));

test('the pattern of the schema and the parser of the domain take the same addresses', () => {
  const agree = (text: string): void => {
    // The one difference: the parser also takes a dotted IPv4 address inside of an IPv6 one.
    if (text.includes(':') && text.includes('.')) return;
    assert.equal(matches(text, IP), parseAddress(text) !== undefined, text);
  };
  fc.assert(fc.property(nearAddress, agree), { numRuns: 3000 });
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), agree), { numRuns: 1000 });
});
