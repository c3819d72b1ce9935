import english from '../../../locales/en/reasons.json' with { type: 'json' };
import { shortened } from './shortened.ts';
import type { Finding, Reason } from '../domain/reason.ts';

/** The longest key of a Service, and more than any other parameter needs: the end of a sentence says what to do. */
const MAX_PARAMETER = 317;

const texts: Readonly<Record<Reason, string>> = english;

/** By reason, what stands before, between and behind the parameters, and their names, in turns. */
const templates = new Map<Reason, readonly string[]>();

function templateOf(reason: Reason): readonly string[] {
  const known = templates.get(reason);
  if (known !== undefined) return known;
  const template = texts[reason].split(/\{(\w+)\}/);
  templates.set(reason, template);
  return template;
}

/** Instead of the name of a Service, behind "the Service". */
const ELSEWHERE = 'of another namespace';

/**
 * The English sentence for conditions and Events of a Service of this namespace, whose owner reads them: Services of others' namespaces
 * are not named to him.
 */
export function reasonTextWithin(namespace: string, { reason, params }: Finding): string {
  const { holder } = params;
  const isHidden = holder !== undefined && !holder.startsWith(`${namespace}/`);
  return reasonText({ reason, params: isHidden ? { ...params, holder: ELSEWHERE } : params });
}

/** The English sentence; a parameter that is not given stays visible as `{name}`. */
export function reasonText({ reason, params }: Finding): string {
  return templateOf(reason)
    .map((part, i) => (i % 2 === 0 ? part : shortened(params[part] ?? `{${part}}`, MAX_PARAMETER)))
    .join('');
}
