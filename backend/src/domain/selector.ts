/** Labels of a Kubernetes object. */
export type Labels = Readonly<Record<string, string>>;

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** A Kubernetes LabelSelector (`metav1.LabelSelector`): everything in it must hold; an empty one selects everything. */
export interface LabelSelector {
  readonly matchLabels: Labels;
  readonly matchExpressions: readonly SelectorRequirement[];
}

function satisfies(requirement: SelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether all of `wanted` are among these labels. */
export function includesLabels(labels: Labels, wanted: Labels): boolean {
  return Object.keys(wanted).every((key) => Object.hasOwn(labels, key) && labels[key] === wanted[key]);
}

/** Whether `selector` selects an object with these labels; an absent selector selects everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return true;
  if (!includesLabels(labels, selector.matchLabels)) return false;
  return selector.matchExpressions.every((requirement) => satisfies(requirement, labels));
}
