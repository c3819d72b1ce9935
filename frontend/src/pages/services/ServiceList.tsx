import React, { useMemo, useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PoolSummary, ServiceSummary } from '../../generated/api.ts';
import { useMayManage } from '../../live/surroundings.tsx';
import { useLive, useLivePage } from '../../live/use-live.ts';
import { ActionMenu } from '../../parts/ActionMenu.tsx';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListTable } from '../../table/ListTable.tsx';
import { useListQuery } from '../../table/use-list-query.ts';
import { text } from '../../texts/texts.ts';
import { PROTOCOLS } from '../pools/pool-model.ts';
import { ServiceAddresses, ServiceStatus } from './ServiceCells.tsx';
import { ServiceWishDialog } from './ServiceWishDialog.tsx';

type Protocols = ReadonlyMap<string, PoolSummary['protocol']>;

function columnsFor(protocols: Protocols): readonly Column<ServiceSummary>[] {
  return [
    { title: 'NAME', sortBy: 'name', cell: (service) => <ServiceLink service={service} /> },
    { title: 'PROJECT', sortBy: 'namespace', cell: ({ namespace }) => namespace },
    { title: 'STATE', cell: (service) => <ServiceStatus service={service} /> },
    { title: 'ADDRESSES', cell: (service) => <ServiceAddresses service={service} /> },
    { title: 'MODE', cell: ({ pools }) => <span className="plb-line">{modes(pools, protocols)}</span> },
    { title: 'PORTS', cell: ({ ports }) => ports.join(', ') },
    { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}

export function ServiceList(): ReactElement {
  const [query, onQuery] = useListQuery('name');
  const live = useLivePage({ operation: 'listServices', query: { ...query } });
  const pools = useLive({ operation: 'listPools', query: { limit: 100 } }).answer;
  const columns = useMemo(
    () => columnsFor(new Map((pools?.items ?? []).map(({ name, protocol }) => [name, protocol]))),
    [pools],
  );
  const mayManage = useMayManage();
  const [changed, setChanged] = useState<ServiceSummary>();
  return (
    <Page title={text('SERVICES')} description={text('SERVICES_ABOUT')}>
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={<EmptyState title={text('NO_SERVICE')} hint={text('SERVICES_EMPTY_HINT')} />}
      >
        {({ items, totalItems }) => (
          <ListTable
            label={text('SERVICES')}
            columns={columns}
            rows={items}
            rowKey={({ namespace, name }) => `${namespace}/${name}`}
            totalItems={totalItems}
            query={query}
            onQuery={onQuery}
            actions={mayManage ? (service) => <Actions service={service} onChange={setChanged} /> : undefined}
          />
        )}
      </PageState>
      {changed !== undefined && (
        <ServiceWishDialog
          service={changed}
          onClose={(isChanged) => {
            setChanged(undefined);
            if (isChanged) live.refresh();
          }}
        />
      )}
    </Page>
  );
}

interface ActionsProps {
  readonly service: ServiceSummary;
  readonly onChange: (service: ServiceSummary) => void;
}

function Actions({ service, onChange }: ActionsProps): ReactElement {
  return (
    <ActionMenu
      label={text('ACTIONS_OF', { name: `${service.namespace}/${service.name}` })}
      actions={[{ label: text('SERVICE_WISH'), onChoose: () => onChange(service) }]}
    />
  );
}

function ServiceLink({ service: { namespace, name } }: { readonly service: ServiceSummary }): ReactElement {
  return (
    <Link className="plb-name" to={`${namespace}/${name}`}>
      {name}
    </Link>
  );
}

/** How its addresses are announced: what their pools say. */
function modes(pools: readonly string[], protocols: Protocols): string {
  const known = pools.flatMap((pool) => PROTOCOLS[protocols.get(pool) ?? ''] ?? []);
  return known.length === 0 ? '—' : [...new Set(known)].map((key) => text(key)).join(', ');
}
