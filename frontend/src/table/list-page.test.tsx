import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { peerStories } from '../pages/peers/peer.stories.ts';
import { poolList } from '../pages/pools/pool.stories.ts';
import { play } from '../testing/stage.tsx';
import type { Story } from '../testing/story.ts';

const peerList = peerStories.find(({ name }) => name === 'BGP peers, for who may change them');

suite('the list of a kind that has a form', () => {
  for (const [list, story] of [
    ['GET /pools', poolList],
    ['GET /peers', peerList],
  ] as const) {
    const offered = async (may: Story['may'] = []): Promise<string[]> => {
      assert.ok(story !== undefined);
      const stage = await play({ ...story, may });
      const look = (): string[] =>
        [...document.querySelectorAll('a, button')]
          .map((each) => each.getAttribute('aria-label') ?? each.textContent)
          .filter((name) => name === 'Create' || name.startsWith('Actions for'));
      const full = look();
      await stage.act(() => stage.http.change({ [list]: { items: [], totalItems: 0, replicas: [] } }));
      const empty = look();
      await stage.close();
      return [full.length > 1 ? 'Create and menus' : full.join(), empty.join()];
    };

    test(`${list}: who may only see it is offered nothing, whether there is something or not`, async () => {
      assert.deepEqual(await offered(['view']), ['', '']);
      // Who may change Services is not somebody who may change this.
      assert.deepEqual(await offered(['view', 'services:manage']), ['', '']);
      assert.deepEqual(await offered(['view', 'manage']), ['Create and menus', 'Create']);
    });
  }
});
