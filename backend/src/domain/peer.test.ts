import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { duplicateOf } from './peer.ts';
import { aPeer } from './testing/builders.ts';

suite('two peers with one neighbour', () => {
  const old = aPeer('r1', '192.0.2.1', { createdAt: 1 });
  const young = aPeer('copy', '192.0.2.1', { createdAt: 2 });

  test('the younger is the duplicate, whatever its name', () => {
    assert.equal(duplicateOf(young, [young, old]), old);
    assert.equal(duplicateOf(old, [young, old]), undefined);
  });
  test('of one age, the name decides, so that one of them stays', () => {
    const twin = { ...young, createdAt: 1 };
    assert.equal(duplicateOf(old, [old, twin]), twin);
    assert.equal(duplicateOf(twin, [old, twin]), undefined);
  });
  test('another port or address is another neighbour', () => {
    assert.equal(duplicateOf({ ...young, port: 1_790 }, [old]), undefined);
    assert.equal(duplicateOf({ ...young, address: '192.0.2.2' }, [old]), undefined);
  });
});
