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

export function useHttp(): Http {
  return useContext(Context).http;
}

const ClusterContext = createContext<string | undefined>(undefined);

/** Pages that lie in no cluster say which one they are about. */
export function ClusterProvider(props: { readonly cluster: string; readonly children: ReactNode }): ReactElement {
  return <ClusterContext.Provider value={props.cluster}>{props.children}</ClusterContext.Provider>;
}

/** The cluster that the page is about: the one that its address names. */
export function useCluster(): string {
  const named = useParams()['cluster'] ?? 'host';
  return useContext(ClusterContext) ?? named;
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

/** Whether to offer changes of PorterLB's objects. The API server judges each of them anyway. */
export function useMayManage(): boolean {
  return hasPermission({ cluster: useCluster(), module: 'porterlb', action: 'manage' });
}

/** The same of Services, for which KubeSphere has roles of its own. */
export function useMayManageServices(): boolean {
  return hasPermission({ cluster: useCluster(), module: 'services', action: 'manage' });
}
