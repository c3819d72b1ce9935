import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from '../testing/stage.tsx';
import { allStories } from './all-stories.ts';

/** A test per story: the page shows what the story says, and nothing is logged. */
export function tellAll(): void {
  for (const story of allStories) {
    test(story.name, async (context) => {
      const complaints = context.mock.method(console, 'error', () => undefined);
      const stage = await play(story);
      const seen = document.body.textContent;
      for (const text of story.shows) assert.ok(seen.includes(text), `${text} is not in: ${seen}`);
      for (const text of story.hides ?? []) assert.ok(!seen.includes(text), `${text} is in: ${seen}`);
      await stage.close();
      assert.deepEqual(
        complaints.mock.calls.map(({ arguments: said }) => said),
        [],
      );
    });
  }
}
