import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { modulesIn } from '../check/source-files.ts';
import { hardCodedTexts, repeatedKeys, textFindings } from './console-texts.ts';

const root = join(import.meta.dirname, '../..');
const sources = modulesIn(root, ['frontend']).filter(
  ({ path }) => !/\.test\.|\/(testing|generated|stories)\/|\.stories\./.test(path),
);

suite('texts of the console', () => {
  test('are there in every language, with the same placeholders, and used', () => {
    const languages = readdirSync(join(root, 'locales'));
    const texts = languages.map((language) => {
      const path = join(root, 'locales', language, 'console.json');
      return [language, JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>] as const;
    });
    assert.deepEqual(textFindings(Object.fromEntries(texts), sources), []);
  });

  test('and all others have each key once', () => {
    const files = readdirSync(join(root, 'locales'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json'))
      .map((path) => ({ path, text: readFileSync(join(root, 'locales', path), 'utf8') }));
    assert.ok(files.some(({ path }) => path === join('zh', 'console.json')));
    assert.deepEqual(files.flatMap(repeatedKeys), []);
    assert.deepEqual(repeatedKeys({ path: 'a.json', text: '{"A": "a", "B": "b", "A": "c"}' }), ['a.json: has A twice']);
    assert.deepEqual(repeatedKeys({ path: 'a.json', text: '{}' }), []);
  });

  test('stand in no component', () => {
    assert.ok(sources.length > 20);
    assert.deepEqual(sources.flatMap(hardCodedTexts), []);
  });

  test('that are missing, unused or different are found', () => {
    const file = { path: 'a.tsx', text: `text('A'); text('B', { n: 1 })` };
    assert.deepEqual(textFindings({ en: { A: 'a', B: '{n} b', C: 'c' }, zh: { B: 'b', C: 'c', D: 'd' } }, [file]), [
      'en: nobody uses C',
      'zh: A is missing',
      'zh: English has no D',
      'zh: B has other placeholders than in English',
    ]);
  });

  test('that stand in the code are found, wherever people read or hear them', () => {
    const found = (code: string): number => hardCodedTexts({ path: 'a.tsx', text: `const a = ${code};` }).length;
    for (const code of [
      '<p>Some words</p>',
      '<p>{isGood ? "Words" : undefined}</p>',
      '<p>{isGood && "Words"}</p>',
      '<p>{name ?? "Words"}</p>',
      '<p>{name + " words"}</p>',
      '<p>{`${count} words`}</p>',
      '<p>{(isGood ? `words` : name)}</p>',
      '<p title="Some words" />',
      '<p title={isGood ? "Words" : name} />',
      `<p aria-label={'words'} />`,
      `<p>{'words'}</p>`,
      `notify.success('Saved')`,
      'notify.error(`${name} failed`)',
      `['route refresh']`,
      '`graceful restart (${seconds} s)`',
      `{ about: isGood ? 'Some words' : '' }`,
    ])
      assert.equal(found(code), 1, code);
    for (const code of [
      '<p>{text("A")} / —</p>',
      '<p className="some words" role="status" />',
      '<p className={isGood ? "some words" : undefined} />',
      '<p key="words">←</p>',
      '<p>{kind === "words" && text("A")}</p>',
      '<p>{`${name} (${count})`}</p>',
      `notify.success(text('A'))`,
      `new Failure('away', 'some words')`,
      `['words']`,
      `f<'once made' | 'always'>('once made')`,
    ])
      assert.equal(found(code), 0, code);
  });
});
