import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Moves } from './moves.ts';

const NOW = 1_000_000_000;
const MINUTE = 60_000;

/** After so many moves at one time. */
function moved(times: number): Moves {
  const moves = new Moves();
  for (let i = 0; i < times; i++) moves.note('shop/web', NOW);
  return moves;
}

suite('a Service whose addresses strangers use', () => {
  test('may be moved five times at once', () => {
    for (const times of [0, 1, 4]) assert.ok(moved(times).nextAt('shop/web') <= NOW, `${times}`);
    assert.ok(moved(5).nextAt('shop/web') > NOW);
    assert.ok(moved(5).nextAt('shop/db') <= NOW, 'each for itself');
  });

  test('then ever more seldom, down to once an hour', () => {
    const pauses = [5, 6, 7, 8, 9, 5000].map((times) => (moved(times).nextAt('shop/web') - NOW) / MINUTE);
    assert.deepEqual(pauses, [10, 20, 40, 60, 60, 60]);
  });

  test('begins anew after two hours without a need, or as another object', () => {
    const moves = moved(9);
    moves.note('shop/web', NOW + 120 * MINUTE);
    assert.ok(moves.nextAt('shop/web') <= NOW);
    const other = moved(9);
    other.forget('shop/web');
    assert.ok(other.nextAt('shop/web') <= NOW);
  });
});
