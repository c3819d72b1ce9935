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

test('how full pools are is asked of the API for those that have most in use', async () => {
  const { http, screen, close } = await play(story);
  assert.deepEqual(http.last('GET /pools')?.query, { limit: '6', sortBy: 'used', ascending: 'false' });
  const card = screen.getByRole('region', { name: 'Addresses in use, by pool' });
  assert.deepEqual(
    [...card.querySelectorAll('a')].map((link) => link.getAttribute('href')),
    ['/clusters/host/porterlb.pools/office', '/clusters/host/porterlb.pools/six'],
  );
  await close();
});
