import type { Clock, Datagrams, Logger, Random } from '../platform/ports.ts';

export interface ReplicaProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly datagrams: Datagrams;
  readonly logger: Logger;
  /** Called after each change of what `answering` or `lost` return. */
  readonly onChange: () => void;
  /** Called before each answer: what it will say (`setStale`) must hold now, also right after the process was suspended. */
  readonly beforeAnswer?: () => void;
}

export interface ReplicaProberOptions {
  readonly self: string;
  /** Address and UDP port to answer at and to ask from. */
  readonly host: string;
  readonly port: number;
  /** Milliseconds between two questions to the same replica. */
  readonly intervalMs?: number;
  /** Questions without an answer after which a replica counts as silent. */
  readonly misses?: number;
}
