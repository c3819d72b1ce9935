import assert from 'node:assert/strict';
import { test } from 'node:test';
import { menuPlace } from './menu-place.ts';

test('a menu opens below its button, above it at the lower end of the window, and never over the edge', () => {
  const menu = { width: 160, height: 100 };
  const window = { width: 1280, height: 800 };
  const at = (top: number, right = 1200): object => menuPlace({ top, bottom: top + 24, right }, menu, window);
  assert.deepEqual(at(300), { left: 1040, top: 326 });
  assert.deepEqual(at(674), { left: 1040, top: 700 });
  assert.deepEqual(at(675), { left: 1040, top: 573 });
  assert.deepEqual(at(300, 100), { left: 0, top: 326 });
  // In a window that is too low for either, one can scroll down.
  assert.deepEqual(menuPlace({ top: 40, bottom: 64, right: 200 }, menu, { width: 1280, height: 120 }), {
    left: 40,
    top: 66,
  });
});
