import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PoolSummary } from '../../generated/api.ts';
import { actionsOf, ObjectChangeDialog, type ObjectChange } from '../../parts/ObjectChange.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListPage, useLiveList, type RowActions } from '../../table/ListPage.tsx';
import { text } from '../../texts/texts.ts';
import { poolState, PROTOCOLS } from './pool-model.ts';
import { poolWays } from './pool-ways.ts';
import { PoolUse } from './PoolUse.tsx';

const COLUMNS: readonly Column<PoolSummary>[] = [
  { title: 'NAME', sortBy: 'name', cell: (pool) => <PoolName pool={pool} /> },
  { title: 'STATE', cell: (pool) => <PoolStatus pool={pool} /> },
  { title: 'ADDRESSES', cell: ({ ranges }) => <Ranges ranges={ranges} /> },
  { title: 'POOL_USE', sortBy: 'used', cell: ({ use }) => <PoolUse use={use} /> },
  { title: 'POOL_PRIORITY', sortBy: 'priority', align: 'right', cell: ({ priority }) => priority },
  { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

const WORDS = { title: 'POOLS', about: 'POOLS_ABOUT', empty: 'POOLS_EMPTY', emptyHint: 'POOLS_EMPTY_HINT' } as const;

const ACTS: RowActions<PoolSummary, ObjectChange> = {
  name: ({ name }) => name,
  actions: (pool, choose) => actionsOf(poolWays(pool), (way) => choose({ way, name: pool.name })),
  dialog: (change, onClose) => <ObjectChangeDialog change={change} onClose={onClose} />,
};

export function PoolList(): ReactElement {
  const list = useLiveList('listPools');
  return <ListPage words={WORDS} list={list} columns={COLUMNS} rowKey={({ name }) => name} creates acts={ACTS} />;
}

function PoolName({ pool }: { readonly pool: PoolSummary }): ReactElement {
  const protocol = PROTOCOLS[pool.protocol ?? ''];
  return (
    <>
      <Link className="plb-name" to={pool.name}>
        {pool.name}
      </Link>
      <small>
        {protocol === undefined ? (pool.protocol ?? '') : text(protocol)}
        {pool.isDefault && <span className="plb-tag">{text('POOL_DEFAULT')}</span>}
      </small>
    </>
  );
}

export function PoolStatus({ pool }: { readonly pool: PoolSummary }): ReactElement {
  const { level, title, detail } = poolState(pool);
  return (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
}

const RANGES_SHOWN = 3;

function Ranges({ ranges }: { readonly ranges: readonly string[] }): ReactElement {
  const more = ranges.length - RANGES_SHOWN;
  return (
    <>
      {ranges.slice(0, RANGES_SHOWN).map((range) => (
        <div key={range}>{range}</div>
      ))}
      {more > 0 && <small>{text('AND_MORE', { count: more })}</small>}
    </>
  );
}
