import type { PoolUse } from '../allocate/pool-use.ts';
import type { ApiCalls } from '../cluster/counting-kube.ts';
import type { QueueLoad } from '../cluster/write/queue.ts';
import type { EngineMeasures } from '../engine/measures.ts';
import type { ProcessUse, ThreadUse } from '../platform/ports.ts';

/** All that metrics are made of, at one moment. */
export interface Facts extends ManagerFacts {
  /** Undefined if the engine didn't answer in time. */
  readonly engine: EngineMeasures | undefined;
}

/** What the main thread knows. */
export interface ManagerFacts {
  readonly version: string;
  readonly nodeVersion: string;
  readonly ready: boolean;
  readonly leads: boolean;
  readonly viewStale: boolean;
  readonly viewAgeMs: number;
  readonly informers: readonly InformerFacts[];
  readonly queues: readonly QueueLoad[];
  readonly apiCalls: readonly ApiCalls[];
  /** What only the leader knows; undefined elsewhere. */
  readonly leader: LeaderFacts | undefined;
  /** How many addresses this replica's engine says this of, by reason. */
  readonly addresses: ReadonlyMap<string, number>;
  readonly conflicts: readonly ConflictFacts[];
  readonly thread: ThreadUse;
  readonly process: ProcessUse;
}

export interface InformerFacts {
  /** Plural of the kind. */
  readonly resource: string;
  readonly objects: number;
  readonly synced: boolean;
  /** For how long it has not been known to be current. */
  readonly behindMs: number;
}

export interface LeaderFacts {
  readonly pools: readonly PoolUse[];
  /** Services whose wishes are not all met. */
  readonly waiting: number;
  /** How many Services have a condition of ours with this reason. */
  readonly services: readonly ServiceFacts[];
}

export interface ServiceFacts {
  readonly condition: 'Allocated' | 'Announced';
  readonly reason: string;
  readonly count: number;
}

export interface ConflictFacts {
  readonly pool: string;
  readonly heard: 'stranger' | 'node';
  readonly count: number;
}
