import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installTexts } from '../testing/fake-texts.ts';
import { language, text } from './texts.ts';

test('what is filled into a text stays as it is', () => {
  installTexts();
  assert.equal(text('POOL_ENABLED', { name: '<shop>/web & "more"' }), '<shop>/web & "more" gives addresses again.');
});

test('the API is asked in the language of the page', () => {
  for (const shown of ['en', 'zh'] as const) {
    installTexts(shown);
    assert.equal(language(), shown);
  }
});
