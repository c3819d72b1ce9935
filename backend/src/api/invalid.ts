import type { z } from 'zod';
import type { Cause } from './errors.ts';

const MAX_CAUSES = 20;

type Issue = z.core.$ZodIssue;
type What = Omit<Cause, 'field'>;

const OF_TYPE: Readonly<Record<string, Cause['what']>> = {
  ...{ string: 'text', array: 'list', object: 'object', record: 'object' },
  ...{ boolean: 'yesOrNo', number: 'whole', int: 'whole' },
};

/** A schema that says itself what is wrong does so by the name of a text and its values. */
function custom({ params }: Extract<Issue, { readonly code: 'custom' }>): What {
  const { what = 'other', ...rest } = (params ?? {}) as { readonly what?: Cause['what'] } & What['params'];
  return { what, params: rest };
}

function tooBig({ origin, maximum }: Extract<Issue, { readonly code: 'too_big' }>): What {
  const what = origin === 'string' ? 'tooLong' : origin === 'array' ? 'tooMany' : 'other';
  return { what, params: { max: Number(maximum) } };
}

function whatIsWrong(issue: Issue): What {
  switch (issue.code) {
    case 'invalid_type':
      return { what: OF_TYPE[issue.expected] ?? 'other' };
    case 'invalid_value':
      return { what: 'oneOf', params: { values: issue.values.map(String).join(', ') } };
    case 'unrecognized_keys':
      return { what: 'unknown', params: { keys: issue.keys.join(', ') } };
    case 'invalid_format':
      return { what: 'name' };
    case 'too_big':
      return tooBig(issue);
    case 'custom':
      return custom(issue);
    default:
      return { what: 'other' };
  }
}

/** A parameter that was given more than once comes as a list. */
function isRepeated({ path }: Issue, place: string, value: unknown): boolean {
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  return place === 'query' && path.length === 1 && Array.isArray(given[String(path[0])]);
}

/** The first of them, with how many there are besides. */
export function atMost(causes: readonly Cause[], place: 'path' | 'query' | 'body'): readonly Cause[] {
  const more = causes.length - MAX_CAUSES;
  if (more <= 0) return causes;
  return [...causes.slice(0, MAX_CAUSES), { field: place, what: 'more', params: { count: more } }];
}

/** What is wrong with a part of a request, `value`, each with the field that it is about. */
export function problemsOf(error: z.ZodError, place: 'path' | 'query' | 'body', value: unknown): readonly Cause[] {
  const causes = error.issues.map((issue) => ({
    field: [place, ...issue.path.map(String)].join('.'),
    ...(isRepeated(issue, place, value) ? ({ what: 'once' } as const) : whatIsWrong(issue)),
  }));
  return atMost(causes, place);
}
