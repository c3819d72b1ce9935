/** An API that is older lacks fields that these pages know: whichever it is, the page stands, and either does without or says so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { earlierAnswer, LATER_FIELDS, type OpenApi } from '../testing/later-fields.ts';
import { play } from '../testing/stage.tsx';
import { allStories } from './all-stories.ts';

/** The answer without each of its fields in turn. */
function lacking(answer: unknown): { readonly field: string; readonly answer: object }[] {
  if (typeof answer !== 'object' || answer === null) return [];
  return Object.keys(answer).map((field) => {
    const { [field]: _, ...others } = answer as Readonly<Record<string, unknown>>;
    return { field, answer: others };
  });
}

const whole = ['one pool', 'overview, with problems', 'pools, for who may change them', 'a tenant’s Services'];

suite('with an API that lacks a field', () => {
  for (const story of allStories.filter(({ name }) => whole.includes(name))) {
    test(story.name, async (context) => {
      context.mock.method(console, 'error', () => undefined);
      let tried = 0;
      for (const [what, full] of Object.entries(story.answers)) {
        for (const { field, answer } of what.startsWith('GET /') ? lacking(full) : []) {
          const stage = await play({ ...story, answers: { ...story.answers, [what]: answer } });
          assert.ok(stage.screen.queryByRole('heading', { level: 1 }), `${what} without ${field}: no page is left`);
          await stage.close();
          tried += 1;
        }
      }
      assert.ok(tried > 0);
    });
  }

  test('the page says what it could not show, and shows it when there is a whole answer', async (context) => {
    context.mock.method(console, 'error', () => undefined);
    const [story] = allStories.filter(({ name }) => name === 'one pool');
    assert.ok(story !== undefined);
    const { ranges: _, ...older } = story.answers['GET /pools/office'] as Readonly<Record<string, unknown>>;
    const stage = await play({ ...story, answers: { ...story.answers, 'GET /pools/office': older } });
    assert.match(stage.screen.getByRole('alert').textContent, /may be of another version than this page/);
    await stage.act(() => stage.http.change({ 'GET /pools/office': story.answers['GET /pools/office'] }));
    assert.equal(stage.screen.queryByRole('alert'), null);
    await stage.close();
  });
});

const api = JSON.parse(readFileSync(new URL('../../../backend/openapi.json', import.meta.url), 'utf8')) as OpenApi;

suite('with an API of the minor version before, which lacks all of the later fields', () => {
  test('these are fields of the API', () => {
    for (const later of LATER_FIELDS) {
      const [schema = '', field = ''] = later.split('.');
      assert.ok(api.components.schemas[schema]?.properties?.[field] !== undefined, later);
    }
  });

  test('they are taken out of every answer that has them', () => {
    const all = allStories.flatMap(({ answers }) => Object.entries(answers));
    for (const later of LATER_FIELDS) {
      const field = later.slice(later.indexOf('.') + 1);
      const has = (answer: unknown): boolean => JSON.stringify(answer)?.includes(`"${field}":`) === true;
      const with_ = all.filter(([, answer]) => has(answer));
      const without = with_.filter(([what, answer]) => !has(earlierAnswer(what, answer, api)));
      assert.ok(without.length > 0, later);
    }
  });

  for (const story of allStories) {
    test(story.name, async (context) => {
      const complaints = context.mock.method(console, 'error', () => undefined);
      const answers = Object.entries(story.answers).map(([what, answer]) => [what, earlierAnswer(what, answer, api)]);
      const stage = await play({ ...story, answers: Object.fromEntries(answers) as typeof story.answers });
      const seen = document.body.textContent;
      assert.ok(stage.screen.queryByRole('heading', { level: 1 }));
      // Nothing is missing but what the fields themselves say.
      assert.ok(!seen.includes('may be of another version than this page'), seen);
      for (const text of story.hides ?? []) assert.ok(!seen.includes(text), `${text} is in: ${seen}`);
      await stage.close();
      assert.equal(complaints.mock.callCount(), 0);
    });
  }
});
