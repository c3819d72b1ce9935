import assert from 'node:assert/strict';
import { test } from 'node:test';
import { officePool, poolDetail } from '../pages/pools/pool.stories.ts';
import { play } from '../testing/stage.tsx';
import { whileVisible } from './while-visible.ts';

const POOL = 'GET /pools/office';

function setVisibility(visibilityState: 'visible' | 'hidden'): void {
  Object.defineProperty(document, 'visibilityState', { value: visibilityState, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

test('a page that nobody sees keeps no connection open; seen again, it shows how it is then', async () => {
  const stage = await play(poolDetail);
  const { http, screen, act } = stage;
  assert.ok(http.listeners > 0);
  await act(() => setVisibility('hidden'));
  assert.equal(http.listeners, 0);
  const asked = http.sent.length;
  await act(() => {
    http.change({ [POOL]: { ...officePool, priority: 42 } });
    stage.clock.pass(60_000);
  });
  assert.equal(http.sent.length, asked);
  assert.equal(screen.queryByText('42'), null);
  await act(() => setVisibility('visible'));
  assert.ok(screen.getByText('42'));
  assert.ok(http.listeners > 0);
  await stage.close();
  assert.equal(http.listeners, 0);
});

test('what has ended for good does not begin again with the page', () => {
  const told: string[] = [];
  const end = whileVisible(() => {
    told.push('begins');
    return () => told.push('ends');
  });
  setVisibility('hidden');
  setVisibility('visible');
  end();
  setVisibility('hidden');
  setVisibility('visible');
  assert.deepEqual(told, ['begins', 'ends', 'begins', 'ends']);
});
