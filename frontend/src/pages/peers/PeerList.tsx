import React, { useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PeerSummary } from '../../generated/api.ts';
import { useMayManage } from '../../live/surroundings.tsx';
import { useLivePage } from '../../live/use-live.ts';
import { ActionMenu } from '../../parts/ActionMenu.tsx';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListTable } from '../../table/ListTable.tsx';
import { useListQuery } from '../../table/use-list-query.ts';
import { text } from '../../texts/texts.ts';
import { endpointText, peerState, sessionLevel } from './peer-model.ts';
import { PeerChangeDialog, peerActions, type PeerChange } from './PeerChange.tsx';

const COLUMNS: readonly Column<PeerSummary>[] = [
  { title: 'NAME', sortBy: 'name', cell: (peer) => <PeerName peer={peer} /> },
  { title: 'STATE', cell: (peer) => <PeerStatus peer={peer} /> },
  { title: 'AS_NUMBER', align: 'right', cell: ({ peerAs }) => peerAs ?? '—' },
  { title: 'SESSIONS', sortBy: 'established', cell: (peer) => <Sessions peer={peer} /> },
  { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

export function PeerList(): ReactElement {
  const [query, onQuery] = useListQuery('name');
  const live = useLivePage({ operation: 'listPeers', query: { ...query } });
  const mayManage = useMayManage();
  const [change, setChange] = useState<PeerChange>();
  return (
    <Page title={text('PEERS')} description={text('PEERS_ABOUT')}>
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={
          <EmptyState title={text('PEERS_EMPTY')} hint={text('PEERS_EMPTY_HINT')}>
            {mayManage && <CreateLink />}
          </EmptyState>
        }
      >
        {({ items, totalItems }) => (
          <ListTable
            label={text('PEERS')}
            columns={COLUMNS}
            rows={items}
            rowKey={({ name }) => name}
            totalItems={totalItems}
            query={query}
            onQuery={onQuery}
            tools={mayManage ? <CreateLink /> : undefined}
            actions={
              mayManage
                ? (peer) => (
                    <ActionMenu
                      label={text('ACTIONS_OF', { name: peer.name })}
                      actions={peerActions(peer, undefined, (kind) => setChange({ kind, peer }))}
                    />
                  )
                : undefined
            }
          />
        )}
      </PageState>
      {change !== undefined && (
        <PeerChangeDialog
          change={change}
          onClose={(changed) => {
            setChange(undefined);
            if (changed) live.refresh();
          }}
        />
      )}
    </Page>
  );
}

function CreateLink(): ReactElement {
  return (
    <Link className="plb-button plb-primary" to="~new">
      {text('CREATE')}
    </Link>
  );
}

function PeerName({ peer }: { readonly peer: PeerSummary }): ReactElement {
  return (
    <>
      <Link className="plb-name" to={peer.name}>
        {peer.name}
      </Link>
      <small>{endpointText(peer)}</small>
    </>
  );
}

export function PeerStatus({ peer }: { readonly peer: PeerSummary }): ReactElement {
  const { level, title, detail } = peerState(peer);
  return (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
}

const STATES_SHOWN = 6;

/** The state of each replica's session; an API that is older counts them only. */
function Sessions({ peer: { established, sessions, states = [] } }: { readonly peer: PeerSummary }): ReactElement {
  const more = states.length - STATES_SHOWN;
  return (
    <>
      <div>{text('SESSIONS_UP', { established, sessions })}</div>
      {states.slice(0, STATES_SHOWN).map(({ replica, node, state }) => (
        <div key={replica}>
          <Status level={sessionLevel(state)}>
            {node ?? replica}: {state}
          </Status>
        </div>
      ))}
      {more > 0 && <small>{text('AND_MORE', { count: more })}</small>}
    </>
  );
}
