import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PeerSummary } from '../../generated/api.ts';
import { actionsOf, ObjectChangeDialog, type ObjectChange } from '../../parts/ObjectChange.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListPage, useLiveList, type RowActions } from '../../table/ListPage.tsx';
import { text } from '../../texts/texts.ts';
import { endpointText, peerState, sessionLevel } from './peer-model.ts';
import { peerWays } from './peer-ways.ts';

const COLUMNS: readonly Column<PeerSummary>[] = [
  { title: 'NAME', sortBy: 'name', cell: (peer) => <PeerName peer={peer} /> },
  { title: 'STATE', cell: (peer) => <PeerStatus peer={peer} /> },
  { title: 'AS_NUMBER', align: 'right', cell: ({ peerAs }) => peerAs ?? '—' },
  { title: 'SESSIONS', sortBy: 'established', cell: (peer) => <Sessions peer={peer} /> },
  { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

const WORDS = { title: 'PEERS', about: 'PEERS_ABOUT', empty: 'PEERS_EMPTY', emptyHint: 'PEERS_EMPTY_HINT' } as const;

const ACTS: RowActions<PeerSummary, ObjectChange> = {
  name: ({ name }) => name,
  actions: (peer, choose) =>
    actionsOf(peerWays(peer, peer.gracefulShutdown), (way) => choose({ way, name: peer.name })),
  dialog: (change, onClose) => <ObjectChangeDialog change={change} onClose={onClose} />,
};

export function PeerList(): ReactElement {
  const list = useLiveList('listPeers');
  return (
    <ListPage
      {...{ words: WORDS, list, columns: COLUMNS, acts: ACTS }}
      creates
      rowKey={({ name }) => name}
      above={({ replicas }) => <MissingReplicas replicas={replicas} />}
    />
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
