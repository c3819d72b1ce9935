import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import type { PoolAddresses } from '../generated/api.ts';
import { poolDetail, poolList } from '../pages/pools/pool.stories.ts';
import { refusal, silence } from '../testing/fake-http.ts';
import { play } from '../testing/stage.tsx';
import type { Story } from '../testing/story.ts';

const ONE = 'GET /pools/office';
const MAP = 'GET /pools/office/addresses';

/** A list that answers until it is told to be silent. */
function listOnce(): { readonly story: Story; readonly hush: () => void } {
  let isSilent = false;
  const answers = { ...poolList.answers, 'GET /pools': () => (isSilent ? silence : poolList.answers['GET /pools']) };
  return { story: { ...poolList, answers }, hush: () => (isSilent = true) };
}

suite('what is shown while something else is asked for', () => {
  test('stays where it is another page of the same list', async () => {
    const { story, hush } = listOnce();
    const stage = await play(story);
    hush();
    await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: /^Name/ })));
    assert.match(stage.where(), /ascending=false/);
    assert.ok(stage.screen.getByText('office'));
    await stage.close();
  });

  test('goes where it is the list of another cluster', async () => {
    const { story, hush } = listOnce();
    const stage = await play(story);
    hush();
    await stage.go('/clusters/member/porterlb.pools');
    assert.ok(stage.screen.queryByText('office') === null);
    await stage.close();
  });

  test('goes where it is another object, or what belongs to one', async () => {
    const { [MAP]: map, [ONE]: office } = poolDetail.answers;
    const [first] = (map as PoolAddresses).items;
    const answers = { ...poolDetail.answers, 'GET /pools/lan': office, 'GET /pools/lan/addresses': silence };
    const stage = await play({ ...poolDetail, answers });
    const square = (): unknown => stage.screen.queryByRole('button', { name: new RegExp(`^${first?.ip}:`) });
    assert.ok(square() !== null);
    await stage.go('/clusters/host/porterlb.pools/lan');
    assert.ok(stage.screen.getByText('projects shop'));
    assert.ok(square() === null);
    await stage.close();
  });

  test('goes at once, before the other one is asked for', async () => {
    const stage = await play({ ...poolDetail, answers: { ...poolDetail.answers, 'GET /pools/lan': silence } });
    await stage.go('/clusters/host/porterlb.pools/lan');
    assert.ok(stage.screen.queryByText('projects shop') === null);
    await stage.close();
  });

  test('goes where the other one can not be read', async () => {
    const answers = { ...poolDetail.answers, 'GET /pools/lan': refusal(503, 'ServiceUnavailable', 'no endpoints') };
    const stage = await play({ ...poolDetail, answers });
    await stage.go('/clusters/host/porterlb.pools/lan');
    assert.ok(stage.screen.getByText("PorterLB can't be reached"));
    assert.ok(stage.screen.queryByText('projects shop') === null);
    await stage.close();
  });
});
