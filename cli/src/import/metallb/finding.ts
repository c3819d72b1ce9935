/** What became of something that was not simply carried over, in the order of urgency. */
export const KINDS = ['todo', 'lost', 'changed', 'unneeded'] as const;

export type FindingKind = (typeof KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** `Kind name`, or `Service namespace/name`. */
  readonly object: string;
  /** Path in the object, `spec.interface`; none: the whole of it. */
  readonly field?: string;
  readonly why: string;
  /** What to do about it. */
  readonly next?: string;
}

/** Findings as they come up. */
export class Findings {
  readonly all: Finding[] = [];

  add(finding: Finding): void {
    this.all.push(finding);
  }
}
