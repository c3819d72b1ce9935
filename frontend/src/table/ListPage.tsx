import React, { useState, type ReactElement, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { Operation } from '../api/client.ts';
import type { Answers } from '../generated/api.ts';
import { useMayManage } from '../live/surroundings.tsx';
import { useLivePage, type Live } from '../live/use-live.ts';
import { ActionMenu, type Action } from '../parts/ActionMenu.tsx';
import { EmptyState } from '../parts/EmptyState.tsx';
import { FIRST } from '../parts/first.ts';
import { Page } from '../parts/Page.tsx';
import { PageState } from '../parts/PageState.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import type { Column } from './column.ts';
import type { ListEvent, ListQuery } from './list-query.ts';
import { ListTable } from './ListTable.tsx';
import { useLastPage, useListQuery } from './use-list-query.ts';

interface Listed<Row> {
  readonly items: readonly Row[];
  readonly totalItems: number;
}

type ListOperation = { [O in Operation]: Answers[O] extends Listed<unknown> ? O : never }[Operation];

/** What is known of a list, and the part of it that is shown. */
export interface LiveList<Answer> {
  readonly live: Live<Answer>;
  readonly query: ListQuery;
  readonly onQuery: (event: ListEvent) => void;
}

/** A list of the API, the part of it that the page's address asks for. */
export function useLiveList<O extends ListOperation>(operation: O): LiveList<Answers[O]> {
  const [query, onQuery] = useListQuery('name');
  return { live: useLivePage({ operation, query: { ...query } }), query, onQuery };
}

/** What the page of a list is called, and what it says where there is nothing yet. */
export interface ListWords {
  readonly title: TextKey;
  readonly about: TextKey;
  readonly empty: TextKey;
  readonly emptyHint: TextKey;
}

/** What can be done with a row, by who may: `Change` is what somebody is about to do. */
export interface RowActions<Row, Change> {
  /** How a row is called in the name of its menu. */
  readonly name: (row: Row) => string;
  readonly actions: (row: Row, choose: (change: Change) => void) => Action[];
  readonly dialog: (change: Change, onClose: (changed: boolean) => void) => ReactElement;
}

interface Props<Answer, Row, Change> {
  readonly words: ListWords;
  readonly list: LiveList<Answer>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** Objects are made by a form here. */
  readonly creates?: boolean;
  readonly acts?: RowActions<Row, Change>;
  /** Whether to offer them; undefined: to who may change PorterLB's objects. */
  readonly mayAct?: boolean;
  /** Above the table. */
  readonly above?: (answer: Answer) => ReactNode;
}

/** The page of a list, with what can be done with its entries. */
export function ListPage<Row, Answer extends Listed<Row>, Change = never>(
  props: Props<Answer, Row, Change>,
): ReactElement {
  const { words, list, columns, rowKey, creates = false, acts, above } = props;
  const { live, query, onQuery } = list;
  useLastPage(live, query, onQuery);
  const mayManage = useMayManage();
  const { mayAct = mayManage } = props;
  const [change, setChange] = useState<Change>();
  const creation = (to: string): ReactElement | undefined =>
    creates && mayManage ? <CreateLink to={to} /> : undefined;
  const onClose = (changed: boolean): void => {
    setChange(undefined);
    if (changed) live.refresh();
  };
  const menu = (row: Row, { name, actions }: RowActions<Row, Change>): ReactElement => (
    <ActionMenu
      label={text('ACTIONS_OF', { name: name(row) })}
      actions={actions(row, (chosen) => setChange(() => chosen))}
    />
  );
  return (
    <Page title={text(words.title)} description={text(words.about)}>
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={
          <EmptyState title={text(words.empty)} hint={text(words.emptyHint)}>
            {creation(`~new?${FIRST}`)}
          </EmptyState>
        }
      >
        {(answer) => (
          <>
            {above?.(answer)}
            <ListTable
              label={text(words.title)}
              columns={columns}
              rows={answer.items}
              rowKey={rowKey}
              totalItems={answer.totalItems}
              query={query}
              onQuery={onQuery}
              tools={creation('~new')}
              actions={acts !== undefined && mayAct ? (row) => menu(row, acts) : undefined}
            />
          </>
        )}
      </PageState>
      {change !== undefined && acts?.dialog(change, onClose)}
    </Page>
  );
}

function CreateLink({ to }: { readonly to: string }): ReactElement {
  return (
    <Link className="plb-button plb-primary" to={to}>
      {text('CREATE')}
    </Link>
  );
}
