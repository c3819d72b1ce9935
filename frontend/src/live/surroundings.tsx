import React, { createContext, useContext, useMemo, type ReactElement, type ReactNode } from 'react';
import { useParams } from 'react-router-dom';
import { hasPermission } from '@ks-console/shared';
import { ApiClient } from '../api/client.ts';
import { browserHttp, type Http } from '../api/http.ts';
import { ObjectStore } from '../api/objects.ts';
import { browserClock, type Clock } from './clock.ts';

/** What pages need of the world; tests and stories bring their own. */
export interface Surroundings {
  readonly http: Http;
  readonly clock: Clock;
}

const Context = createContext<Surroundings>({ http: browserHttp, clock: browserClock });

export function SurroundingsProvider(props: {
  readonly value: Surroundings;
  readonly children: ReactNode;
}): ReactElement {
  return <Context.Provider value={props.value}>{props.children}</Context.Provider>;
}

export function useClock(): Clock {
  return useContext(Context).clock;
}

/** The cluster that the address names. */
export function useCluster(): string {
  return useParams()['cluster'] ?? 'host';
}

export function useApi(): ApiClient {
  const { http } = useContext(Context);
  const cluster = useCluster();
  return useMemo(() => new ApiClient({ http }, { cluster }), [http, cluster]);
}

export function useObjects(): ObjectStore {
  const { http } = useContext(Context);
  const cluster = useCluster();
  return useMemo(() => new ObjectStore({ http }, { cluster }), [http, cluster]);
}

/** Whether to offer changes. The API server judges each of them anyway. */
export function useMayManage(): boolean {
  return hasPermission({ cluster: useCluster(), module: 'porterlb', action: 'manage' });
}
