import en from '../../../locales/en/console.json' with { type: 'json' };
import zh from '../../../locales/zh/console.json' with { type: 'json' };
import { consoleKey, type TextKey } from '../texts/texts.ts';

const TEXTS: Readonly<Record<'en' | 'zh', Readonly<Record<TextKey, string>>>> = { en, zh };

/** Sets what the console sets: who is signed in, and its translation function, which fails at a key that nobody has. */
export function installTexts(lang: 'en' | 'zh' = 'en'): void {
  const texts = Object.fromEntries(
    Object.entries(TEXTS[lang]).map(([key, told]) => [consoleKey(key as TextKey), told]),
  );
  const fill = (value: string | number, isEscaped: boolean): string =>
    isEscaped
      ? String(value).replaceAll(/[&<>"'/]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`)
      : String(value);
  const t: typeof globalThis.t = (key, { interpolation, ...params } = {}) => {
    const isEscaped = typeof interpolation !== 'object' || interpolation.escapeValue;
    const found = texts[key];
    if (found === undefined) throw new Error(`no text ${key}`);
    return found.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = params[name];
      if (value === undefined || typeof value === 'object') throw new Error(`the text ${key} misses ${name}`);
      return fill(value, isEscaped);
    });
  };
  Object.assign(globalThis, {
    PORTERLB_VERSION: '0.2.0',
    PORTERLB_STYLE: '',
    t,
    globals: { user: { username: 'ann' }, ksConfig: { ksVersion: 'v4.1.3' } },
  });
}
