import type { Finding } from '../../domain/reason.ts';
import type { Condition, ConditionAnswer } from '../schemas/condition.ts';
import type { Language, Texts } from '../texts.ts';

/** Whose names a caller may read: Services of other owners stay unnamed in what they share with his. */
export interface Audience {
  sees(namespace: string): boolean;
}

/** In whose language, and for whose eyes. */
export interface Reading {
  readonly texts: Texts;
  readonly audience: Audience;
}

export const EVERYBODY: Audience = { sees: () => true };
export const NOBODY: Audience = { sees: () => false };

export function onlyNamespace(own: string): Audience {
  return { sees: (namespace) => namespace === own };
}

export function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}

/** The key of a Service, or null where the caller may not know it. */
export function visible(key: string, audience: Audience): string | null {
  return audience.sees(namespaceOf(key)) ? key : null;
}

/** Parameters of reasons that name Services. */
const SERVICE_PARAMS: readonly string[] = ['holder', 'service'];

/** The sentence of a reason, without the names of Services that the caller may not know. */
export function textOf({ reason, params }: Finding, texts: Texts, audience: Audience): string {
  const known = Object.entries(params).map(([name, value]) => {
    const hidden = SERVICE_PARAMS.includes(name) && !audience.sees(namespaceOf(value));
    return [name, hidden ? texts.explain('hidden') : value] as const;
  });
  const hidden = texts.explain('hidden');
  // Texts are made for names: "the Service shop/web".
  return texts
    .reason({ reason, params: Object.fromEntries(known) })
    .replaceAll(WITH_WORD[texts.language] + hidden, hidden);
}

const WITH_WORD: Readonly<Record<Language, string>> = { en: 'the Service ', zh: ' Service ' };

/**
 * Namespace and name of a Service (RFC 1123 and 1035 labels), which also names of namespaces that are gone may be; no part of the key of a
 * label or annotation, whose prefix has dots, nor a subnet.
 */
const KEY = /(?<![\w.:/-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\/[a-z](?:[a-z0-9-]*[a-z0-9])?(?![\w/-])/g;
const HIDDEN = 'another Service';

/** A text of a status, which is in English and may name Services, without those that the caller may not know. */
export function messageFor(text: string, audience: Audience): string {
  return text.replace(KEY, (key) => (audience.sees(namespaceOf(key)) ? key : HIDDEN));
}

/** A condition with such a message, and with that in the language of who asks. */
export function conditionFor<T extends Condition>(condition: T, { audience, texts }: Reading): T & ConditionAnswer {
  const message = messageFor(condition.message, audience);
  return { ...condition, message, text: texts.told(message) };
}
