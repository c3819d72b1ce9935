import React, { useMemo, type ReactElement } from 'react';
import { useParams, useSearchParams } from 'react-router-dom';
import type { ListedService } from '../../generated/api.ts';
import { ClusterProvider, useHttp } from '../../live/surroundings.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { useLivePage } from '../../live/use-live.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Time } from '../../parts/Time.tsx';
import type { Column } from '../../table/column.ts';
import { ListTable } from '../../table/ListTable.tsx';
import { useLastPage, useListQuery } from '../../table/use-list-query.ts';
import { text } from '../../texts/texts.ts';
import { ServiceAddresses, ServiceStatus } from '../services/ServiceCells.tsx';
import { clustersOf, projectsOf } from './tenant-api.ts';
import { inTenantsWords } from './tenant-words.ts';

const COLUMNS: readonly Column<ListedService>[] = [
  { title: 'NAME', sortBy: 'name', cell: ({ name }) => <strong>{name}</strong> },
  { title: 'STATE', cell: (service) => <ServiceStatus service={inTenantsWords(service)} /> },
  { title: 'ADDRESSES', cell: (service) => <ServiceAddresses service={service} /> },
  { title: 'PORTS', cell: ({ ports }) => ports.join(', ') },
  { title: 'CREATED', sortBy: 'createTime', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

/** The load-balanced Services of the projects of a workspace, for who works there and may not see the cluster. */
export function TenantServices(): ReactElement {
  const workspace = useParams()['workspace'] ?? '';
  const http = useHttp();
  const clusters = useAnswer(useMemo(() => () => clustersOf(http, workspace), [http, workspace]));
  return (
    <Page title={text('TENANT_SERVICES')} description={text('TENANT_SERVICES_ABOUT')}>
      <PageState
        live={clusters}
        isEmpty={(names) => names.length === 0}
        empty={<EmptyState title={text('NO_PROJECT')} hint={text('NO_PROJECT_HINT')} />}
      >
        {(names) => <InCluster workspace={workspace} clusters={names} />}
      </PageState>
    </Page>
  );
}

interface InClusterProps {
  readonly workspace: string;
  readonly clusters: readonly string[];
}

function InCluster({ workspace, clusters }: InClusterProps): ReactElement {
  const http = useHttp();
  const [cluster, setCluster] = useChoice('cluster', clusters);
  const projects = useAnswer(useMemo(() => () => projectsOf(http, workspace, cluster), [http, workspace, cluster]));
  return (
    <ClusterProvider cluster={cluster}>
      {clusters.length > 1 && <Picker label={text('CLUSTER')} value={cluster} names={clusters} onChoose={setCluster} />}
      <PageState
        live={projects}
        isEmpty={(names) => names.length === 0}
        empty={<EmptyState title={text('NO_PROJECT')} hint={text('NO_PROJECT_HINT')} />}
      >
        {(names) => <InProject projects={names} />}
      </PageState>
    </ClusterProvider>
  );
}

function InProject({ projects }: { readonly projects: readonly string[] }): ReactElement {
  const [project, setProject] = useChoice('project', projects);
  const [query, onQuery] = useListQuery('name');
  const live = useLivePage({
    operation: 'listNamespacedServices',
    path: { namespace: project },
    query: { ...query },
  });
  useLastPage(live, query, onQuery);
  return (
    <>
      <Picker label={text('PROJECT')} value={project} names={projects} onChoose={setProject} />
      <PageState
        live={live}
        isEmpty={({ totalItems }) => totalItems === 0 && query.name === ''}
        empty={<EmptyState title={text('NO_SERVICE')} hint={text('NO_SERVICE_HINT')} />}
      >
        {({ items, totalItems }) => (
          <ListTable
            label={text('TENANT_SERVICES')}
            columns={COLUMNS}
            rows={items}
            rowKey={({ name }) => name}
            totalItems={totalItems}
            query={query}
            onQuery={onQuery}
          />
        )}
      </PageState>
    </>
  );
}

/** One of several, as the page's address has it; the first one where it names none of them. */
function useChoice(key: string, among: readonly string[]): readonly [string, (chosen: string) => void] {
  const [search, setSearch] = useSearchParams();
  const named = search.get(key) ?? '';
  const chosen = among.includes(named) ? named : (among[0] ?? '');
  // What was looked at elsewhere, such as its third page, says nothing here.
  const choose = (name: string): void => {
    const cluster = search.get('cluster');
    setSearch(key === 'cluster' || cluster === null ? { [key]: name } : { cluster, [key]: name });
  };
  return [chosen, choose];
}

interface PickerProps {
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
  readonly onChoose: (name: string) => void;
}

function Picker({ label, value, names, onChoose }: PickerProps): ReactElement {
  return (
    <label className="plb-card plb-picker">
      {label}{' '}
      <select value={value} onChange={({ target }) => onChoose(target.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
