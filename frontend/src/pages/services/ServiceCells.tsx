import React, { type ReactElement } from 'react';
import type { ServiceSummary } from '../../generated/api.ts';
import { Status } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { serviceState } from './service-model.ts';

export function ServiceStatus({ service }: { readonly service: ServiceSummary }): ReactElement {
  const { level, title, detail } = serviceState(service);
  return (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
}

/** Its addresses, and the pools that they come from. */
export function ServiceAddresses({ service: { ips, pools } }: { readonly service: ServiceSummary }): ReactElement {
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
