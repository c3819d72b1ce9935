import type { Reason } from './reason.ts';
import type { TrafficPolicy } from './traffic-policy.ts';

/** What decides whether two Services may have one address. */
export interface SharingTerms {
  /** Annotation `lb.kubesphere.io/allow-shared-ip`; undefined = shares with nobody. */
  readonly key: string | undefined;
  readonly namespace: string;
  /** `TCP/80`, `UDP/53`, ...: protocol and port that clients use. */
  readonly ports: readonly string[];
  readonly trafficPolicy: TrafficPolicy;
  /** `spec.selector` in a canonical form; undefined = none, so nobody knows which Pods it means. */
  readonly selector: string | undefined;
}

export type SharingProblem = Extract<Reason, 'SharingNotAgreed' | 'SharingPortsOverlap' | 'SharingPoliciesDiffer'>;

/** With `Local` only nodes with the Pods are announced: one address can't be announced by two sets of nodes. */
function samePlaces(a: SharingTerms, b: SharingTerms): boolean {
  if (a.trafficPolicy === 'Cluster' && b.trafficPolicy === 'Cluster') return true;
  return a.trafficPolicy === b.trafficPolicy && a.selector !== undefined && a.selector === b.selector;
}

/** Why two Services may not have one address, or undefined if they may; symmetric. */
export function sharingProblem(a: SharingTerms, b: SharingTerms): SharingProblem | undefined {
  if (a.key === undefined || a.key !== b.key || a.namespace !== b.namespace) return 'SharingNotAgreed';
  const theirs = new Set(b.ports);
  if (a.ports.some((port) => theirs.has(port))) return 'SharingPortsOverlap';
  return samePlaces(a, b) ? undefined : 'SharingPoliciesDiffer';
}
