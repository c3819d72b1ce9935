import type { z } from 'zod';
import type { Cause } from '../errors.ts';

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of everything that is in a value, what is at which path below it. */
function* objectsIn(written: unknown, read: unknown, path: string): Generator<readonly [string, Fields, Fields]> {
  if (Array.isArray(written) && Array.isArray(read)) {
    for (const [i, item] of written.entries()) yield* objectsIn(item, read[i], `${path}[${i}]`);
  } else if (isObject(written) && isObject(read)) {
    yield [path, written, read];
    for (const [key, value] of Object.entries(written)) {
      if (Object.hasOwn(read, key)) yield* objectsIn(value, read[key], `${path}.${key}`);
    }
  }
}

/**
 * What is written in the `spec` of an object and means nothing there, as a name that is misspelt: the API server takes such a field away or
 * refuses it, so that what is simulated would not be what is meant. Undefined: all of it is known, or it can't be read at all.
 * @param path of the spec in the request
 */
export function unknownField(schema: z.ZodType, spec: unknown, path: string): Cause | undefined {
  const result = schema.safeParse(spec);
  if (!result.success) return undefined;
  for (const [field, written, read] of objectsIn(spec, result.data, path)) {
    const unknown = Object.keys(written).filter((key) => !Object.hasOwn(read, key));
    if (unknown.length > 0) return { field, what: 'unknown', params: { keys: unknown.join(', ') } };
  }
  return undefined;
}
