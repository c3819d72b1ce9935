/** Sets by key that vanish with their last value, so that an index is as large as what it indexes. */
export type Multimap = Map<string, Set<string>>;

export function addTo(index: Multimap, key: string, value: string): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, new Set([value]));
  else values.add(value);
}

/** Returns whether nothing is left under the key. */
export function removeFrom(index: Multimap, key: string, value: string): boolean {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size !== 0) return false;
  return index.delete(key);
}
