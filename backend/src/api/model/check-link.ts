import type { Finding } from '../../domain/reason.ts';
import type { Check, ServicePath } from '../schemas/service.ts';
import type { ExplainKey } from '../texts.ts';
import { textOf, type Reading } from './audience.ts';
import type { Allocation } from './allocation.ts';
import type { PathView } from './services.ts';

/** One link of the chain, with what to do about it where it is not as it should be. */
export interface Link extends Check {
  readonly next?: string;
}

export interface ExplainView extends PathView {
  /** Made only where it is needed (`needsAllocation`): for a Service without the address that it asks for. */
  readonly allocation: Allocation | undefined;
}

export type Say = (key: ExplainKey, params?: Readonly<Record<string, string | number>>) => string;
type Rest = Partial<Pick<Link, 'ip' | 'reason' | 'details' | 'next'>>;

export function link(check: Check['check'], result: Check['result'], text: string, rest: Rest = {}): Link {
  return { check, result, text, ip: null, reason: null, details: [], ...rest };
}

/** A text of a reason says first what is so, and then what to do about it. */
export function splitAdvice(text: string): { readonly what: string; readonly advice: string } {
  const end = /(?<=[^.]{3})\. (?=[A-Z])|。/.exec(text);
  if (end === null) return { what: text, advice: '' };
  return { what: text.slice(0, end.index + 1), advice: text.slice(end.index + end[0].length).trim() };
}

export function ofReason(
  { check, result }: Pick<Check, 'check' | 'result'>,
  found: Finding,
  view: Reading,
  rest: Rest = {},
): Link {
  const { what, advice } = splitAdvice(textOf(found, view.texts, view.audience));
  return link(check, result, what, { reason: found.reason, next: advice, ...rest });
}

/** What a link that is about one address is made of. */
export interface PathLinks {
  readonly path: ServicePath;
  readonly say: Say;
}
