import React, { useState, type ReactElement } from 'react';
import { Link, useNavigate, useParams } from 'react-router-dom';
import type { Pool } from '../../generated/api.ts';
import { useCluster, useMayManage } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { ActionMenu } from '../../parts/ActionMenu.tsx';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Time } from '../../parts/Time.tsx';
import { text, type TextKey } from '../../texts/texts.ts';
import { AddressMap } from './AddressMap.tsx';
import { PROTOCOLS } from './pool-model.ts';
import { PoolChangeDialog, poolActions, type ChangeKind } from './PoolChange.tsx';
import { PoolStatus } from './PoolList.tsx';
import { PoolUse } from './PoolUse.tsx';

export function PoolDetail(): ReactElement {
  const name = useParams()['name'] ?? '';
  const navigate = useNavigate();
  const list = `/clusters/${useCluster()}/porterlb.pools`;
  const live = useLive({ operation: 'getPool', path: { name } });
  const mayManage = useMayManage();
  const [change, setChange] = useState<ChangeKind>();
  const pool = live.answer;
  const onClose = (changed: boolean): void => {
    setChange(undefined);
    if (!changed) return;
    if (change === 'delete') navigate(list);
    else live.refresh();
  };
  return (
    <Page
      title={name}
      back={{ to: list, label: text('POOLS') }}
      tools={
        mayManage && pool !== undefined ? (
          <>
            <Link className="plb-button" to="edit">
              {text('EDIT')}
            </Link>
            <ActionMenu label={text('ACTIONS_OF', { name })} actions={poolActions(pool, setChange)} />
          </>
        ) : undefined
      }
    >
      <PageState live={live}>
        {(found) => (
          <>
            <PoolFacts pool={found} />
            <Overlaps pool={found} />
            <AddressMap pool={name} />
            <ConditionList conditions={found.conditions} />
          </>
        )}
      </PageState>
      {change !== undefined && <PoolChangeDialog change={{ kind: change, pool: { name } }} onClose={onClose} />}
    </Page>
  );
}

function PoolFacts({ pool }: { readonly pool: Pool }): ReactElement {
  const protocol = PROTOCOLS[pool.protocol ?? ''];
  return (
    <section className="plb-card">
      <Facts
        facts={[
          ['STATE', <PoolStatus key="state" pool={pool} />],
          ['ADDRESSES', pool.ranges.join(', ')],
          ['POOL_USE', <PoolUse key="use" use={pool.use} />],
          ['PROTOCOL', protocol === undefined ? pool.protocol : text(protocol)],
          ['POOL_DEFAULT', text(pool.isDefault ? 'YES' : 'NO')],
          ['POOL_PRIORITY', String(pool.priority)],
          ['POOL_WHO_MAY', whoMay(pool)],
          ['POOL_INTERFACE', pool.protocol === 'layer2' ? pool.interface || text('POOL_INTERFACE_AUTO') : null],
          ['POOL_PEERS', pool.protocol === 'bgp' ? (pool.peers ?? []).join(', ') : null],
          ['POOL_REST', text('SECONDS', { count: pool.reuseAfterSeconds })],
          ['CREATED', <Time key="created" at={pool.createdAt} />],
        ]}
      />
    </section>
  );
}

function whoMay({ namespaces, hasNamespaceSelector, hasServiceSelector }: Pool): string {
  const limits = [
    ...(namespaces.length > 0 ? [text('POOL_FOR_PROJECTS', { names: namespaces.join(', ') })] : []),
    ...(hasNamespaceSelector ? [text('POOL_BY_PROJECT_LABELS')] : []),
    ...(hasServiceSelector ? [text('POOL_BY_SERVICE_LABELS')] : []),
  ];
  return limits.length === 0 ? text('POOL_FOR_ALL') : limits.join('; ');
}

const OVERLAP_KINDS: Readonly<Record<string, TextKey>> = {
  pool: 'OVERLAP_POOL',
  serviceRange: 'OVERLAP_SERVICE_RANGE',
  node: 'OVERLAP_NODE',
};

function Overlaps({ pool: { overlaps } }: { readonly pool: Pool }): ReactElement | null {
  if (overlaps === undefined || overlaps.length === 0) return null;
  return (
    <Notice level="warning">
      <ul>
        {overlaps.map(({ kind, other, first, last }) => (
          <li key={`${kind} ${other} ${first}`}>
            {text(OVERLAP_KINDS[kind] ?? 'OVERLAP_OTHER', {
              other,
              range: first === last ? first : `${first} – ${last}`,
            })}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
