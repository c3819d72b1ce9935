import { stdSerializers } from 'pino';
import type { LogFields } from '../ports.ts';

/** Names of fields that carry a credential, by how they end: of resources, of HTTP's headers, of a kubeconfig. */
const SECRET =
  /(?:password|passwd|passphrase|token|authorization|cookie|credentials?|private-?key|client-?key(?:-?data)?)$/i;
/** Levels of objects in a field, as many as pino writes: whatever somebody logs takes bounded time. */
const MAX_DEPTH = 5;

/** Fields of a log line without those that carry a credential, at any depth; what is too deep, or leads back to itself, is cut off. */
export function withoutCredentials(fields: LogFields): LogFields {
  return entriesOf(fields, []) as LogFields;
}

/** `above`: the objects that `value` is in. */
function cleaned(value: unknown, above: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (above.includes(value)) return '[circular]';
  if (above.length >= MAX_DEPTH) return '[deep]';
  const inside = [...above, value];
  if (Array.isArray(value)) return value.map((item) => cleaned(item, inside));
  // An error's cause and stack are told only by this; whatever else it carries comes with it.
  if (value instanceof Error) return entriesOf(stdSerializers.err(value), inside);
  if ('toJSON' in value && typeof value.toJSON === 'function') return cleaned(value.toJSON(), inside);
  return entriesOf(value, inside);
}

function entriesOf(object: object, inside: readonly object[]): object {
  const open = Object.entries(object).filter(([name]) => !SECRET.test(name));
  return Object.fromEntries(open.map(([name, value]) => [name, cleaned(value, inside)]));
}
