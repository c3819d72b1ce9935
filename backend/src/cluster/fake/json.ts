/** A JSON object that may be changed. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function copy<T>(value: T): T {
  return structuredClone(value);
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && equal(a[name], b[name]));
}

/** Keys by which elements of a list are told apart, by the name of the field that holds the list. Other lists are atomic. */
export type ListKeys = Readonly<Record<string, readonly string[]>>;

/** The part of an element that tells it apart. */
export function keyOf(element: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, element[name]]));
}

export function elementWith(list: readonly unknown[], key: JsonObject): JsonObject | undefined {
  return list.filter(isObject).find((element) => Object.entries(key).every(([name, value]) => element[name] === value));
}
