import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { checkLabName, hostInterfaceOf, namespaceOf, randomLabName } from './lab-name.ts';

const longestName = 'a23456789012';

suite('names of a lab', () => {
  test('are short, lower case and without separators', () => {
    assert.equal(checkLabName(longestName), longestName);
    for (const name of ['', '1a', 'A', 'a-b', 'a.b', 'a/b', '..', `${longestName}3`]) {
      assert.throws(() => checkLabName(name), RangeError, name);
    }
  });

  test('made up by us are valid', () => {
    for (let i = 0; i < 100; i++) assert.doesNotThrow(() => checkLabName(randomLabName()));
  });

  test('no name is the beginning of another: what starts with namespaceOf(lab, "") is that lab alone', () => {
    assert.ok(!namespaceOf('ab', 'n1').startsWith(namespaceOf('a', '')));
  });

  test('an interface has at most 15 characters (IFNAMSIZ)', () => {
    assert.ok(hostInterfaceOf(63).length <= 15);
  });

  test('the path of a socket has at most 107 bytes (unix(7))', () => {
    assert.ok(join('/var/lib/porterlb-lab', longestName, 'r9', 'zserv.api').length <= 107);
  });
});
