import type { AddressRange, Family } from '../domain/address.ts';
import type { Node } from '../domain/node.ts';
import type { Pool, Protocol } from '../domain/pool.ts';
import type { DrainPhase } from './drain.ts';
import type { Labels } from '../domain/selector.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import type { Assignment, ServiceEndpoints } from '../domain/service.ts';
import type { TrafficPolicy } from '../domain/traffic-policy.ts';

/** A Service that holds addresses, cut down to what announcing depends on. */
export interface HoldingService {
  readonly key: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly trafficPolicy: TrafficPolicy;
  readonly sharing: SharingTerms;
  /** The record of the leader, as far as the status shows the same addresses. */
  readonly assignments: readonly Assignment[];
  /** Its condition Announced is True: its addresses need not be asked for on the link before they are announced again. */
  readonly announcedBefore: boolean;
}

/** What probing says of a node; `unknown` leaves the word to the Node's Ready condition. */
export type NodeHealth = 'alive' | 'dead' | 'unknown';

/** Everything that a decision about announcing depends on, and nothing else. */
export interface Snapshot {
  readonly services: ReadonlyMap<string, HoldingService>;
  readonly endpoints: ReadonlyMap<string, ServiceEndpoints>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly pools: ReadonlyMap<string, Pool>;
  /** Nodes whose object is gone, as they were last, for the grace of a drain. */
  readonly gone: ReadonlyMap<string, Node>;
  readonly health: ReadonlyMap<string, NodeHealth>;
  /** How far the drain of a node is, of `gone` ones too; one that isn't listed isn't being drained. */
  readonly drains: ReadonlyMap<string, DrainPhase>;
  /** Those that a speaker is there for. */
  readonly protocols: ReadonlySet<Protocol>;
}

/** A peer as announcing sees it. */
export interface PeerTarget {
  readonly name: string;
  /** Its own, in canonical form: a node that has it is the router, and no way for it. */
  readonly address: string;
  readonly labels: Labels;
  /** The cap of next hops per address family; a family that is absent is not announced. */
  readonly sendMax: ReadonlyMap<Family, number>;
  /** The subnets of the link that the peer is on, as this host sees them; empty if the peer is not on a link of ours. */
  readonly subnets: readonly AddressRange[];
  /** The only node that it hears of, by name: that of this replica, where the BgpPeer says `nextHopSelf`; undefined: it hears of all. */
  readonly onlyNode: string | undefined;
  /** It finds by BFD that a machine is dead and keeps nothing of it (no graceful restart), so that nobody has to outbid that. */
  readonly dropsDead?: boolean;
}
