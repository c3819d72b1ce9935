import type en from '../../../locales/en/console.json';

/** A text of `locales/<language>/console.json`. */
export type TextKey = keyof typeof en;

/** Keys of all extensions lie in one table. */
const PREFIX = 'PORTERLB.';

/** The text in the language of who is signed in. To be called when something is drawn: modules are loaded before the texts. */
export function text(key: TextKey, params?: Readonly<Record<string, string | number>>): string {
  if (params === undefined) return t(PREFIX + key);
  // What is filled in becomes text, never HTML: the console would write a slash as `&#x2F;`.
  return t(PREFIX + key, { ...params, interpolation: { escapeValue: false } });
}

/** The key as the console knows it: of menus, whose titles the console translates itself. */
export function consoleKey(key: TextKey): string {
  return PREFIX + key;
}

type Language = 'en' | 'zh';

/** What the console merges into its own table. */
export function locales(): Readonly<Record<Language, Readonly<Record<string, string>>>> {
  const rows = PORTERLB_TEXTS.split('\n').map((row) => row.split('\t'));
  const textsOf = (column: number): Record<string, string> =>
    Object.fromEntries(rows.map((row) => [PREFIX + (row[0] ?? ''), row[column] ?? '']));
  return { en: textsOf(1), zh: textsOf(2) };
}

/** The language that the API is asked for its own texts in: that of the page, wherever the console has it from. */
export function language(): string {
  return text('LANGUAGE_CODE');
}
