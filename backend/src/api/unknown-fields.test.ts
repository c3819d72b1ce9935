import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eipSpec } from '../resources/eip.ts';
import { unknownFields } from './model/unknown-fields.ts';

/** What is refused in the spec of an Eip. */
function refused(json: string): string {
  const causes = unknownFields(eipSpec, JSON.parse(json), 'spec');
  return causes.map((cause) => `${cause.field}: ${JSON.stringify(cause.params)}`).join('; ');
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
    assert.equal(refused(`{ "address": "192.0.2.0/24", "serviceSelector": { "matchLabels": ${labels} } }`), '');
  });

  test('is named beside others, and beside what can not be read', () => {
    const spec = `{ "address": 7, "adress": 1, "bgp": { "mde": 1, "overrides": [{ "x": 1 }, { "peerSelector": { "y": 1 } }] } }`;
    assert.equal(
      refused(spec),
      [
        'spec: {"keys":"adress"}',
        'spec.bgp: {"keys":"mde"}',
        'spec.bgp.overrides[0]: {"keys":"x"}',
        'spec.bgp.overrides[1].peerSelector: {"keys":"y"}',
      ].join('; '),
    );
  });

  test('is none where a schema has no fields', () => {
    for (const spec of ['null', '[]', '"x"', '7', '{ "serviceSelector": null }', '{ "addresses": [{ "x": 1 }] }'])
      assert.equal(refused(spec), '');
  });
});
