import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Lab, members, MISSED_MS, SEEN_MS } from './testing/replicas.ts';

suite('a lost replica is known by', () => {
  const US = { stale: false, newcomer: true };
  const B = { name: 'b', node: 'node-b', stale: false, newcomer: false, us: US };

  test('its last word and ours of then, whatever either says later', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    a.setNewcomer(true);
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(a.lost(), [B]);
    a.setNewcomer(false);
    a.setStale(true);
    b.setStale(true);
    b.setNewcomer(true);
    lab.datagrams.heal('10.0.0.2');
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(
      a.answering().map(({ stale, newcomer }) => ({ stale, newcomer })),
      [{ stale: true, newcomer: true }],
    );
    assert.deepEqual(a.lost(), [B]);
  });

  test('the word by which it ranked best, if it is lost again before it has announced', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    a.setNewcomer(true);
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    a.setNewcomer(false);
    b.setNewcomer(true);
    lab.datagrams.heal('10.0.0.2');
    lab.clock.advance(SEEN_MS);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(a.lost(), [B]);
  });
});
