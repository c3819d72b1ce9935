import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Memory } from './memory.ts';

suite('memory of a replica', () => {
  test('has a ceiling', () => {
    const memory = new Memory();
    assert.deepEqual(memory.look('n1', 7, 299), []);
    assert.deepEqual(memory.look('n1', 7, 301), ['the replica on n1 took more than 300 MiB']);
  });

  /** What is said at the rests of one process, of which these looks were taken before each. */
  function rests(...looks: number[][]): { judged: number; lines: readonly string[] }[] {
    const memory = new Memory();
    return looks.map((before) => {
      for (const mib of before) memory.look('n1', 7, mib);
      return memory.rest();
    });
  }

  test('does not grow from rest to rest', () => {
    const quiet = { judged: 1, lines: [] };
    const grown = { judged: 1, lines: ['the replica on n1 grew by 41 MiB'] };
    assert.deepEqual(rests([30, 100, 80], [140], [141]), [{ judged: 0, lines: [] }, quiet, grown]);
  });

  test('may wait for a collection of garbage', () => {
    assert.deepEqual(rests([100], [200, 140, 220])[1], { judged: 1, lines: [] });
  });

  test('is that of one process: the next one begins anew, and one that is gone is not judged', () => {
    const memory = new Memory();
    memory.look('n1', 7, 100);
    memory.look('n2', 8, 100);
    memory.rest();
    memory.look('n1', 9, 180);
    assert.deepEqual(memory.rest(), { judged: 0, lines: [] });
    memory.look('n1', 9, 180);
    assert.deepEqual(memory.rest(), { judged: 1, lines: [] });
  });
});
