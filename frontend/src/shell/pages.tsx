import React, { type ReactElement } from 'react';
import { BgpConfCreation, BgpConfEditing } from '../pages/bgp/BgpConfEditor.tsx';
import { BgpConfPage } from '../pages/bgp/BgpConfPage.tsx';
import { NodeDetail } from '../pages/nodes/NodeDetail.tsx';
import { NodeList } from '../pages/nodes/NodeList.tsx';
import { OverviewPage } from '../pages/overview/OverviewPage.tsx';
import { PeerDetail } from '../pages/peers/PeerDetail.tsx';
import { PeerCreation, PeerEditing } from '../pages/peers/PeerEditor.tsx';
import { PeerList } from '../pages/peers/PeerList.tsx';
import { PoolCreation, PoolEditing } from '../pages/pools/PoolEditor.tsx';
import { PoolDetail } from '../pages/pools/PoolDetail.tsx';
import { PoolList } from '../pages/pools/PoolList.tsx';
import { ServiceDetail } from '../pages/services/ServiceDetail.tsx';
import { ServiceList } from '../pages/services/ServiceList.tsx';
import { TenantServices } from '../pages/tenant/TenantServices.tsx';
import type { TextKey } from '../texts/texts.ts';

/** One entry of a menu, with the pages behind it. */
export interface ConsolePage {
  /** Also the part of the address after the cluster or the workspace: the console wants both to be the same. */
  readonly name: string;
  readonly title: TextKey;
  readonly element: ReactElement;
  /** Pages of one of its entries, below it. */
  readonly details?: readonly { readonly path: string; readonly element: ReactElement }[];
}

/** In the place of a name, where one is made: no object can be called so. */
const NEW = '~new';

/** All pages of a cluster, in the order of the menu. */
export const CLUSTER_PAGES: readonly ConsolePage[] = [
  { name: 'porterlb.overview', title: 'OVERVIEW', element: <OverviewPage /> },
  {
    name: 'porterlb.pools',
    title: 'POOLS',
    element: <PoolList />,
    details: [
      { path: NEW, element: <PoolCreation /> },
      { path: ':name', element: <PoolDetail /> },
      { path: ':name/edit', element: <PoolEditing /> },
    ],
  },
  {
    name: 'porterlb.services',
    title: 'SERVICES',
    element: <ServiceList />,
    details: [{ path: ':namespace/:name', element: <ServiceDetail /> }],
  },
  {
    name: 'porterlb.peers',
    title: 'PEERS',
    element: <PeerList />,
    details: [
      { path: NEW, element: <PeerCreation /> },
      { path: ':name', element: <PeerDetail /> },
      { path: ':name/edit', element: <PeerEditing /> },
    ],
  },
  {
    name: 'porterlb.bgp',
    title: 'BGP_CONF',
    element: <BgpConfPage />,
    details: [
      { path: NEW, element: <BgpConfCreation /> },
      { path: 'edit', element: <BgpConfEditing /> },
    ],
  },
  {
    name: 'porterlb.nodes',
    title: 'NODES',
    element: <NodeList />,
    details: [{ path: ':name', element: <NodeDetail /> }],
  },
];

/** Pages of a workspace, for who works in its projects. */
export const WORKSPACE_PAGES: readonly ConsolePage[] = [
  { name: 'porterlb-services', title: 'TENANT_SERVICES', element: <TenantServices /> },
];
