import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { aPool } from '../domain/testing/builders.ts';
import { anyInputs } from '../saved/testing/arbitrary-inputs.ts';
import { Inputs } from './inputs.ts';
import type { InputDelta } from './messages.ts';
import { replacement } from './replacement.ts';
import { NOTHING_AROUND } from './testing/surroundings.ts';

function held(...deltas: readonly InputDelta[]): unknown {
  const inputs = new Inputs(NOTHING_AROUND);
  for (const delta of deltas) inputs.apply(delta);
  const { services, endpoints, nodes, pools, peers, settings } = inputs;
  return [services, endpoints, nodes, pools, peers, settings, new Set(inputs.addresses())];
}

suite('a whole set in the place of another one', () => {
  test('leaves the new one and nothing else, whatever both are', () => {
    fc.assert(
      fc.property(anyInputs, anyInputs, (before, now) => {
        assert.deepEqual(held(before, replacement(before, now)), held(now));
      }),
    );
  });

  test('says of each thing what it is, or that it is gone', () => {
    const pools = (...names: string[]): InputDelta => ({
      pools: new Map(names.map((name) => [name, aPool(name, ['192.0.2.0/24'])])),
    });
    const change = replacement(pools('a', 'b'), pools('b', 'c'));
    assert.deepEqual(
      [...change.pools].map(([name, pool]) => [name, pool?.name]),
      [
        ['a', undefined],
        ['b', 'b'],
        ['c', 'c'],
      ],
    );
    assert.equal(change.settings, null);
  });
});
