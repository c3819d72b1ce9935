import React, { useMemo, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { ListedService, PoolSummary } from '../../generated/api.ts';
import { useMayManageServices } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListPage, useLiveList, type ListWords, type RowActions } from '../../table/ListPage.tsx';
import { text } from '../../texts/texts.ts';
import { PROTOCOLS } from '../pools/pool-model.ts';
import { ServiceAddresses, ServiceStatus, ServiceTakers } from './ServiceCells.tsx';
import { ServiceWishDialog } from './ServiceWishDialog.tsx';

type Protocols = ReadonlyMap<string, PoolSummary['protocol']>;

function columnsFor(protocols: Protocols): readonly Column<ListedService>[] {
  return [
    { title: 'NAME', sortBy: 'name', cell: (service) => <ServiceLink service={service} /> },
    { title: 'PROJECT', sortBy: 'namespace', cell: ({ namespace }) => namespace },
    { title: 'STATE', cell: (service) => <ServiceStatus service={service} /> },
    { title: 'ADDRESSES', cell: (service) => <ServiceAddresses service={service} /> },
    { title: 'MODE', cell: ({ pools }) => <span className="plb-line">{modes(pools, protocols)}</span> },
    { title: 'TAKERS', cell: (service) => <ServiceTakers service={service} /> },
    { title: 'PORTS', cell: ({ ports }) => ports.join(', ') },
    { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}

const WORDS: ListWords = {
  ...{ title: 'SERVICES', about: 'SERVICES_ABOUT', empty: 'NO_SERVICE', emptyHint: 'SERVICES_EMPTY_HINT' },
};

const keyOf = ({ namespace, name }: ListedService): string => `${namespace}/${name}`;

const ACTS: RowActions<ListedService, ListedService> = {
  name: keyOf,
  actions: (service, choose) => [{ label: text('SERVICE_WISH'), onChoose: () => choose(service) }],
  dialog: (service, onClose) => <ServiceWishDialog service={service} onClose={onClose} />,
};

export function ServiceList(): ReactElement {
  const list = useLiveList('listServices');
  const pools = useLive({ operation: 'listPools', query: { limit: 500 } }).answer;
  const columns = useMemo(
    () => columnsFor(new Map((pools?.items ?? []).map(({ name, protocol }) => [name, protocol]))),
    [pools],
  );
  const mayAct = useMayManageServices();
  return (
    <ListPage
      {...{ words: WORDS, list, columns, rowKey: keyOf, acts: ACTS, mayAct }}
      above={({ replicas }) => <MissingReplicas replicas={replicas} />}
    />
  );
}

function ServiceLink({ service: { namespace, name } }: { readonly service: ListedService }): ReactElement {
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
