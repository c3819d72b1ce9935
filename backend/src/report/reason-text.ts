import english from '../../../locales/en/reasons.json' with { type: 'json' };
import { shortened } from './shortened.ts';
import type { Finding, Reason } from '../domain/reason.ts';

/** The longest key of a Service, and more than any other parameter needs: the end of a sentence says what to do. */
const MAX_PARAMETER = 317;

const texts: Readonly<Record<Reason, string>> = english;

/** The English sentence for conditions and Events; a parameter that is not given stays visible as `{name}`. */
export function reasonText({ reason, params }: Finding): string {
  return texts[reason].replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    shortened(params[name] ?? placeholder, MAX_PARAMETER),
  );
}
