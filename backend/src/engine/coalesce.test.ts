import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { aReplica, someSettings } from '../domain/testing/builders.ts';
import { coalesce } from './coalesce.ts';
import { Inputs } from './inputs.ts';
import type { Changes, InputDelta } from './messages.ts';
import { STATES } from './testing/cluster-states.ts';
import { NOTHING_AROUND } from './testing/surroundings.ts';

const KINDS = ['services', 'endpoints', 'nodes', 'pools', 'peers'] as const;

/** Any value that a kind has in any of the named states, under its own key, or that key gone. */
function changes(kind: (typeof KINDS)[number]): fc.Arbitrary<Changes<unknown>> {
  const entries = STATES.flatMap((state) => Object.entries<unknown>(state[kind]));
  const change = fc
    .tuple(fc.constantFrom(...entries), fc.boolean())
    .map(([[key, value], gone]): [string, unknown] => [key, gone ? null : value]);
  return fc.array(change, { maxLength: 4 }).map((list) => new Map(list));
}

const delta: fc.Arbitrary<InputDelta> = fc
  .record(
    {
      ...Object.fromEntries(KINDS.map((kind) => [kind, changes(kind)])),
      settings: fc.constantFrom(null, someSettings(), someSettings({ as: 64_600 })),
      replicas: fc.constantFrom([], [aReplica('b', '10.0.0.2', 'n2')]),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((record) => record as InputDelta);

/** All that the inputs hold, without regard to the order in which it came. */
function contents(inputs: Inputs): unknown {
  const kinds = KINDS.map((kind) => [...inputs[kind]].sort(([a], [b]) => (a < b ? -1 : 1)));
  const holders = [...inputs.addresses()].sort().map((ip) => [
    ip,
    inputs
      .holders(ip)
      .map(({ key }) => key)
      .sort(),
  ]);
  return { kinds, settings: inputs.settings, holders };
}

suite('one delta in place of two', () => {
  test('has the effect of both in their order, from any state', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 3 }), delta, delta, (before, first, second) => {
        const [two, one] = [new Inputs(NOTHING_AROUND), new Inputs(NOTHING_AROUND)];
        for (const each of before) for (const inputs of [two, one]) inputs.apply(each);
        const touched = [two.apply(first), two.apply(second)];
        const merged = one.apply(coalesce(first, second));
        assert.deepEqual(contents(one), contents(two));
        // It looks again at everything that both together would have changed for good.
        assert.equal(
          merged.everything,
          touched.some(({ everything }) => everything),
        );
        assert.equal(
          merged.peers,
          touched.some(({ peers }) => peers),
        );
      }),
    );
  });

  test('an absent field stays absent: it never means that all is gone', () => {
    assert.deepEqual(coalesce({}, {}), {});
    assert.deepEqual(coalesce({ peers: new Map() }, {}), { peers: new Map() });
  });

  test('settings that went stay gone, and settings that came back are back', () => {
    assert.deepEqual(coalesce({ settings: null }, {}), { settings: null });
    assert.deepEqual(coalesce({ settings: someSettings() }, { settings: null }), { settings: null });
    assert.deepEqual(coalesce({ settings: null }, { settings: someSettings() }), { settings: someSettings() });
  });

  test('of two memberships the younger counts, even an empty one', () => {
    assert.deepEqual(coalesce({ replicas: [aReplica('b', '10.0.0.2')] }, { replicas: [] }), { replicas: [] });
  });

  test('its parts stay as they are', () => {
    const first: InputDelta = { peers: new Map([['r1', null]]) };
    const second: InputDelta = { peers: new Map([['r2', null]]) };
    coalesce(first, second);
    assert.deepEqual([first.peers?.size, second.peers?.size], [1, 1]);
  });
});
