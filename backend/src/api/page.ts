import { selects, type Labels } from '../domain/selector.ts';
import { Problem } from './errors.ts';
import { parseSelector } from './label-selector.ts';
import type { ListQuery } from './schemas/list.ts';

/** How a list is searched and sorted. */
export interface Columns<T> {
  readonly name: (item: T) => string;
  readonly labels: (item: T) => Labels;
  /** By the names of `sortBy`; strings in the order of their characters. */
  readonly sort: Readonly<Record<string, (item: T) => string | number>>;
  /** They come in the order of their names already. */
  readonly sorted?: boolean;
}

export interface Page<T> {
  readonly items: T[];
  readonly totalItems: number;
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The items of one page; those with equal keys by name, so that pages never overlap. */
export function page<T>(all: readonly T[], query: ListQuery, columns: Columns<T>): Page<T> {
  const { name, labels } = columns;
  const selector = query.labelSelector === undefined ? undefined : parseSelector(query.labelSelector);
  if (selector !== undefined && 'invalid' in selector) {
    const cause = { field: 'query.labelSelector', what: 'selector', params: { part: selector.invalid } } as const;
    throw new Problem('InvalidParameter', { causes: [cause] });
  }
  const isFound = (item: T): boolean =>
    (query.name === undefined || name(item).includes(query.name)) &&
    (selector === undefined || selects(selector, labels(item)));
  // With many thousands of items and hundreds of requests a copy of all for each one is felt.
  const found = query.name === undefined && selector === undefined ? all : all.filter(isFound);
  const first = (query.page - 1) * query.limit;
  return { items: inOrder(found, query, columns).slice(first, first + query.limit), totalItems: found.length };
}

/**
 * Of lists, which nobody changes, all of their items in other orders: many thousands that stay the same from one request to the next, which takes
 * milliseconds to sort. By `sortBy` and direction.
 */
const orders = new WeakMap<readonly unknown[], Map<string, readonly unknown[]>>();

function inOrder<T>(found: readonly T[], query: ListQuery, columns: Columns<T>): readonly T[] {
  const sortBy = query.sortBy ?? 'name';
  const ascending = query.ascending ?? sortBy === 'name';
  if (columns.sorted === true && sortBy === 'name') return ascending ? found : found.toReversed();
  const known = orders.get(found) ?? new Map<string, readonly unknown[]>();
  orders.set(found, known);
  const order = `${sortBy} ${ascending}`;
  const sorted = (known.get(order) as readonly T[] | undefined) ?? sortedBy(found, { sortBy, ascending }, columns);
  known.set(order, sorted);
  return sorted;
}

function sortedBy<T>(
  found: readonly T[],
  { sortBy, ascending }: { readonly sortBy: string; readonly ascending: boolean },
  { name, sort }: Columns<T>,
): readonly T[] {
  const key = sort[sortBy] ?? name;
  const keyed = found.map((item) => ({ item, key: key(item), name: name(item) }));
  keyed.sort((a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key)) || compare(a.name, b.name));
  return keyed.map(({ item }) => item);
}
