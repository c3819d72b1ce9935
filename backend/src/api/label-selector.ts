import type { LabelSelector, SelectorRequirement } from '../domain/selector.ts';

const KEY = String.raw`(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?`;
const VALUE = String.raw`(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?`;
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);

function requirement(text: string): SelectorRequirement | undefined {
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
  }
  const set = SET.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    if (!values.every((value) => WHOLE_VALUE.test(value))) return undefined;
    return { key, operator: operator === 'in' ? 'In' : 'NotIn', values };
  }
  const [, not, key] = EXISTS.exec(text) ?? [];
  return key === undefined ? undefined : { key, operator: not === '!' ? 'DoesNotExist' : 'Exists', values: [] };
}

/** A selector as text: `a=b,c!=d,e in (f,g),h notin (i),j,!k`, as the API server of Kubernetes takes it in a query. */
export function parseSelector(text: string): LabelSelector | 'invalid' {
  // A comma inside of parentheses separates values.
  const parts = text.trim() === '' ? [] : text.split(/,(?![^()]*\))/).map((part) => part.trim());
  const matchExpressions = parts.map(requirement);
  if (matchExpressions.includes(undefined)) return 'invalid';
  return { matchLabels: {}, matchExpressions: matchExpressions.filter((each) => each !== undefined) };
}
