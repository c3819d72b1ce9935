import type { NodeHealth } from '../announce/snapshot.ts';
import { MISSES, type NodeState } from './node-state.ts';

/** The verdict on a node with its evidence, as the log shows it; times are ISO 8601. */
export interface NodeVerdict {
  readonly node: string;
  readonly address: string;
  readonly health: NodeHealth;
  readonly since: string;
  /** What the last probe found. */
  readonly found: string;
  /** The last answer in HTTP, and its status code. */
  readonly answered: string | undefined;
  readonly status: number | undefined;
  /** Probes in a row without an answer. */
  readonly misses: number;
  /** For how long it has refused or said that it is ill. */
  readonly ailingMs: number;
  /** Whether the second witness saw the host, if it was asked. */
  readonly witness: 'host' | 'nothing' | undefined;
  /** By what: TCP, and where that found nothing, ARP or neighbour discovery. */
  readonly witnessSaid: string | undefined;
  /** How often it has died again soon after it had come back. */
  readonly flaps: number;
}

/**
 * What is known of a node, in one word:
 * - `none`: no probe has ended yet;
 * - `well`: it answers;
 * - `ailing`: it refuses, or says that it is ill, or what answers is no service proxy;
 * - `missed`: no answer of late, too few times in a row to count;
 * - `silent`: no answer, several times in a row, and nobody else was asked, or has answered yet;
 * - `host-silent`: the second witness saw nothing of the host either;
 * - `host-seen`: the second witness saw the host, so that the fault may be on the way.
 */
export const NODE_EVIDENCE = ['none', 'well', 'ailing', 'missed', 'silent', 'host-silent', 'host-seen'] as const;
export type NodeEvidence = (typeof NODE_EVIDENCE)[number];

export function evidenceKind({ last, misses, witness }: NodeState): NodeEvidence {
  if (last === undefined || last.result.kind === 'void') return 'none';
  if (last.result.kind !== 'silent') return last.result.kind;
  if (witness !== undefined) return witness.sawHost ? 'host-seen' : 'host-silent';
  return misses < MISSES ? 'missed' : 'silent';
}

/** One moment by both clocks. */
export interface Moment {
  readonly now: number;
  readonly wall: Date;
}

export function evidence(
  { name, address }: { readonly name: string; readonly address: string },
  { health, since, last, answered, misses, ailing, witness, flaps }: NodeState,
  { now, wall }: Moment,
): NodeVerdict {
  const iso = (at: number): string => new Date(wall.getTime() - (now - at)).toISOString();
  return {
    node: name,
    address,
    health,
    since: iso(since),
    found: found(last?.result),
    answered: answered === undefined ? undefined : iso(answered.at),
    status: answered?.status,
    misses,
    ailingMs: Math.round(ailing?.forMs ?? 0),
    witness: witness === undefined ? undefined : witness.sawHost ? 'host' : 'nothing',
    witnessSaid: witness?.said,
    flaps,
  };
}

function found(result: NonNullable<NodeState['last']>['result'] | undefined): string {
  if (result === undefined) return 'no probe has ended yet';
  return result.kind === 'well' ? `it answers ${result.status}` : result.why;
}
