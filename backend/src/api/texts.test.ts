import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { REASONS } from '../domain/reason.ts';
import { ERROR_CODES } from './errors.ts';
import { LANGUAGES, Translations } from './texts.ts';

type Texts = Readonly<Record<string, string>>;

function read(language: string, file: string): Texts {
  return JSON.parse(
    readFileSync(new URL(`../../../locales/${language}/${file}.json`, import.meta.url), 'utf8'),
  ) as Texts;
}

function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].sort();
}

for (const file of ['reasons', 'errors', 'explain', 'statuses', 'network', 'problems', 'causes']) {
  for (const language of LANGUAGES) {
    suite(`the texts of ${language}/${file}.json`, () => {
      const [english, own] = [read('en', file), read(language, file)];

      test('are as many as in English, none of them empty', () => {
        assert.deepEqual(Object.keys(own), Object.keys(english));
        for (const [key, text] of Object.entries(own)) assert.ok(text.trim().length > 2, key);
      });

      test('name what the English ones name', () => {
        for (const [key, text] of Object.entries(own)) {
          assert.deepEqual(placeholders(text), placeholders(english[key] ?? ''), key);
        }
      });
    });
  }
}

test('every error and every reason has a text in every language', () => {
  const translations = new Translations();
  for (const language of LANGUAGES) {
    const texts = translations.in(language);
    for (const code of ERROR_CODES) assert.notEqual(texts.error(code, {}), code);
    for (const reason of REASONS) assert.notEqual(texts.reason({ reason, params: {} }), reason);
  }
});

test('a value is put in as it is', () => {
  const texts = new Translations().in('en');
  const text = texts.error('NotFound', { path: '/a?b=<c>&{method}$t(x)' });
  assert.match(text, /There is nothing at \/a\?b=<c>&\{method\}\$t\(x\)\./);
});

test('a value that is not given stays visible as its placeholder', () => {
  const finding = { reason: 'NotInRecordedPool', params: {} } as const;
  for (const language of LANGUAGES) {
    const texts = new Translations().in(language);
    assert.equal(texts.reason(finding), read(language, 'reasons')['NotInRecordedPool']);
    assert.equal(texts.explain('address.passed'), read(language, 'explain')['address.passed']);
  }
});
