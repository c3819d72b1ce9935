import english from '../../../locales/en/reasons.json' with { type: 'json' };
import type { Finding, Reason } from '../domain/reason.ts';

const texts: Readonly<Record<Reason, string>> = english;

/** The English sentence for conditions and Events; a parameter that is not given stays visible as `{name}`. */
export function reasonText({ reason, params }: Finding): string {
  return texts[reason].replace(/\{(\w+)\}/g, (placeholder, name: string) => params[name] ?? placeholder);
}
