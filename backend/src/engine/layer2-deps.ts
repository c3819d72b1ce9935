import type { Node } from '../domain/node.ts';
import type { Pool } from '../domain/pool.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Clock, Datagrams, LinkLayer, Logger, Random } from '../platform/ports.ts';
import type { Layer2Speaker } from '../speakers/layer2/speaker.ts';
import type { ConflictReport } from './messages.ts';

/** An address that shall be spoken for on its link, by one of the replicas. */
export interface LinkAddress {
  readonly pool: Pool;
  /** Eligible nodes, most preferred first. */
  readonly nodes: readonly string[];
  /** Nobody has announced it yet, as far as its Services say. */
  readonly isNew: boolean;
}

export interface Layer2Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly links: LinkLayer;
  readonly datagrams: Datagrams;
  readonly speaker: Pick<Layer2Speaker, 'set' | 'update' | 'reassert' | 'audit' | 'recheck' | 'followRoutes' | 'stop'>;
  readonly replicas: Pick<
    ReplicaProber,
    'answering' | 'leavingNodes' | 'nodes' | 'nodeOfMac' | 'isSettled' | 'setBehind' | 'setPlace'
  >;
  readonly nodes: ReadonlyMap<string, Node>;
  /** What `view` returns of these addresses may be different now. */
  readonly onChange: (ips: ReadonlySet<string>) => void;
  readonly onConflicts: (conflicts: readonly ConflictReport[]) => void;
}

/** What Layer 2 needs of the engine. */
export type Layer2Host = Pick<Layer2Deps, 'nodes' | 'onChange'>;

export interface Layer2Options {
  readonly replica: string;
  /** Node that this replica runs on, and its address. */
  readonly node: string;
  readonly address: string;
}
