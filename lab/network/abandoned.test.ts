import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { abandoned } from './abandoned.ts';

suite('namespaces that somebody left', () => {
  const living = 17;
  const isRunning = (pid: number): boolean => pid === living;

  test('are those of processes that are no more', () => {
    const names = ['plbfr17-r', 'plbfr17-s', 'plbbfd16460-r', 'plbbfd16460-s'];
    assert.deepEqual(abandoned(names, isRunning), ['plbbfd16460-r', 'plbbfd16460-s']);
  });

  test('are none of a lab, which has a record of its own, nor of others', () => {
    const names = ['plb-lab12-r1', 'plb-dev-n1', 'plblab1', 'cni-12-r', 'xplbfr18-r', 'plbfr-r', 'plbfr18-r1'];
    assert.deepEqual(abandoned(names, isRunning), []);
  });
});
