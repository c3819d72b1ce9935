import { locales } from '../texts/texts.ts';

/** Sets what the console sets: who is signed in, and its translation function, which fails at a key that nobody has. */
export function installTexts(lang: 'en' | 'zh' = 'en'): void {
  const texts = locales()[lang];
  const t = (key: string, params: Readonly<Record<string, string | number>> = {}): string => {
    const found = texts[key];
    if (found === undefined) throw new Error(`no text ${key}`);
    return found.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = params[name];
      if (value === undefined) throw new Error(`the text ${key} misses ${name}`);
      return String(value);
    });
  };
  Object.assign(globalThis, {
    PORTERLB_VERSION: '0.2.0',
    t,
    globals: { user: { username: 'ann', lang }, ksConfig: { ksVersion: 'v4.1.3' } },
  });
}
