import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { yamlText } from './yaml-text.ts';

test('whatever an object has, YAML’s readers of both versions read the same', () => {
  const versions = ['1.1', '1.2'] as const;
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      // There is no -0 in JSON.
      const value = JSON.parse(JSON.stringify(json)) as unknown;
      for (const version of versions) assert.deepEqual(parse(yamlText(value), { version }), value);
    }),
  );
});

test('words and numbers stay texts', () => {
  for (const value of [
    'yes',
    'NULL',
    'on',
    '1',
    '1e3',
    'e0',
    'E-12',
    '0x10',
    '12:30',
    '~',
    '',
    ' a',
    'a ',
    'a: b',
    'a #b',
    '- a',
    '2026-01-01',
    '.inf',
  ])
    for (const version of ['1.1', '1.2'] as const) assert.equal(parse(yamlText({ value }), { version }).value, value);
});

test('reads as people write it', () => {
  const object = {
    kind: 'Eip',
    metadata: { name: 'office' },
    spec: { addresses: ['192.0.2.0/24'], priority: 1, bgp: {} },
  };
  assert.equal(
    yamlText(object),
    'kind: Eip\nmetadata:\n  name: office\nspec:\n  addresses:\n    - "192.0.2.0/24"\n  priority: 1\n  bgp: {}\n',
  );
});
