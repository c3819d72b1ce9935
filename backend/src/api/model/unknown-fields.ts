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

/** Everything that is in a value for which a schema has fields, with what is at which path below it. */
function* objectsIn(schema: z.ZodType, written: unknown, path: string): Generator<readonly [string, Fields, Fields]> {
  const known = bare(schema);
  if (known instanceof z.ZodArray && Array.isArray(written)) {
    for (const [i, item] of written.entries()) yield* objectsIn(known.element as z.ZodType, item, `${path}[${i}]`);
  } else if (known instanceof z.ZodRecord && isObject(written)) {
    for (const [key, value] of Object.entries(written)) {
      yield* objectsIn(known.valueType as z.ZodType, value, `${path}.${key}`);
    }
  } else if (known instanceof z.ZodObject && isObject(written)) {
    const shape = known.shape as Readonly<Record<string, z.ZodType>>;
    yield [path, written, shape];
    for (const [key, value] of Object.entries(written)) {
      if (Object.hasOwn(shape, key) && shape[key] !== undefined) yield* objectsIn(shape[key], value, `${path}.${key}`);
    }
  }
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
