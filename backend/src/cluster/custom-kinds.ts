import type { BgpConfStatus } from '../resources/bgp-conf.ts';
import type { BgpPeerStatus } from '../resources/bgp-peer-status.ts';
import type { EipStatus } from '../resources/eip.ts';
import { GROUP, VERSION } from '../resources/keys.ts';
import type { KubeObject, ResourceKind } from './objects.ts';

/** A custom resource as it is stored: the spec is for the parsers of `resources/`, the status is what we wrote. */
export interface CustomObject<S> extends KubeObject {
  readonly spec?: unknown;
  readonly status?: Partial<S>;
}

export type Eip = CustomObject<EipStatus>;
export type BgpConf = CustomObject<BgpConfStatus>;
export type BgpPeer = CustomObject<BgpPeerStatus>;

const common = { group: GROUP, version: VERSION, namespaced: false } as const;

export const eips: ResourceKind<Eip> = { ...common, kind: 'Eip', plural: 'eips' };
export const bgpConfs: ResourceKind<BgpConf> = { ...common, kind: 'BgpConf', plural: 'bgpconfs' };
export const bgpPeers: ResourceKind<BgpPeer> = { ...common, kind: 'BgpPeer', plural: 'bgppeers' };
