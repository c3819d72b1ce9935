import React, { type ReactElement } from 'react';
import type { ListedService } from '../../generated/api.ts';
import { Status } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { serviceState, type ServiceFacts } from './service-model.ts';
import { takersShown } from './takers-model.ts';

export function ServiceStatus({ service }: { readonly service: ServiceFacts }): ReactElement {
  const { level, title, detail } = serviceState(service);
  return (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
}

/** Its addresses, and the pools that they come from. */
export function ServiceAddresses({ service: { ips, pools } }: { readonly service: ServiceFacts }): ReactElement {
  if (ips.length === 0) return <>—</>;
  return (
    <>
      {ips.map((ip) => (
        <div key={ip}>{ip}</div>
      ))}
      {pools.length > 0 && <small>{pools.join(', ')}</small>}
    </>
  );
}

/** Its next hops, or its owner on a link; an API that is older doesn't say. */
export function ServiceTakers({ service: { takers } }: { readonly service: ListedService }): ReactElement {
  const shown = takersShown(takers);
  if (shown.length === 0) return <>—</>;
  return (
    <>
      {shown.map(({ key, title, names, more, role }) => (
        <div key={key} title={title}>
          <span className="plb-line">
            {names}
            {more > 0 && ` +${more}`}
          </span>
          {role !== undefined && <small>{text(role)}</small>}
        </div>
      ))}
    </>
  );
}
