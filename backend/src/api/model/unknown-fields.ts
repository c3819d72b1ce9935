import { z } from 'zod';
import type { Cause } from '../errors.ts';

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a schema is about, whether or not it has to be there. */
function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return bare(schema.unwrap() as z.ZodType);
  }
  return schema;
}

/** What lies in a value, each with its schema and its path. */
function* within(schema: z.ZodType, written: unknown, path: string): Generator<readonly [z.ZodType, unknown, string]> {
  if (schema instanceof z.ZodArray && Array.isArray(written)) {
    for (const [i, item] of written.entries()) yield [schema.element as z.ZodType, item, `${path}[${i}]`];
  } else if (isObject(written)) {
    for (const [key, value] of Object.entries(written)) {
      const field = fieldOf(schema, key);
      if (field !== undefined) yield [field, value, `${path}.${key}`];
    }
  }
}

function fieldOf(schema: z.ZodType, key: string): z.ZodType | undefined {
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key)
    ? (schema.shape[key] as z.ZodType)
    : undefined;
}

/** Everything that is in a value for which a schema has fields, with these and its path. */
function* objectsIn(schema: z.ZodType, written: unknown, path: string): Generator<readonly [string, Fields, Fields]> {
  const known = bare(schema);
  if (known instanceof z.ZodObject && isObject(written)) yield [path, written, known.shape];
  for (const inner of within(known, written, path)) yield* objectsIn(...inner);
}

/**
 * What is written in the `spec` of an object and means nothing there, as a name that is misspelt: the API server takes such a field away or
 * refuses it, so that what is simulated would not be what is meant. All of them, whatever else is wrong with the spec.
 * @param path of the spec in the request
 */
export function unknownFields(schema: z.ZodType, spec: unknown, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const [field, written, shape] of objectsIn(schema, spec, path)) {
    const unknown = Object.keys(written).filter((key) => !Object.hasOwn(shape, key));
    if (unknown.length > 0) causes.push({ field, what: 'unknown', params: { keys: unknown.join(', ') } });
  }
  return causes;
}
