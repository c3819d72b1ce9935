import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { KubernetesObject } from '../../api/objects.ts';
import { useMayManage } from '../../live/surroundings.tsx';
import { useLiveObject } from '../../live/use-live.ts';
import { ConditionList } from '../../parts/ConditionList.tsx';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { BGP_CONF_NAME, bgpConditions, bgpSettings, bgpState, inWords, type BgpSettings } from './bgp-conf-model.ts';

/** How PorterLB speaks BGP: the one BgpConf that is used. */
export function BgpConfPage(): ReactElement {
  const live = useLiveObject('bgpconfs', BGP_CONF_NAME);
  const mayManage = useMayManage();
  const isThere = live.answer !== undefined && live.answer !== null;
  return (
    <Page
      title={text('BGP_CONF')}
      description={text('BGP_CONF_ABOUT')}
      tools={
        mayManage && isThere ? (
          <Link className="plb-button plb-primary" to="edit">
            {text('EDIT')}
          </Link>
        ) : undefined
      }
    >
      <PageState live={live}>
        {(object) => (object === null ? <Nothing mayManage={mayManage} /> : <InForce object={object} />)}
      </PageState>
    </Page>
  );
}

function Nothing({ mayManage }: { readonly mayManage: boolean }): ReactElement {
  return (
    <EmptyState title={text('BGP_CONF_EMPTY')} hint={text('BGP_CONF_EMPTY_HINT')}>
      {mayManage && (
        <Link className="plb-button plb-primary" to="~new">
          {text('CREATE')}
        </Link>
      )}
    </EmptyState>
  );
}

function InForce({ object }: { readonly object: KubernetesObject }): ReactElement {
  const { level, title, detail } = bgpState(object);
  const settings = bgpSettings(object);
  const state = (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
  return (
    <>
      <section className="plb-card" aria-label={text('BGP_CONF')}>
        <Facts
          facts={[
            ['STATE', state],
            ['BGP_AS', settings.as === undefined ? null : String(settings.as)],
            ['BGP_RACKS', settings.racks.map(([rack, as]) => `${rack}: ${String(as)}`).join(', ')],
            ['BGP_ROUTER_ID', settings.routerId ?? text('BGP_ROUTER_ID_OWN')],
            ['BGP_LISTEN_PORT', listening(settings)],
            ['BGP_RESTART', restart(settings)],
            ['CREATED', <Time key="created" at={object.metadata.creationTimestamp} />],
          ]}
        />
      </section>
      <ConditionList conditions={bgpConditions(object).map(inWords)} />
    </>
  );
}

function listening({ listenPort, listenAddresses }: BgpSettings): string {
  if (listenPort === undefined) return text('BGP_LISTENS_NOT');
  if (listenAddresses.length === 0) return text('BGP_LISTENS', { port: listenPort });
  return text('BGP_LISTENS_ON', { port: listenPort, addresses: listenAddresses.join(', ') });
}

function restart({ restartSeconds }: BgpSettings): string {
  return restartSeconds === undefined ? text('BGP_RESTART_OFF') : text('BGP_RESTART_FOR', { count: restartSeconds });
}
