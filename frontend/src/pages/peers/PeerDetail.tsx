import React, { useState, type ReactElement } from 'react';
import { Link, useNavigate, useParams } from 'react-router-dom';
import type { KubernetesObject } from '../../api/objects.ts';
import { useObject } from '../../editor/use-object.ts';
import type { Peer } from '../../generated/api.ts';
import { useCluster, useMayManage } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { ActionMenu } from '../../parts/ActionMenu.tsx';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { endpointText } from './peer-model.ts';
import { PeerChangeDialog, peerActions, type PeerChangeKind } from './PeerChange.tsx';
import { PeerStatus } from './PeerList.tsx';
import { SessionCard } from './PeerSessions.tsx';
import { RouterSnippet } from './RouterSnippet.tsx';

export function PeerDetail(): ReactElement {
  const name = useParams()['name'] ?? '';
  const list = `/clusters/${useCluster()}/porterlb.peers`;
  const navigate = useNavigate();
  const live = useLive({ operation: 'getPeer', path: { name } });
  const object = useObject('bgppeers', name);
  const mayManage = useMayManage();
  const [change, setChange] = useState<PeerChangeKind>();
  const onClose = (changed: boolean): void => {
    setChange(undefined);
    if (!changed) return;
    if (change === 'delete') return navigate(list);
    live.refresh();
    object.refresh();
  };
  return (
    <Page
      title={name}
      back={{ to: list, label: text('PEERS') }}
      tools={
        mayManage && live.answer !== undefined ? (
          <>
            <Link className="plb-button" to="edit">
              {text('EDIT')}
            </Link>
            <ActionMenu
              label={text('ACTIONS_OF', { name })}
              actions={peerActions(live.answer, drains(object.answer), setChange)}
            />
          </>
        ) : undefined
      }
    >
      <PageState live={live}>
        {(peer) => (
          <>
            <MissingReplicas replicas={peer.replicas} />
            {drains(object.answer) === true && <Notice level="info">{text('PEER_DRAINS')}</Notice>}
            <PeerFacts peer={peer} />
            {peer.live.map((session) => (
              <SessionCard key={session.replica} session={session} />
            ))}
            <RouterSnippet peer={peer} object={object.answer} />
            <ConditionList conditions={peer.conditions} />
          </>
        )}
      </PageState>
      {change !== undefined && <PeerChangeDialog change={{ kind: change, peer: { name } }} onClose={onClose} />}
    </Page>
  );
}

function drains(object: KubernetesObject | undefined): boolean | undefined {
  return object === undefined ? undefined : object.spec?.['gracefulShutdown'] === true;
}

function PeerFacts({ peer }: { readonly peer: Peer }): ReactElement {
  const { peerAs, holdTimeSeconds, families, nextHopSelf, hasPassword, multihopTtl, bfd, createdAt } = peer;
  return (
    <section className="plb-card">
      <Facts
        facts={[
          ['STATE', <PeerStatus key="state" peer={peer} />],
          ['ADDRESS', endpointText(peer)],
          ['AS_NUMBER', peerAs],
          ['PEER_HOLD_TIME_WANTED', holdTimeSeconds === null ? null : text('SECONDS', { count: holdTimeSeconds })],
          ['PEER_FAMILIES', families.map((each) => text('PEER_FAMILY', { ...each })).join(', ')],
          ['PEER_SELF', text(nextHopSelf ? 'YES' : 'NO')],
          ['PEER_PASSWORD', text(hasPassword ? 'YES' : 'NO')],
          ['PEER_MULTIHOP_TTL', multihopTtl],
          ['BFD', bfd === null ? text('PEER_NO_BFD') : text('PEER_BFD', { ...bfd, multihop: '' })],
          ['CREATED', <Time key="created" at={createdAt} />],
        ]}
      />
    </section>
  );
}
