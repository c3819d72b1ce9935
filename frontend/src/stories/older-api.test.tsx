/** An API that is older lacks fields that these pages know: whichever it is, the page stands, and either does without or says so. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
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
