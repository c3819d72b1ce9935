import type { LanRecord } from '../lan/records.ts';
import type { RouteEvent } from './judge.ts';
import type { ApiObjects } from './model.ts';
import type { RouterSight } from './rest.ts';
import type { Death } from './world.ts';

/** What the checker sees of the lab, from outside. */
export interface Sights {
  readonly routers: readonly string[];
  /** Names of the nodes, which all have a replica, in order of rank. */
  readonly nodes: readonly string[];
  readonly deaths: readonly Death[];
  /** The addresses by which packets are led to a node. */
  gatewaysOf(node: string): readonly string[];
  /** Where a router has its session with the replica on a node. */
  peerOf(router: string, node: string): string;
  objects(): Promise<ApiObjects>;
  router(name: string): Promise<RouterSight>;
  /** All that a router's kernel has told of its routes, up to the last `caughtUp`. */
  events(router: string): readonly RouteEvent[];
  caughtUp(): Promise<void>;
  /** When the first session of a router came up since a moment, both by `performance.now()`. */
  sessionSince(router: string, moment: number): Promise<number | undefined>;
  /** Of the replicas that run, by node. */
  memory(): Promise<ReadonlyMap<string, { readonly pid: number; readonly rssMiB: number }>>;
  /** What the replica on a node has kept for its next container (`toBeKept`). */
  kept(node: string): Promise<string>;
  /** The addresses on the LAN, all that was said about them (`performance.now()`), who a node is there, and who answers for one now. */
  readonly lan: LanSight;
  /** How much more there was to do on this machine than it can do at once (`Contention`). */
  contention(from: number, to: number): number;
}

export interface LanSight {
  readonly addresses: readonly string[];
  readonly records: readonly LanRecord[];
  macOf(node: string): string;
  /** The node that has this MAC, or the MAC. */
  nameOf(mac: string): string;
  /** The node that a host finds when it asks anew; undefined, if nobody answers or somebody who is no node. */
  ownerOf(ip: string): Promise<string | undefined>;
}
