import type { DrainSignal, Node } from '../domain/node.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';

/** What an administrator decides about nodes that are about to go. */
export interface DrainPolicy {
  /** How long a drained node's next hops stay, as the last resort, before they are withdrawn, in milliseconds. */
  readonly graceMs: number;
  /** Whether a cordon is a drain too. */
  readonly onCordon: boolean;
}

/**
 * `draining`: nobody should choose the node any more, and whoever has not heard of that yet is still served. `drained`: the grace time is
 * over.
 */
export type DrainPhase = 'draining' | 'drained';

/** A moment by both clocks: signals come with a wall clock's time, deadlines are kept by one that never jumps. */
export interface Moment {
  /** Milliseconds from an arbitrary origin. */
  readonly now: number;
  /** Milliseconds since the epoch. */
  readonly wall: number;
}

/** Those of a node's signals that mean a drain. */
export function drainSignals(node: Node, { onCordon }: DrainPolicy): readonly DrainSignal[] {
  return onCordon ? node.drainSignals : node.drainSignals.filter(({ kind }) => kind !== 'cordoned');
}

/**
 * When a drain began, on the clock of `Moment.now`: at its first signal. That comes from the object where the object says so, so that a
 * replica that starts in the middle of a drain finds what the others found; else it is when the signal was first seen. A time in the
 * future is that of a clock ahead of ours: it began now.
 *
 * @param known what this function returned for the same drain before
 */
export function drainBegan(signals: readonly DrainSignal[], at: Moment, known: number | undefined): number {
  const began = signals.map(({ since = at.wall }) => at.now - Math.max(0, at.wall - since));
  return Math.min(known ?? at.now, ...began);
}

export function drainPhase(began: number, now: number, { graceMs }: DrainPolicy): DrainPhase {
  return now - began >= graceMs ? 'drained' : 'draining';
}

const REASONS: Readonly<Record<DrainSignal['kind'], Reason>> = {
  deleting: 'NodeDeleting',
  toBeDeleted: 'NodeToBeDeleted',
  cordoned: 'NodeCordoned',
};

/** Why a drained node is left out. */
export function drainedBecause({ name, drainSignals: [first] }: Node): Finding {
  return finding(REASONS[first?.kind ?? 'deleting'], { node: name });
}

/** Nodes that can take an address' traffic, by who of them should. */
export interface Candidates {
  readonly chosen: readonly Node[];
  /** In their grace time: announced beside the chosen ones, as nobody's first choice. */
  readonly draining: readonly Node[];
  readonly drained: readonly Node[];
}

/** A node that can take an address' traffic, and how sure that is. */
export interface AbleNode {
  readonly node: Node;
  /** It answers probes; else only Kubernetes calls it Ready. */
  readonly alive: boolean;
  /** With `Local`, it has an endpoint that is ready, and not only some that terminate. */
  readonly ready: boolean;
}

function isAsGood(a: AbleNode, b: AbleNode): boolean {
  return (a.alive || !b.alive) && (a.ready || !b.ready);
}

/**
 * Whom a drain takes traffic from: each node that is being drained, if one that stays is as good in all respects; else it is announced as
 * if it weren't. So it is where all that can take the traffic are being drained, and where the others can't yet, or soon won't: whatever
 * is going on, an address with Pods that answer is never left to worse nodes for a drain's sake, let alone withdrawn.
 */
export function sparing(able: readonly AbleNode[], drains: ReadonlyMap<string, DrainPhase>): Candidates {
  if (drains.size === 0) return { chosen: able.map(({ node }) => node), draining: [], drained: [] };
  const staying = able.filter(({ node }) => !drains.has(node.name));
  const phaseOf = (candidate: AbleNode): DrainPhase | undefined => {
    const phase = drains.get(candidate.node.name);
    return phase !== undefined && staying.some((other) => isAsGood(other, candidate)) ? phase : undefined;
  };
  const phases = new Map(able.map((candidate) => [candidate.node, phaseOf(candidate)]));
  const inPhase = (phase?: DrainPhase): Node[] => [...phases.keys()].filter((node) => phases.get(node) === phase);
  return { chosen: inPhase(), draining: inPhase('draining'), drained: inPhase('drained') };
}

/** RFC 8326, 5: well-known community; routers that know it take such a path only for want of any other. */
export const GRACEFUL_SHUTDOWN = '65535:0';

/**
 * What the path through a draining node adds to its replica's MED (`med.ts`): for routers that don't know the community, and since FRR and
 * others do ECMP over paths of equal MED only. Less than what tells replicas apart, so that the ladder of ranks stays what it is: such
 * a path ties with nobody's.
 */
export const MED_DRAINING = 50;
