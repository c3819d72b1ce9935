/** More values than this are found sooner in a Set than in a list. */
export const MANY = 32;

/** The values of one key, each once, in the order in which they came. */
export type Values = readonly string[] | ReadonlySet<string>;

/**
 * Values by key that vanish with their last value, so that an index is as large as what it indexes. Lists, as most have one value and a
 * Set takes three times the memory; those of a key that has many are a Set, where one change costs the same however many there are. A list
 * is never changed, a Set is: who goes through values and changes the index meanwhile takes a copy first.
 */
export type Multimap = Map<string, Values>;

export function addTo(index: Multimap, key: string, value: string): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, [value]);
  else if (values instanceof Set) values.add(value);
  else if (!has(values, value)) {
    const all = [...values, value];
    index.set(key, all.length > MANY ? new Set(all) : all);
  }
}

/** Returns whether nothing is left under the key. */
export function removeFrom(index: Multimap, key: string, value: string): boolean {
  const values = index.get(key);
  if (values === undefined || !has(values, value)) return false;
  if (values instanceof Set) {
    values.delete(value);
    if (values.size <= MANY) index.set(key, [...values]);
    return false;
  }
  const left = [...values].filter((other) => other !== value);
  if (left.length === 0) return index.delete(key);
  index.set(key, left);
  return false;
}

export function has(values: Values | undefined, value: string): boolean {
  if (values === undefined) return false;
  return Array.isArray(values) ? values.includes(value) : (values as ReadonlySet<string>).has(value);
}

export function count(values: Values | undefined): number {
  if (values === undefined) return 0;
  return Array.isArray(values) ? values.length : (values as ReadonlySet<string>).size;
}
