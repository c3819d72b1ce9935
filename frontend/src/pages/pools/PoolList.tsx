import React, { useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PoolSummary } from '../../generated/api.ts';
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
import { poolState, PROTOCOLS } from './pool-model.ts';
import { PoolChangeDialog, poolActions, type PoolChange } from './PoolChange.tsx';
import { PoolUse } from './PoolUse.tsx';

const COLUMNS: readonly Column<PoolSummary>[] = [
  { title: 'NAME', sortBy: 'name', cell: (pool) => <PoolName pool={pool} /> },
  { title: 'STATE', cell: (pool) => <PoolStatus pool={pool} /> },
  { title: 'ADDRESSES', cell: ({ ranges }) => <Ranges ranges={ranges} /> },
  { title: 'POOL_USE', sortBy: 'used', cell: ({ use }) => <PoolUse use={use} /> },
  { title: 'POOL_PRIORITY', sortBy: 'priority', align: 'right', cell: ({ priority }) => priority },
  { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

export function PoolList(): ReactElement {
  const [query, onQuery] = useListQuery('name');
  const live = useLivePage({ operation: 'listPools', query: { ...query } });
  const mayManage = useMayManage();
  const [change, setChange] = useState<PoolChange>();
  return (
    <Page title={text('POOLS')} description={text('POOLS_ABOUT')}>
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={
          <EmptyState title={text('POOLS_EMPTY')} hint={text('POOLS_EMPTY_HINT')}>
            {mayManage && <CreateLink />}
          </EmptyState>
        }
      >
        {({ items, totalItems }) => (
          <ListTable
            label={text('POOLS')}
            columns={COLUMNS}
            rows={items}
            rowKey={({ name }) => name}
            totalItems={totalItems}
            query={query}
            onQuery={onQuery}
            tools={mayManage ? <CreateLink /> : undefined}
            actions={
              mayManage
                ? (pool) => (
                    <ActionMenu
                      label={text('ACTIONS_OF', { name: pool.name })}
                      actions={poolActions(pool, (kind) => setChange({ kind, pool }))}
                    />
                  )
                : undefined
            }
          />
        )}
      </PageState>
      {change !== undefined && (
        <PoolChangeDialog
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
