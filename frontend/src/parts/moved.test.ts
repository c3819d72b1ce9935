import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { installTexts } from '../testing/fake-texts.ts';
import { moved } from './moved.ts';

suite('where traffic moves', () => {
  installTexts();

  test('is said from which to which', () => {
    assert.equal(moved(['worker-1'], ['worker-2']), 'worker-1 → worker-2');
    assert.equal(moved([], ['tor-1']), '— → tor-1');
    assert.equal(moved(['tor-1'], []), 'tor-1 → —');
  });

  test('is not said where the same ones come in another order, as the API tells them', () => {
    assert.equal(moved(['a', 'b'], ['b', 'a']), undefined);
    assert.equal(moved([], []), undefined);
  });

  test('names who leaves and who comes also among hundreds that stay', () => {
    const stay = Array.from({ length: 300 }, (_, i) => `n${i}`);
    assert.equal(
      moved([...stay, 'worker-1'], [...stay, 'worker-2']),
      'worker-1, n0, n1, n2, and 297 more → worker-2, n0, n1, n2, and 297 more',
    );
    assert.equal(
      moved([...stay, 'worker-1'], stay),
      'worker-1, n0, n1, n2, and 297 more → n0, n1, n2, n3, and 296 more',
    );
  });
});
