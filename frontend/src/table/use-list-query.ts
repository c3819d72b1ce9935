import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';
import { afterListEvent, listQueryOf, searchOf, type ListEvent, type ListQuery } from './list-query.ts';

/** The part of a list that the page's address asks for, and how to ask for another one. */
export function useListQuery(firstSort: string): readonly [ListQuery, (event: ListEvent) => void] {
  const [search, setSearch] = useSearchParams();
  const query = listQueryOf(search, firstSort);
  const tell = useCallback(
    (event: ListEvent) => {
      // Each letter of a search is no step to go back to.
      const options = { replace: event.kind === 'searched' };
      setSearch((now) => changed(now, afterListEvent(listQueryOf(now, firstSort), event), firstSort), options);
    },
    [setSearch, firstSort],
  );
  return [query, tell];
}

/** What else stands in the address stays there. */
function changed(search: URLSearchParams, query: ListQuery, firstSort: string): Record<string, string> {
  const others = [...search].filter(([key]) => !Object.hasOwn(query, key));
  return { ...Object.fromEntries(others), ...searchOf(query, firstSort) };
}
