import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from '../../testing/stage.tsx';
import type { Story } from '../../testing/story.ts';
import { overviewStories } from './overview.stories.ts';

const [story] = overviewStories as readonly [Story, ...Story[]];

test('what is drawn leads to its own page', async () => {
  const { screen, close } = await play(story);
  const picture = [...screen.getByRole('region', { name: 'Who announces what to whom' }).querySelectorAll('a')];
  for (const page of ['pools/office', 'peers/tor-1', 'nodes/worker-1']) {
    assert.ok(
      picture.some((link) => link.getAttribute('href') === `/clusters/host/porterlb.${page}`),
      page,
    );
  }
  await close();
});
