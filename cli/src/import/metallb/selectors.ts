import type { Fields, Path } from './fields.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Requirements that must all hold; none: everything is selected. */
export type Requirements = readonly Requirement[];

/** Kubernetes' LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** As much as our CRDs take. */
const MAX_VALUES = 64;

function expression(fields: Fields, path: Path): Requirement | undefined {
  const key = fields.text(...path, 'key');
  const operator = fields.text(...path, 'operator');
  if (key === undefined || operator === undefined) return undefined;
  return { key, operator, values: unique(fields.texts(...path, 'values')) };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function byText(a: Requirement, b: Requirement): number {
  return textOf(a) < textOf(b) ? -1 : 1;
}

/** What one selector of a list asks for, in an order of its own. */
function requirements(fields: Fields, path: Path): Requirements {
  const labels = Object.entries(fields.pairs(...path, 'matchLabels'));
  const expressions = fields.items(...path, 'matchExpressions').flatMap((item) => expression(fields, item) ?? []);
  return [...labels.map(([key, value]) => ({ key, operator: 'In', values: [value] })), ...expressions].sort(byText);
}

/** A list of selectors of which one must hold, as MetalLB has them. */
export function selectorList(fields: Fields, ...path: Path): Requirements[] {
  return fields.items(...path).map((item) => requirements(fields, item));
}

function same(a: Requirement, b: Requirement): boolean {
  return textOf(a) === textOf(b);
}

/** Requirements of which one must hold as one, where they are of one key with values. */
function eitherOf(left: Requirement, right: Requirement): Requirement | undefined {
  if (left.key !== right.key || left.operator !== 'In' || right.operator !== 'In') return undefined;
  const values = unique([...left.values, ...right.values]);
  return values.length > MAX_VALUES ? undefined : { ...left, values };
}

/** One selector for what either selects, where there is one. */
function joined(a: Requirements, b: Requirements): Requirements | undefined {
  const [left, ...moreOfA] = a.filter((each) => !b.some((other) => same(each, other)));
  const [right, ...moreOfB] = b.filter((each) => !a.some((other) => same(each, other)));
  if (left === undefined) return a;
  if (right === undefined) return b;
  const both = moreOfA.length + moreOfB.length > 0 ? undefined : eitherOf(left, right);
  return both === undefined ? undefined : [...a.filter((each) => each !== left), both].sort(byText);
}

/** The alternatives, as few as can be. An empty list: there is no restriction. */
export function joinedAll(alternatives: readonly Requirements[]): Requirements[] {
  const result: Requirements[] = [];
  for (let next of alternatives) {
    // What was joined may fit another one now.
    for (let i = 0; i < result.length; i++) {
      const both = joined(result[i] ?? [], next);
      if (both === undefined) continue;
      result.splice(i, 1);
      next = both;
      i = -1;
    }
    result.push(next);
  }
  return result;
}

export function toSelector(all: Requirements): LabelSelector {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: Requirement[] = [];
  for (const requirement of all) {
    const { key, operator, values } = requirement;
    const [only] = values;
    const isPair = operator === 'In' && values.length === 1 && only !== undefined && !Object.hasOwn(matchLabels, key);
    if (isPair) matchLabels[key] = only;
    else matchExpressions.push(requirement);
  }
  const written = matchExpressions.map(({ values, ...rest }) => (values.length === 0 ? rest : { ...rest, values }));
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels }),
    ...(written.length === 0 ? {} : { matchExpressions: written }),
  };
}

/** As `kubectl get -l` has it. */
export function selectorText(all: Requirements): string {
  return all.map(textOf).join(',');
}

function textOf({ key, operator, values }: Requirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  if (operator === 'In' && values.length === 1) return `${key}=${values[0] ?? ''}`;
  return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}

/** Whether labels satisfy requirements. */
export function selects(all: Requirements, labels: Readonly<Record<string, string>>): boolean {
  return all.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const isListed = value !== undefined && values.includes(value);
    return operator === 'In' ? isListed : !isListed;
  });
}
