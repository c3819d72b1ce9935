import { ApiError } from '../errors.ts';
import { copy, elementWith, equal, isObject, keyOf } from './json.ts';
import type { JsonObject, ListKeys } from './json.ts';

/** Who owns which fields: per field manager, the paths of its leaves (as JSON texts). */
export type FieldOwners = Map<string, Set<string>>;

export interface Application {
  readonly manager: string;
  readonly force: boolean;
  readonly config: JsonObject;
  readonly listKeys: ListKeys;
}

/** A step of a path: the name of a field, or the key of an element of a keyed list. */
type Step = string | { readonly key: JsonObject };
type Leaf = readonly [path: readonly Step[], value: unknown];

/**
 * Server-side apply in small: what the configuration names is set and owned by its manager; what the manager owned before and
 * names no more is removed, unless somebody else owns it too.
 */
export function serverSideApply(target: JsonObject, owners: FieldOwners, application: Application): void {
  const { manager, force, config, listKeys } = application;
  const leaves = [...leavesOf(config, listKeys)];
  const owned = new Set(leaves.map(([path]) => JSON.stringify(path)));
  for (const [path, value] of leaves) claim(target, owners, path, { value, manager, force });
  for (const gone of owners.get(manager) ?? []) {
    const shared = [...owners].some(([other, paths]) => other !== manager && paths.has(gone));
    if (!owned.has(gone) && !shared) removeAt(target, JSON.parse(gone) as Step[]);
  }
  if (owned.size > 0) owners.set(manager, owned);
  else owners.delete(manager);
}

function* leavesOf(value: unknown, listKeys: ListKeys, path: readonly Step[] = []): Generator<Leaf> {
  const name = path.at(-1);
  const keys = typeof name === 'string' ? listKeys[name] : undefined;
  if (isObject(value)) {
    for (const [field, member] of Object.entries(value)) yield* leavesOf(member, listKeys, [...path, field]);
  } else if (Array.isArray(value) && keys !== undefined) {
    for (const element of value.filter(isObject)) {
      yield* leavesOf(element, listKeys, [...path, { key: keyOf(element, keys) }]);
    }
  } else yield [path, value];
}

interface Claim {
  readonly value: unknown;
  readonly manager: string;
  readonly force: boolean;
}

function claim(target: JsonObject, owners: FieldOwners, path: readonly Step[], { value, manager, force }: Claim): void {
  const id = JSON.stringify(path);
  const differs = !equal(valueAt(target, path), value);
  for (const [other, paths] of owners) {
    if (other === manager || !differs || !paths.has(id)) continue;
    if (!force) throw new ApiError({ status: 409, reason: 'Conflict', message: `${id} is owned by "${other}"` });
    paths.delete(id);
  }
  if (differs) setAt(target, path, copy(value));
}

function child(value: unknown, step: Step): unknown {
  if (typeof step === 'string') return isObject(value) ? value[step] : undefined;
  return Array.isArray(value) ? elementWith(value, step.key) : undefined;
}

function valueAt(target: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>(child, target);
}

function setAt(target: JsonObject, path: readonly Step[], value: unknown): void {
  let at: unknown = target;
  for (const [index, step] of path.entries()) {
    if (index === path.length - 1) {
      if (isObject(at) && typeof step === 'string') at[step] = value;
      return;
    }
    at = child(at, step) ?? makeChild(at, step, path[index + 1]);
  }
}

function makeChild(parent: unknown, step: Step, next: Step | undefined): unknown {
  const made: unknown = typeof next === 'string' ? {} : [];
  if (typeof step !== 'string') {
    const element = { ...step.key };
    if (Array.isArray(parent)) parent.push(element);
    return element;
  }
  if (isObject(parent)) parent[step] = made;
  return made;
}

/** Removes a leaf, and an element of a keyed list with its key. */
function removeAt(target: JsonObject, path: readonly Step[]): void {
  const last = path.at(-1);
  const holder = path.slice(0, -1);
  const parent = valueAt(target, holder);
  const element = holder.at(-1);
  if (typeof last !== 'string' || !isObject(parent)) return;
  delete parent[last];
  const list = valueAt(target, holder.slice(0, -1));
  if (typeof element === 'object' && last in element.key && Array.isArray(list)) {
    list.splice(list.indexOf(parent), 1);
  }
}
