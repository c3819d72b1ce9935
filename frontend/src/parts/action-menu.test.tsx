import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { poolList } from '../pages/pools/pool.stories.ts';
import { play, type Stage } from '../testing/stage.tsx';

async function opened(): Promise<Stage> {
  const stage = await play(poolList);
  await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: 'Actions for office' })));
  return stage;
}

async function key({ act }: Stage, name: string): Promise<void> {
  await act(() => fireEvent.keyDown(document.activeElement ?? document.body, { key: name }));
}

suite('the menu of a row', () => {
  test('is walked through by the arrow keys, and left by Escape for its button', async () => {
    const stage = await opened();
    const walk = [document.activeElement?.textContent];
    for (const name of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'Home']) {
      await key(stage, name);
      walk.push(document.activeElement?.textContent);
    }
    assert.deepEqual(walk, ['Disable', 'Delete', 'Disable', 'Delete', 'Delete']);
    await key(stage, 'Escape');
    assert.equal(stage.screen.queryByRole('menu'), null);
    assert.equal(document.activeElement, stage.screen.getByRole('button', { name: 'Actions for office' }));
    await stage.close();
  });

  test('lies in the window, where no table cuts it off; it goes when what is below it moves', async () => {
    for (const event of ['scroll', 'resize']) {
      const stage = await opened();
      const { left, top } = stage.screen.getByRole('menu').style;
      assert.match(`${left} ${top}`, /^\d+(px)? \d+(px)?$/);
      await stage.act(() => window.dispatchEvent(new Event(event)));
      assert.equal(stage.screen.queryByRole('menu'), null, event);
      await stage.close();
    }
  });

  test('goes when something else is clicked', async () => {
    const stage = await opened();
    await stage.act(() => fireEvent.mouseDown(stage.screen.getByRole('heading', { level: 1 })));
    assert.equal(stage.screen.queryByRole('menu'), null);
    await stage.close();
  });

  test('goes when the focus goes elsewhere, as by the Tab key, but not when it goes to nothing', async () => {
    const stage = await opened();
    const entry = stage.screen.getByRole('menuitem', { name: 'Disable' });
    await stage.act(() => fireEvent.blur(entry, { relatedTarget: null }));
    await stage.act(() =>
      fireEvent.blur(entry, { relatedTarget: stage.screen.getByRole('menuitem', { name: 'Delete' }) }),
    );
    assert.ok(stage.screen.queryByRole('menu') !== null);
    await stage.act(() => stage.screen.getByRole('searchbox').focus());
    assert.ok(stage.screen.queryByRole('menu') === null);
    assert.ok(document.activeElement === stage.screen.getByRole('searchbox'));
    await stage.close();
  });
});
