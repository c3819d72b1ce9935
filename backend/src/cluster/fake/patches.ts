import { ApiError } from '../errors.ts';
import type { JsonPatchOperation } from '../kube.ts';
import { copy, elementWith, equal, isObject, keyOf } from './json.ts';
import type { JsonObject, ListKeys } from './json.ts';

const deleteFromList = '$deleteFromPrimitiveList/';

/**
 * RFC 7386; with `listKeys` a strategic merge, which merges lists by key and the list of finalizers as a set, and knows the
 * directives `$patch: delete` and `$deleteFromPrimitiveList`.
 */
export function mergePatch(target: JsonObject, patch: JsonObject, listKeys?: ListKeys): void {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (listKeys !== undefined && name.startsWith(deleteFromList))
      deleteElements(target, name.slice(deleteFromList.length), value);
    else if (isObject(value)) {
      const into = isObject(target[name]) ? target[name] : {};
      target[name] = into;
      mergePatch(into, value, listKeys);
    } else target[name] = Array.isArray(value) ? mergedList(name, target[name], value, listKeys) : value;
  }
}

function mergedList(name: string, present: unknown, patch: readonly unknown[], listKeys?: ListKeys): unknown[] {
  const keys = listKeys?.[name];
  if (keys !== undefined) return mergeByKey(present, patch, keys, listKeys);
  return listKeys !== undefined && name === 'finalizers' ? union(present, patch) : copy([...patch]);
}

function mergeByKey(
  present: unknown,
  patch: readonly unknown[],
  keys: readonly string[],
  listKeys?: ListKeys,
): unknown[] {
  const merged: unknown[] = Array.isArray(present) ? present : [];
  for (const element of patch.filter(isObject)) {
    const { $patch: directive, ...fields } = element;
    const known = elementWith(merged, keyOf(element, keys));
    if (directive === 'delete') merged.splice(0, merged.length, ...merged.filter((other) => other !== known));
    else if (known === undefined) merged.push(copy(fields));
    else mergePatch(known, fields, listKeys);
  }
  return merged;
}

/** A list that is left empty is as good as absent: the API server leaves it out of its answers. */
function deleteElements(target: JsonObject, name: string, gone: unknown): void {
  const present: unknown = target[name];
  if (!Array.isArray(present) || !Array.isArray(gone)) return;
  const left: unknown[] = present.filter((element) => !gone.includes(element));
  if (left.length === 0) delete target[name];
  else target[name] = left;
}

function union(present: unknown, added: readonly unknown[]): unknown[] {
  return [...new Set([...(Array.isArray(present) ? (present as unknown[]) : []), ...added])];
}

/** RFC 6902, as far as `JsonPatchOperation` goes. */
export function jsonPatch(target: JsonObject, operations: readonly JsonPatchOperation[]): void {
  for (const operation of operations) applyOperation(target, operation);
}

function applyOperation(target: JsonObject, { op, path, value }: JsonPatchOperation): void {
  const names = path
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop();
  const parent = names.reduce<unknown>((at, name) => memberOf(at, name), target);
  if (last === undefined) throw unprocessable(`no member at ${path}`);
  const present = memberOf(parent, last);
  if (op !== 'add' && present === undefined) throw unprocessable(`no member at ${path}`);
  if (op === 'test') {
    if (!equal(present, value)) throw unprocessable(`testing ${path} failed`);
  } else if (Array.isArray(parent)) changeElement(parent, last, op, value);
  else if (!isObject(parent)) throw unprocessable(`no parent of ${path}`);
  else if (op === 'remove') delete parent[last];
  else parent[last] = copy(value);
}

function changeElement(list: unknown[], name: string, op: 'add' | 'remove' | 'replace', value: unknown): void {
  const index = name === '-' ? list.length : Number(name);
  list.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [copy(value)]));
}

function memberOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)] as unknown;
  return isObject(value) ? value[name] : undefined;
}

function unprocessable(message: string): ApiError {
  return new ApiError({ status: 422, reason: 'Invalid', message });
}
