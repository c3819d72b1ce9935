import React, { type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import type { KubernetesObject } from '../../api/objects.ts';
import { useObject } from '../../editor/use-object.ts';
import type { Peer } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { ObjectPage } from '../../parts/ObjectPage.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { endpointText } from './peer-model.ts';
import { peerWays } from './peer-ways.ts';
import { PeerStatus } from './PeerList.tsx';
import { SessionCard } from './PeerSessions.tsx';
import { RouterSnippet } from './RouterSnippet.tsx';

const LIST = { page: 'porterlb.peers', title: 'PEERS' } as const;

export function PeerDetail(): ReactElement {
  const name = useParams()['name'] ?? '';
  const live = useLive({ operation: 'getPeer', path: { name } });
  const object = useObject('bgppeers', name);
  // An API of an earlier version leaves it to the object.
  const isDraining = ({ gracefulShutdown }: Partial<Peer>): boolean | undefined =>
    gracefulShutdown ?? drains(object.answer);
  return (
    <ObjectPage
      name={name}
      list={LIST}
      live={live}
      ways={(peer) => peerWays(peer, isDraining(peer))}
      onChanged={object.refresh}
    >
      {(peer) => (
        <>
          <MissingReplicas replicas={peer.replicas} />
          {isDraining(peer) === true && <Notice level="info">{text('PEER_DRAINS')}</Notice>}
          <PeerFacts peer={peer} />
          {peer.live.map((session) => (
            <SessionCard key={session.replica} session={session} />
          ))}
          <RouterSnippet peer={peer} object={object.answer} />
          <ConditionList conditions={peer.conditions} />
        </>
      )}
    </ObjectPage>
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
          ['PEER_FAMILIES', families.map((each) => text('PEER_FAMILY', { ...each })).join('; ')],
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
