import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { peerStories } from '../pages/peers/peer.stories.ts';
import { poolList } from '../pages/pools/pool.stories.ts';
import { play, type Stage } from '../testing/stage.tsx';
import type { Story } from '../testing/story.ts';

const peerList = peerStories.find(({ name }) => name === 'BGP peers, for who may change them');

async function search({ screen, act }: Stage, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByRole('searchbox', { name: 'Search by name' }), { target: { value } }));
}

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

suite('the page of a list', () => {
  test('keeps the order that is chosen while what was typed is not searched yet', async () => {
    const stage = await play(poolList);
    await search(stage, 'off');
    await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: /In use/ })));
    await stage.act(() => stage.clock.pass(300));
    assert.equal(stage.where(), '/clusters/host/porterlb.pools?sortBy=used&name=off');
    await stage.close();
  });

  test('keeps both of two changes that come at once', async () => {
    const stage = await play(poolList);
    await stage.act(() => {
      fireEvent.click(stage.screen.getByRole('button', { name: /In use/ }));
      fireEvent.change(stage.screen.getByRole('combobox', { name: 'Rows per page' }), { target: { value: '50' } });
    });
    assert.equal(stage.where(), '/clusters/host/porterlb.pools?limit=50&sortBy=used');
    await stage.close();
  });

  test('is the last one where the address names one that is no more', async () => {
    const pages = ({ query }: Pick<{ query: Readonly<Record<string, string>> }, 'query'>): object => ({
      ...{ items: query['page'] === '2' ? (poolList.answers['GET /pools'] as { items: object[] }).items : [] },
      totalItems: 13,
    });
    const answers = { ...poolList.answers, 'GET /pools': pages };
    const stage = await play({ ...poolList, at: 'porterlb.pools?page=7&sortBy=used', answers });
    assert.equal(stage.where(), '/clusters/host/porterlb.pools?page=2&sortBy=used');
    assert.ok(stage.screen.getByText('office'));
    assert.ok(stage.screen.queryByText('Nothing found.') === null);
    await stage.close();
  });
});
