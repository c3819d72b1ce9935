import React, { useState, type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import type { Service } from '../../generated/api.ts';
import { useCluster, useMayManageServices } from '../../live/surroundings.tsx';
import { useLive } from '../../live/use-live.ts';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { Explained } from './Explained.tsx';
import { ServiceStatus } from './ServiceCells.tsx';
import { ServicePathCard } from './ServicePaths.tsx';
import { ServiceWishDialog } from './ServiceWishDialog.tsx';

export function ServiceDetail(): ReactElement {
  const { namespace = '', name = '' } = useParams();
  const live = useLive({ operation: 'getService', path: { namespace, name } });
  const list = `/clusters/${useCluster()}/porterlb.services`;
  const mayManage = useMayManageServices();
  const [asks, setAsks] = useState(false);
  return (
    <Page
      title={`${namespace}/${name}`}
      back={{ to: list, label: text('SERVICES') }}
      tools={
        mayManage && live.answer !== undefined ? (
          <button type="button" className="plb-button" onClick={() => setAsks(true)}>
            {text('SERVICE_WISH')}
          </button>
        ) : undefined
      }
    >
      <PageState live={live}>
        {(service) => (
          <>
            <ServiceFacts service={service} />
            <Explained service={{ namespace, name }} />
            {service.paths.map((path) => (
              <ServicePathCard key={path.ip} path={path} />
            ))}
            <ConditionList conditions={conditions(service)} />
          </>
        )}
      </PageState>
      {asks && (
        <ServiceWishDialog
          service={{ namespace, name }}
          onClose={(changed) => {
            setAsks(false);
            if (changed) live.refresh();
          }}
        />
      )}
    </Page>
  );
}

function ServiceFacts({ service }: { readonly service: Service }): ReactElement {
  const { ips, pools, ports, externalTrafficPolicy, createdAt } = service;
  return (
    <section className="plb-card">
      <Facts
        facts={[
          ['STATE', <ServiceStatus key="state" service={service} />],
          ['ADDRESSES', ips.join(', ')],
          ['POOLS', pools.join(', ')],
          ['PORTS', ports.join(', ')],
          ['TRAFFIC_POLICY', externalTrafficPolicy],
          ['CREATED', <Time key="created" at={createdAt} />],
        ]}
      />
    </section>
  );
}

function conditions({ allocated, announced }: Service): React.ComponentProps<typeof ConditionList>['conditions'] {
  return [
    ...(allocated === null ? [] : [{ type: 'Allocated', ...allocated }]),
    ...(announced === null ? [] : [{ type: 'Announced', ...announced }]),
  ];
}
