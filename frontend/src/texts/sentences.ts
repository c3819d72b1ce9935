import { text, type TextKey } from './texts.ts';

/** An English sentence that is written where nobody knows who reads it (in an object's status, by another replica), and the text that says the same. */
export type Sentence = readonly [english: RegExp, key: TextKey];

/** `english` with what is known of it in the reader's language. Named groups of a sentence are what its text has filled in. */
export function inReadersWords(english: string, sentences: readonly Sentence[]): string {
  return sentences.reduce(
    (told, [sentence, key]) =>
      told.replace(sentence, (...found) => {
        const groups: unknown = found.at(-1);
        return text(key, typeof groups === 'object' ? { ...(groups as Readonly<Record<string, string>>) } : {});
      }),
    english,
  );
}
