import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Failure } from '../../api/failure.ts';
import { installTexts } from '../../testing/fake-texts.ts';
import { linePath, pointsIn } from './monitoring.ts';

suite('charts of the cluster’s monitoring', () => {
  const result = [
    {
      metric: {},
      values: [
        [100, '1'],
        [160, '3'],
        [220, 'NaN'],
      ],
    },
  ];

  test('are read of either form of an answer', () => {
    const points = [
      { at: 100, value: 1 },
      { at: 160, value: 3 },
    ];
    assert.deepEqual(pointsIn({ data: { resultType: 'matrix', result } }), points);
    assert.deepEqual(pointsIn({ results: [{ data: { result } }] }), points);
    assert.deepEqual(pointsIn({ data: { result: [] } }), []);
  });

  test('are not made of anything else', () => {
    installTexts();
    for (const answer of [null, {}, [], 'x', { data: {} }])
      assert.throws(
        () => pointsIn(answer),
        (error: Failure) => error.kind === 'unsupported',
      );
  });

  test('are drawn from the lowest to the highest value', () => {
    const box = { width: 100, height: 40 };
    assert.equal(
      linePath(
        [
          { at: 0, value: 0 },
          { at: 5, value: 4 },
          { at: 10, value: 2 },
        ],
        box,
      ),
      'M0 40 L50 0 L100 20',
    );
    assert.equal(linePath([{ at: 0, value: 0 }], box), 'M0 40');
    assert.equal(linePath([], box), '');
  });
});
