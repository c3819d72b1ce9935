export type Fields = Readonly<Record<string, unknown>>;

/** One value as somebody made it, as it was before, and as others made it meanwhile. */
interface Versions<T = unknown> {
  readonly mine: T;
  readonly read: T;
  readonly now: T;
}

export interface Merged {
  readonly value: unknown;
  /** Paths of what both changed, each in another way: mine stands. */
  readonly both: readonly string[];
}

/** Three ways, field by field, as deep as there are fields. A map that is missing is one without fields. */
export function merge(versions: Versions, path = ''): Merged {
  const { mine, read, now } = versions;
  if (isSame(mine, read) || isSame(mine, now)) return { value: now, both: [] };
  if (isSame(now, read)) return { value: mine, both: [] };
  if (areAll(versions, isMap)) return mergedMaps(versions, path);
  const list = areAll(versions, isList) ? mergedLists(versions) : undefined;
  return list === undefined ? { value: mine, both: [path] } : { value: list, both: [] };
}

function areAll<T>(versions: Versions, is: (value: unknown) => value is T): versions is Versions<T> {
  return is(versions.mine) && is(versions.read) && is(versions.now);
}

function mergedMaps({ mine, read, now }: Versions<Fields | undefined>, path: string): Merged {
  const keys = [...new Set([...Object.keys(now ?? {}), ...Object.keys(mine ?? {})])];
  const fields = keys.map((key) => {
    const versions = { mine: mine?.[key], read: read?.[key], now: now?.[key] };
    return { key, ...merge(versions, pathOf(path, key)) };
  });
  const value = said(Object.fromEntries(fields.map((field) => [field.key, field.value])));
  const isGone = mine === undefined && Object.keys(value).length === 0;
  return { value: isGone ? undefined : value, both: fields.flatMap(({ both }) => both) };
}

/** Undefined: what both did to it does not go together. */
function mergedLists({ mine, read, now }: Versions<readonly unknown[]>): readonly unknown[] | undefined {
  const without = (list: readonly unknown[], others: readonly unknown[]): readonly unknown[] =>
    list.filter((each) => !others.includes(each));
  const [mineGone, nowGone] = [without(read, mine), without(read, now)];
  const [mineNew, nowNew] = [without(mine, read), without(now, read)];
  const isInOrder =
    isSame(without(mine, mineNew), without(read, mineGone)) && isSame(without(now, nowNew), without(read, nowGone));
  const isOfOnePlace = mineGone.some((each) => nowGone.includes(each)) && mineNew.length > 0 && nowNew.length > 0;
  const merged = [...without(mine, nowGone), ...without(nowNew, mine)];
  // Lists without entries often stand for all there is, which neither meant.
  const isEmptied = merged.length === 0 && mine.length > 0;
  return isInOrder && !isOfOnePlace && !isEmptied ? merged : undefined;
}

function pathOf(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMap(value: unknown): value is Fields | undefined {
  return value === undefined || isFields(value);
}

/** A list of names or numbers. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((each) => typeof each !== 'object');
}

export function isSame(one: unknown, other: unknown): boolean {
  if (!isFields(one) || !isFields(other))
    return Array.isArray(one) && Array.isArray(other)
      ? one.length === other.length && one.every((each, i) => isSame(each, other[i]))
      : one === other;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isSame(one[key], other[key]));
}

/** The fields that have a value. */
export function said(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
