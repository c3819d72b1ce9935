/** Which part of a list is shown, as the address of the page has it, so that it can be shared and survives a reload. */
export interface ListQuery {
  readonly page: number;
  readonly limit: number;
  readonly sortBy: string;
  readonly ascending: boolean;
  readonly name: string;
}

export type ListEvent =
  | { readonly kind: 'searched'; readonly name: string }
  | { readonly kind: 'sorted'; readonly by: string }
  | { readonly kind: 'turned'; readonly to: number }
  /** There are no more pages than these. */
  | { readonly kind: 'ended'; readonly pages: number }
  | { readonly kind: 'sized'; readonly limit: number };

export const LIMITS = [10, 20, 50, 100] as const;

export function listQueryOf(search: URLSearchParams, firstSort: string): ListQuery {
  const limit = Number(search.get('limit'));
  return {
    page: Math.max(1, Math.floor(Number(search.get('page'))) || 1),
    limit: LIMITS.find((known) => known === limit) ?? LIMITS[0],
    sortBy: search.get('sortBy') ?? firstSort,
    ascending: search.get('ascending') !== 'false',
    name: search.get('name') ?? '',
  };
}

/** What stands in the address: only what is not as usual. */
export function searchOf(query: ListQuery, firstSort: string): Record<string, string> {
  return {
    ...(query.page === 1 ? {} : { page: String(query.page) }),
    ...(query.limit === LIMITS[0] ? {} : { limit: String(query.limit) }),
    ...(query.sortBy === firstSort ? {} : { sortBy: query.sortBy }),
    ...(query.ascending ? {} : { ascending: 'false' }),
    ...(query.name === '' ? {} : { name: query.name }),
  };
}

export function afterListEvent(query: ListQuery, event: ListEvent): ListQuery {
  switch (event.kind) {
    case 'searched':
      return { ...query, name: event.name, page: 1 };
    case 'sorted':
      return { ...query, sortBy: event.by, ascending: event.by === query.sortBy ? !query.ascending : true, page: 1 };
    case 'turned':
      return { ...query, page: Math.max(1, event.to) };
    case 'ended':
      return { ...query, page: Math.min(query.page, event.pages) };
    case 'sized':
      return { ...query, limit: event.limit, page: 1 };
  }
}

export function pageCount({ limit }: Pick<ListQuery, 'limit'>, totalItems: number): number {
  return Math.max(1, Math.ceil(totalItems / limit));
}
