import type { Replica } from '../../domain/replica.ts';
import type { ReplicaReport } from './facts.ts';

/** One replica with what it says, or why it says nothing. */
export type Word<Facts = ReplicaReport> =
  { readonly replica: Replica; readonly facts: Facts } | { readonly replica: Replica; readonly problem: string };
