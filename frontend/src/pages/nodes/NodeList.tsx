import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { Node } from '../../generated/api.ts';
import { useLivePage } from '../../live/use-live.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import type { Column } from '../../table/column.ts';
import { ListTable } from '../../table/ListTable.tsx';
import { useListQuery } from '../../table/use-list-query.ts';
import { text } from '../../texts/texts.ts';
import { trafficWord, verdictWord } from './node-model.ts';
import { NodeSigns, WordStatus } from './NodeWords.tsx';

const COLUMNS: readonly Column<Node>[] = [
  { title: 'NAME', sortBy: 'name', cell: (node) => <NodeName node={node} /> },
  { title: 'NODE_VERDICT', sortBy: 'verdict', cell: ({ verdict }) => <WordStatus word={verdictWord(verdict)} /> },
  { title: 'NODE_TRAFFIC', cell: (node) => <WordStatus word={trafficWord(node)} /> },
  { title: 'NODE_READY', cell: ({ ready }) => text(ready ? 'YES' : 'NO') },
];

export function NodeList(): ReactElement {
  const [query, onQuery] = useListQuery('name');
  const live = useLivePage({ operation: 'listNodes', query: { ...query } });
  return (
    <Page title={text('NODES')} description={text('NODES_ABOUT')}>
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={<EmptyState title={text('NODES_EMPTY')} hint={text('NODES_EMPTY_HINT')} />}
      >
        {({ items, totalItems, replicas }) => (
          <>
            <MissingReplicas replicas={replicas} />
            <ListTable
              label={text('NODES')}
              columns={COLUMNS}
              rows={items}
              rowKey={({ name }) => name}
              totalItems={totalItems}
              query={query}
              onQuery={onQuery}
            />
          </>
        )}
      </PageState>
    </Page>
  );
}

function NodeName({ node }: { readonly node: Node }): ReactElement {
  return (
    <>
      <Link className="plb-name" to={node.name}>
        {node.name}
      </Link>
      <NodeSigns node={node} />
      <small>{node.addresses.join(', ')}</small>
    </>
  );
}
