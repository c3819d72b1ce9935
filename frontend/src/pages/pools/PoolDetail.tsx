import React, { type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import type { Pool } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { ObjectPage } from '../../parts/ObjectPage.tsx';
import { Time } from '../../parts/Time.tsx';
import { text, type TextKey } from '../../texts/texts.ts';
import { AddressMap } from './AddressMap.tsx';
import { PROTOCOLS } from './pool-model.ts';
import { poolWays } from './pool-ways.ts';
import { PoolStatus } from './PoolList.tsx';
import { PoolUse } from './PoolUse.tsx';

const LIST = { page: 'porterlb.pools', title: 'POOLS' } as const;

export function PoolDetail(): ReactElement {
  const name = useParams()['name'] ?? '';
  const live = useLive({ operation: 'getPool', path: { name } });
  return (
    <ObjectPage name={name} list={LIST} live={live} ways={poolWays}>
      {(pool) => (
        <>
          <PoolFacts pool={pool} />
          <Overlaps pool={pool} />
          <AddressMap pool={name} />
          <ConditionList conditions={pool.conditions} />
        </>
      )}
    </ObjectPage>
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
