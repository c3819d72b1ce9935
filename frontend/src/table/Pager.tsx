import React, { type ReactElement, type ReactNode } from 'react';
import { text } from '../texts/texts.ts';
import { LIMITS, pageCount, type ListEvent, type ListQuery } from './list-query.ts';

interface Props {
  readonly query: ListQuery;
  readonly totalItems: number;
  readonly onQuery: (event: ListEvent) => void;
}

/** Below a table: how long its pages are, how much there is, and the way to the other pages. */
export function Pager({ query, totalItems, onQuery }: Props): ReactElement {
  return (
    <PageTurner
      page={query.page}
      pages={pageCount(query, totalItems)}
      totalItems={totalItems}
      onTurn={(to) => onQuery({ kind: 'turned', to })}
    >
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
    </PageTurner>
  );
}

interface TurnerProps {
  readonly page: number;
  readonly pages: number;
  readonly totalItems: number;
  readonly onTurn: (to: number) => void;
  /** In front of it all. */
  readonly children?: ReactNode;
}

/** How much there is of what the API gives a page at a time, and the way to the other pages. */
export function PageTurner({ page, pages, totalItems, onTurn, children }: TurnerProps): ReactElement {
  return (
    <nav className="plb-pager" aria-label={text('PAGES')}>
      {children}
      <span>{text('TOTAL', { count: totalItems })}</span>
      <span className="plb-grow" />
      <button type="button" disabled={page <= 1} aria-label={text('PREVIOUS_PAGE')} onClick={() => onTurn(page - 1)}>
        ←
      </button>
      <span aria-live="polite">{text('PAGE_OF', { page, pages })}</span>
      <button type="button" disabled={page >= pages} aria-label={text('NEXT_PAGE')} onClick={() => onTurn(page + 1)}>
        →
      </button>
    </nav>
  );
}
