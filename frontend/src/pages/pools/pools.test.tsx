import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { refusal, silence } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import { office, officePool, poolDetail, poolList } from './pool.stories.ts';

async function choose({ screen, act }: Stage, action: string): Promise<void> {
  await act(() => fireEvent.click(screen.getByRole('button', { name: 'Actions for office' })));
  await act(() => fireEvent.click(screen.getByRole('menuitem', { name: action })));
}

suite('the list of pools', () => {
  test('disables one after it has said who would be affected', async () => {
    const stage = await play(poolList);
    const { screen, act, http } = stage;
    await choose(stage, 'Disable');
    const dialog = screen.getByRole('dialog', { name: 'Disable: office' });
    assert.match(dialog.textContent, /Nobody would be affected: 3 addresses stay as they are/);
    assert.deepEqual(http.sent.at(-1)?.body, { pools: [{ name: 'office', disable: true }] });
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Disable' })));
    const patch = http.sent.find(({ what }) => what === 'PATCH /eips/office');
    assert.deepEqual(patch?.body, { spec: { disable: true } });
    assert.equal(screen.queryByRole('dialog'), null);
    assert.ok(screen.getByText('office gives no new addresses any more.'));
    await stage.close();
  });

  test('deletes one after it has said who would be affected, and not before', async () => {
    const stage = await play({ ...poolList, answers: { ...poolList.answers, 'POST /simulations': silence } });
    const { screen, http, act } = stage;
    await choose(stage, 'Delete');
    assert.deepEqual(http.last('POST /simulations')?.body, { pools: [{ name: 'office', delete: true }] });
    const button = screen.getByRole<HTMLButtonElement>('button', { name: 'Delete' });
    assert.equal(button.disabled, true);
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Cancel' })));
    http.change({ 'POST /simulations': poolList.answers['POST /simulations'] });
    await choose(stage, 'Delete');
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Delete' })));
    assert.ok(http.last('DELETE /eips/office'));
    await stage.close();
  });

  test('says what the API server has against it, and keeps the question open', async () => {
    const refused = refusal(403, 'Forbidden', 'eips "office" is forbidden: ann may not');
    const stage = await play({ ...poolList, answers: { ...poolList.answers, 'DELETE /eips/office': refused } });
    await choose(stage, 'Delete');
    await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: 'Delete' })));
    assert.match(stage.screen.getByRole('alert').textContent, /ann may not/);
    await stage.close();
  });

  test('shows what has changed without being asked', async () => {
    const stage = await play(poolList);
    await stage.act(() =>
      stage.http.change({ 'GET /pools': { items: [{ ...office, name: 'renamed' }], totalItems: 1 } }),
    );
    assert.ok(stage.screen.getByText('renamed'));
    assert.equal(stage.screen.queryByText('office'), null);
    await stage.close();
  });

  test('searches and orders on the server, and has both in its address', async () => {
    const stage = await play(poolList);
    const { screen, act, http, clock } = stage;
    const search = screen.getByRole('searchbox', { name: 'Search by name' });
    await act(() => fireEvent.change(search, { target: { value: 'off' } }));
    await act(() => clock.pass(300));
    assert.equal(http.sent.at(-1)?.query['name'], 'off');
    await act(() => fireEvent.click(screen.getByRole('button', { name: /In use/ })));
    assert.equal(http.sent.at(-1)?.query['sortBy'], 'used');
    assert.equal(stage.where(), '/clusters/host/porterlb.pools?sortBy=used&name=off');
    await stage.close();
  });
});

suite('one pool', () => {
  test('tells who has the address that is chosen', async () => {
    const stage = await play(poolDetail);
    const { screen, act } = stage;
    await act(() => fireEvent.click(screen.getByRole('button', { name: '192.0.2.7: Used by another host' })));
    assert.ok(screen.getByText('02:00:5e:10:00:07'));
    await act(() => fireEvent.click(screen.getByRole('button', { name: '192.0.2.2: In use, shop/api, shop/api-udp' })));
    for (const name of ['shop/api', 'shop/api-udp']) {
      const link = screen.getByRole('link', { name });
      assert.equal(link.getAttribute('href'), `/clusters/host/porterlb.services/${name}`);
    }
    await stage.close();
  });

  test('asks for addresses of one state', async () => {
    const stage = await play(poolDetail);
    const { screen, act, http } = stage;
    await act(() =>
      fireEvent.change(screen.getByRole('combobox', { name: 'Show' }), { target: { value: 'conflict' } }),
    );
    assert.equal(http.sent.at(-1)?.query['state'], 'conflict');
    await stage.close();
  });

  test('leads back to the list', async () => {
    const stage = await play({ ...poolDetail, answers: { ...poolList.answers, ...poolDetail.answers } });
    await stage.act(() => fireEvent.click(stage.screen.getByRole('link', { name: 'Address Pools' })));
    assert.equal(stage.where(), '/clusters/host/porterlb.pools');
    assert.ok(stage.screen.getByRole('heading', { name: 'Address Pools' }));
    await stage.close();
  });

  test('leads back to the list when it was deleted', async () => {
    const answers = { ...poolList.answers, ...poolDetail.answers };
    const stage = await play({ ...poolDetail, answers });
    await choose(stage, 'Delete');
    await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: 'Delete' })));
    assert.equal(stage.where(), '/clusters/host/porterlb.pools');
    await stage.close();
  });

  test('is changed no more while it is being deleted', async () => {
    for (const story of [poolList, poolDetail]) {
      const stage = await play(story);
      await stage.act(() =>
        stage.http.change({
          'GET /pools': { items: [{ ...office, deleting: true }], totalItems: 1 },
          'GET /pools/office': { ...officePool, deleting: true },
        }),
      );
      assert.ok(stage.screen.getByText('Being deleted'));
      assert.equal(stage.screen.queryByRole('link', { name: 'Edit' }), null);
      assert.equal(stage.screen.queryByRole('button', { name: 'Actions for office' }), null);
      await stage.close();
    }
  });
});
