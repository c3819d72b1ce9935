import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eipSpec } from '../resources/eip.ts';
import { unknownField } from './model/unknown-fields.ts';

/** What is refused in the spec of an Eip. */
function refused(json: string): string | undefined {
  const cause = unknownField(eipSpec, JSON.parse(json), 'spec');
  return cause && `${cause.field}: ${JSON.stringify(cause.params)}`;
}

suite('a field of a spec that means nothing there', () => {
  // JavaScript finds most of these in every object.
  for (const key of ['misspelt', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']) {
    test(`is named: ${key}`, () => {
      assert.equal(refused(`{ "address": "192.0.2.0/24", "${key}": { "a": 1 } }`), `spec: {"keys":"${key}"}`);
      const inside = `{ "address": "192.0.2.0/24", "serviceSelector": { "${key}": {} } }`;
      assert.equal(refused(inside), `spec.serviceSelector: {"keys":"${key}"}`);
    });
  }

  test('is no label, whatever its name', () => {
    const labels = '{ "constructor": "x", "toString": "y" }';
    assert.equal(refused(`{ "address": "192.0.2.0/24", "serviceSelector": { "matchLabels": ${labels} } }`), undefined);
  });
});
