import { useCallback, useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { Live } from '../live/use-live.ts';
import { afterListEvent, listQueryOf, pageCount, searchOf, type ListEvent, type ListQuery } from './list-query.ts';

/** The part of a list that the page's address asks for, and how to ask for another one. */
export function useListQuery(firstSort: string): readonly [ListQuery, (event: ListEvent) => void] {
  const [search, setSearch] = useSearchParams();
  // Of two events in a row the second follows the first, also where the page was not drawn between them, and whoever keeps an older `tell`.
  const current = useRef({ search, setSearch });
  current.current = { search, setSearch };
  const tell = useCallback(
    (event: ListEvent) => {
      const now = current.current;
      const search = new URLSearchParams(
        changed(now.search, afterListEvent(listQueryOf(now.search, firstSort), event), firstSort),
      );
      current.current = { ...now, search };
      // Neither each letter of a search nor a page that is not there is a step to go back to.
      now.setSearch(search, { replace: event.kind === 'searched' || event.kind === 'ended' });
    },
    [firstSort],
  );
  return [listQueryOf(search, firstSort), tell];
}

/** Leads from a page that is no more, such as that of an old bookmark, to the last one. */
export function useLastPage(
  { answer, answeredAt }: Live<{ readonly totalItems: number }>,
  query: ListQuery,
  onQuery: (event: ListEvent) => void,
): void {
  // What is shown until the answer comes has no time: it is that of another page, maybe of another search.
  const pages = answer === undefined || answeredAt === undefined ? undefined : pageCount(query, answer.totalItems);
  const isPast = pages !== undefined && query.page > pages;
  useEffect(() => {
    if (isPast) onQuery({ kind: 'ended', pages });
  }, [isPast, pages, onQuery]);
}

/** What else stands in the address stays there. */
function changed(search: URLSearchParams, query: ListQuery, firstSort: string): Record<string, string> {
  const others = [...search].filter(([key]) => !Object.hasOwn(query, key));
  return { ...Object.fromEntries(others), ...searchOf(query, firstSort) };
}
