import React, { type ReactElement } from 'react';
import { text } from '../texts/texts.ts';
import { LIMITS, pageCount, type ListEvent, type ListQuery } from './list-query.ts';

interface Props {
  readonly query: ListQuery;
  readonly totalItems: number;
  readonly onQuery: (event: ListEvent) => void;
}

/** Below a table: how long its pages are, how much there is, and the way to the other pages. */
export function Pager({ query, totalItems, onQuery }: Props): ReactElement {
  const pages = pageCount(query, totalItems);
  const turn = (to: number) => () => onQuery({ kind: 'turned', to });
  return (
    <nav className="plb-pager" aria-label={text('PAGES')}>
      <label>
        {text('ROWS_PER_PAGE')}{' '}
        <select value={query.limit} onChange={({ target }) => onQuery({ kind: 'sized', limit: Number(target.value) })}>
          {LIMITS.map((limit) => (
            <option key={limit} value={limit}>
              {limit}
            </option>
          ))}
        </select>
      </label>
      <span>{text('TOTAL', { count: totalItems })}</span>
      <span className="plb-grow" />
      <button
        type="button"
        disabled={query.page <= 1}
        aria-label={text('PREVIOUS_PAGE')}
        onClick={turn(query.page - 1)}
      >
        ←
      </button>
      <span aria-live="polite">{text('PAGE_OF', { page: query.page, pages })}</span>
      <button
        type="button"
        disabled={query.page >= pages}
        aria-label={text('NEXT_PAGE')}
        onClick={turn(query.page + 1)}
      >
        →
      </button>
    </nav>
  );
}
