import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { Node } from '../../generated/api.ts';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import type { Column } from '../../table/column.ts';
import { ListPage, useLiveList } from '../../table/ListPage.tsx';
import { text } from '../../texts/texts.ts';
import { trafficWord, verdictWord } from './node-model.ts';
import { NodeSigns, WordStatus } from './NodeWords.tsx';

const COLUMNS: readonly Column<Node>[] = [
  { title: 'NAME', sortBy: 'name', cell: (node) => <NodeName node={node} /> },
  { title: 'NODE_VERDICT', sortBy: 'verdict', cell: ({ verdict }) => <WordStatus word={verdictWord(verdict)} /> },
  { title: 'NODE_TRAFFIC', cell: (node) => <WordStatus word={trafficWord(node)} /> },
  { title: 'NODE_READY', cell: ({ ready }) => text(ready ? 'YES' : 'NO') },
];

const WORDS = { title: 'NODES', about: 'NODES_ABOUT', empty: 'NODES_EMPTY', emptyHint: 'NODES_EMPTY_HINT' } as const;

export function NodeList(): ReactElement {
  return (
    <ListPage
      words={WORDS}
      list={useLiveList('listNodes')}
      columns={COLUMNS}
      rowKey={({ name }) => name}
      above={({ replicas }) => <MissingReplicas replicas={replicas} />}
    />
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
