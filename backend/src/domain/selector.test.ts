import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { selects, type LabelSelector, type SelectorRequirement } from './selector.ts';

function matching(...matchExpressions: SelectorRequirement[]): LabelSelector {
  return { matchLabels: {}, matchExpressions };
}

const IN_TIERS: SelectorRequirement = { key: 'tier', operator: 'In', values: ['front', 'edge'] };
const NOT_IN_TIERS: SelectorRequirement = { key: 'tier', operator: 'NotIn', values: ['front', 'edge'] };
const HAS_TIER: SelectorRequirement = { key: 'tier', operator: 'Exists', values: [] };
const HAS_NO_TIER: SelectorRequirement = { key: 'tier', operator: 'DoesNotExist', values: [] };

// Kubernetes' reference for LabelSelectorRequirement, and its rule that NotIn also selects what has no such label.
suite('a label selector, as Kubernetes defines it', () => {
  test('absent or empty: selects everything', () => {
    assert.equal(selects(undefined, {}), true);
    assert.equal(selects(undefined, { a: 'b' }), true);
    assert.equal(selects(matching(), {}), true);
    assert.equal(selects(matching(), { a: 'b' }), true);
  });

  test('matchLabels: each pair must be there', () => {
    const selector: LabelSelector = { matchLabels: { app: 'web', zone: 'a' }, matchExpressions: [] };
    assert.equal(selects(selector, { app: 'web', zone: 'a', other: 'x' }), true);
    assert.equal(selects(selector, { app: 'web', zone: 'b' }), false);
    assert.equal(selects(selector, { app: 'web' }), false);
    assert.equal(selects(selector, {}), false);
  });

  test('an empty value is a value', () => {
    const selector: LabelSelector = { matchLabels: { 'node-role.kubernetes.io/worker': '' }, matchExpressions: [] };
    assert.equal(selects(selector, { 'node-role.kubernetes.io/worker': '' }), true);
    assert.equal(selects(selector, {}), false);
    assert.equal(selects(matching(HAS_TIER), { tier: '' }), true);
    assert.equal(selects(matching(HAS_NO_TIER), { tier: '' }), false);
  });

  const verdicts: [requirement: SelectorRequirement, front: boolean, other: boolean, missing: boolean][] = [
    [IN_TIERS, true, false, false],
    [NOT_IN_TIERS, false, true, true],
    [HAS_TIER, true, true, false],
    [HAS_NO_TIER, false, false, true],
  ];
  for (const [requirement, front, other, missing] of verdicts) {
    test(`${requirement.operator}: a listed value ${front}, another ${other}, no such label ${missing}`, () => {
      assert.equal(selects(matching(requirement), { tier: 'front' }), front);
      assert.equal(selects(matching(requirement), { tier: 'back' }), other);
      assert.equal(selects(matching(requirement), { app: 'web' }), missing);
    });
  }

  test('everything in it must hold', () => {
    const selector: LabelSelector = { matchLabels: { app: 'web' }, matchExpressions: [HAS_TIER, NOT_IN_TIERS] };
    assert.equal(selects(selector, { app: 'web', tier: 'back' }), true);
    assert.equal(selects(selector, { app: 'web', tier: 'front' }), false);
    assert.equal(selects(selector, { app: 'web' }), false);
    assert.equal(selects(selector, { tier: 'back' }), false);
  });

  test('names of object members are labels like any other', () => {
    assert.equal(selects(matching({ key: 'constructor', operator: 'Exists', values: [] }), {}), false);
    assert.equal(selects(matching({ key: 'toString', operator: 'DoesNotExist', values: [] }), {}), true);
    assert.equal(selects({ matchLabels: { constructor: 'x' }, matchExpressions: [] }, { constructor: 'x' }), true);
  });
});
