import React, { type ReactElement, type ReactNode } from 'react';
import { text } from '../texts/texts.ts';
import type { Column } from './column.ts';
import type { ListEvent, ListQuery } from './list-query.ts';
import { Pager } from './Pager.tsx';
import { SearchField } from './SearchField.tsx';

interface Props<Row> {
  /** What the table is a list of, for who can't see the page. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly totalItems: number;
  readonly rowKey: (row: Row) => string;
  readonly query: ListQuery;
  readonly onQuery: (event: ListEvent) => void;
  /** Beside the search: buttons that make something new. */
  readonly tools?: ReactNode;
  /** What can be done with a row, in its last cell. */
  readonly actions?: ((row: Row) => ReactNode) | undefined;
  /** The API can't search this list. */
  readonly searchless?: boolean;
}

/** A list of which the API gives a page at a time, ordered and searched there. */
export function ListTable<Row>(props: Props<Row>): ReactElement {
  const { label, columns, rows, rowKey, query, onQuery, totalItems, tools, actions, searchless = false } = props;
  return (
    <section className="plb-card" aria-label={label}>
      <div className="plb-toolbar">
        {searchless ? (
          <span />
        ) : (
          <SearchField value={query.name} onSearch={(name) => onQuery({ kind: 'searched', name })} />
        )}
        {tools}
      </div>
      <div className="plb-scroll">
        <table className="plb-table">
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.title} column={column} query={query} onQuery={onQuery} />
              ))}
              {actions !== undefined && (
                <th scope="col" className="plb-row-actions">
                  <span className="plb-unseen">{text('ACTIONS')}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map(({ title, cell, align }) => (
                  <td key={title} className={align === 'right' ? 'plb-right' : undefined}>
                    {cell(row)}
                  </td>
                ))}
                {actions !== undefined && <td className="plb-row-actions">{actions(row)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p className="plb-none">{text('NOTHING_FOUND')}</p>}
      </div>
      <Pager query={query} totalItems={totalItems} onQuery={onQuery} />
    </section>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly query: ListQuery;
  readonly onQuery: (event: ListEvent) => void;
}

function Head<Row>({ column, query, onQuery }: HeadProps<Row>): ReactElement {
  const { title, sortBy, align, width } = column;
  const isSorted = sortBy !== undefined && query.sortBy === sortBy;
  const order = query.ascending ? 'ascending' : 'descending';
  return (
    <th
      scope="col"
      style={{ width }}
      className={align === 'right' ? 'plb-right' : undefined}
      aria-sort={isSorted ? order : undefined}
    >
      {sortBy === undefined ? (
        text(title)
      ) : (
        <button type="button" className="plb-sort" onClick={() => onQuery({ kind: 'sorted', by: sortBy })}>
          {text(title)}
          <span aria-hidden="true">{sortMark(isSorted, query.ascending)}</span>
        </button>
      )}
    </th>
  );
}

function sortMark(isSorted: boolean, ascending: boolean): string {
  if (!isSorted) return ' ↕';
  return ascending ? ' ↑' : ' ↓';
}
