/**
 * Values by key, each once, that vanish with their last value, so that an index is as large as what it indexes. Lists, as most have one
 * value and a Set takes three times the memory; they are never changed, so who has one may go through it while the index changes.
 */
export type Multimap = Map<string, readonly string[]>;

export function addTo(index: Multimap, key: string, value: string): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, [value]);
  else if (!values.includes(value)) index.set(key, [...values, value]);
}

/** Returns whether nothing is left under the key. */
export function removeFrom(index: Multimap, key: string, value: string): boolean {
  const values = index.get(key);
  if (values === undefined) return false;
  const left = values.filter((other) => other !== value);
  if (left.length === 0) return index.delete(key);
  if (left.length < values.length) index.set(key, left);
  return false;
}
