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
      for (const link of document.querySelectorAll('.plb-back')) assertLeadsUp(link, stage.where());
      await stage.close();
      assert.deepEqual(
        complaints.mock.calls.map(({ arguments: said }) => said),
        [],
      );
    });
  }
}

/** The way back leads to the page that this one lies below, not to the console's own pages. */
function assertLeadsUp(link: Element, from: string): void {
  const to = link.getAttribute('href') ?? '';
  assert.match(to, /\/porterlb[.-]/, from);
  assert.ok(from.startsWith(`${to}/`), `${to} is not above ${from}`);
}
