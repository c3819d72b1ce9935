import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fields } from './fields.ts';
import { joinedAll, selectorList, selects, toSelector, type Requirements } from './selectors.ts';

const key = fc.constantFrom('a', 'b', 'c');
const value = fc.constantFrom('1', '2', '3');
const some = fc.uniqueArray(value, { minLength: 1 });
const requirement = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: some }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist'), values: fc.constant([]) }),
);
const alternatives = fc.array(fc.array(requirement, { maxLength: 3 }), { maxLength: 4 });
const labels = fc.dictionary(key, value);

function written(all: readonly Requirements[]): Fields {
  return new Fields({ kind: 'X', spec: { selectors: all.map(toSelector) } });
}

describe('selectors of which one must hold', () => {
  it('select the same when they are joined, and when they are written and read', () => {
    fc.assert(
      fc.property(alternatives, labels, (all, given) => {
        const expected = all.some((each) => selects(each, given));
        assert.equal(
          joinedAll(all).some((each) => selects(each, given)),
          expected,
        );
        const read = selectorList(written(all), 'spec', 'selectors');
        assert.equal(
          read.some((each) => selects(each, given)),
          expected,
        );
      }),
    );
  });

  it('that differ in one value are one', () => {
    const host = (name: string): Requirements => [{ key: 'host', operator: 'In', values: [name] }];
    assert.deepEqual(joinedAll([host('n1'), host('n2'), host('n3')]), [
      [{ key: 'host', operator: 'In', values: ['n1', 'n2', 'n3'] }],
    ]);
  });
});
