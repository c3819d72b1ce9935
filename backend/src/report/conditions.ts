/** `metav1.Condition` as JSON has it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

export type NewCondition = Omit<Condition, 'lastTransitionTime'>;

/** A condition of any controller, as far as we compare it. */
export interface ExistingCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime?: string | undefined;
}

/** The transition time moves with `status` alone (Kubernetes API conventions, "Typical status properties"). */
export function withTransition(
  wanted: NewCondition,
  existing: readonly ExistingCondition[] | undefined,
  now: Date,
): Condition {
  const before = existing?.find(({ type }) => type === wanted.type);
  const kept = before?.status === wanted.status ? before.lastTransitionTime : undefined;
  return { ...wanted, lastTransitionTime: kept ?? `${now.toISOString().slice(0, 19)}Z` };
}

/** Whether writing `wanted` would change nothing that a reader could see. */
export function isCurrent(wanted: NewCondition, existing: readonly ExistingCondition[] | undefined): boolean {
  const before = existing?.find(({ type }) => type === wanted.type);
  return (
    before !== undefined &&
    before.status === wanted.status &&
    before.reason === wanted.reason &&
    before.message === wanted.message &&
    before.observedGeneration === wanted.observedGeneration
  );
}
