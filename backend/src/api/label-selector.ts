import type { LabelSelector, SelectorRequirement } from '../domain/selector.ts';

const KEY = String.raw`(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?`;
const VALUE = String.raw`(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?`;
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);

type Reading = (text: string) => SelectorRequirement | undefined;

const READINGS: readonly Reading[] = [
  (text) => {
    const [, key, operator, value = ''] = EQUALITY.exec(text) ?? [];
    return key === undefined ? undefined : { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
  },
  (text) => {
    const [, key, operator, list = ''] = SET.exec(text) ?? [];
    const values = list.split(',').map((value) => value.trim());
    if (key === undefined || !values.every((value) => WHOLE_VALUE.test(value))) return undefined;
    return { key, operator: operator === 'in' ? 'In' : 'NotIn', values };
  },
  (text) => {
    const [, not, key] = EXISTS.exec(text) ?? [];
    return key === undefined ? undefined : { key, operator: not === '!' ? 'DoesNotExist' : 'Exists', values: [] };
  },
];

function requirement(text: string): SelectorRequirement | undefined {
  for (const read of READINGS) {
    const found = read(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The part that can't be read. */
export interface NoSelector {
  readonly invalid: string;
}

/**
 * A selector as text: `a=b,c!=d,e in (f,g),h notin (i),j,!k`, as the API server of Kubernetes takes it in a query;
 * or the part of it that is none.
 */
export function parseSelector(text: string): LabelSelector | NoSelector {
  // A comma inside of parentheses separates values.
  const parts = text.trim() === '' ? [] : text.split(/,(?![^()]*\))/).map((part) => part.trim());
  const matchExpressions: SelectorRequirement[] = [];
  for (const part of parts) {
    const found = requirement(part);
    if (found === undefined) return { invalid: part === '' ? text : part };
    matchExpressions.push(found);
  }
  return { matchLabels: {}, matchExpressions };
}
