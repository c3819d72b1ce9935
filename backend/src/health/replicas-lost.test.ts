import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aReplica } from '../domain/testing/builders.ts';
import type { ReplicaProber } from './replicas.ts';
import { Lab, members, MISSED_MS, SEEN_MS, sees } from './testing/replicas.ts';

suite('a lost replica is known by', () => {
  const US = { stale: false, newcomer: true };
  const B = { name: 'b', node: 'node-b', stale: false, newcomer: false, us: US, med: 49, beside: [] };

  test('its last word and ours of then, whatever either says later', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    a.setNewcomer(true);
    b.setRank(49, new Map());
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(a.lost(), [B]);
    a.setNewcomer(false);
    a.setStale(true);
    b.setRank(200, new Map());
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
    b.setRank(49, new Map());
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    a.setNewcomer(false);
    b.setRank(200, new Map());
    b.setNewcomer(true);
    lab.datagrams.heal('10.0.0.2');
    lab.clock.advance(SEEN_MS);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(a.lost(), [B]);
  });

  test('the offsets of those that fell silent at about the same time, and not long before or after', () => {
    const lab = new Lab();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => lab.start(name, members('a', 'b', 'c')));
    a?.setRank(100, new Map());
    b?.setRank(200, new Map());
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.1');
    lab.clock.advance(2_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    const found = (): unknown => c?.lost().map(({ name, med, beside }) => ({ name, med, beside }));
    assert.deepEqual(found(), [
      { name: 'a', med: 100, beside: [200] },
      { name: 'b', med: 200, beside: [100] },
    ]);
  });
});

suite('routes that somebody else has lost', () => {
  /** `b` has lost `a`, which `c` never met. */
  function told(): { lab: Lab; a: ReplicaProber; b: ReplicaProber; c: ReplicaProber } {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.1');
    lab.clock.advance(MISSED_MS);
    b.setRank(49, new Map([['a', { med: 50, elsewhere: [] }]]));
    b.setReplicas(members('a', 'b', 'c'));
    const c = lab.start('c', members('a', 'b', 'c'));
    lab.clock.advance(SEEN_MS);
    return { lab, a, b, c };
  }

  test('are known from its answers, as long as it says so', () => {
    const { lab, b, c } = told();
    assert.deepEqual(c.told(), [50]);
    lab.clock.advance(400_000);
    assert.deepEqual(c.told(), [50]);
    b.setRank(100, new Map());
    lab.clock.advance(50);
    assert.deepEqual(c.told(), []);
  });

  test('are no business of the one whose they are', () => {
    const { lab, a } = told();
    lab.datagrams.heal('10.0.0.1');
    lab.clock.advance(SEEN_MS);
    assert.deepEqual([sees(a).answering, a.told()], [['b'], []]);
  });

  test('are no business of one that none of these routers hears', () => {
    const { lab, b, c } = told();
    b.setRank(49, new Map([['a', { med: 50, elsewhere: ['c'] }]]));
    lab.clock.advance(50);
    assert.deepEqual(c.told(), []);
  });

  test('outlive it for as long as routers may retain them, and are told to others meanwhile', () => {
    const { lab, b, c } = told();
    b.stop();
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(c.told(), [50]);
    const a = lab.start('d', [...members('c'), aReplica('d', '10.0.0.4', 'node-d')]);
    c.setReplicas([...members('c'), aReplica('d', '10.0.0.4', 'node-d')]);
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(a.told(), [50]);
    lab.clock.advance(209_000);
    assert.deepEqual([c.told(), a.told()], [[], []]);
  });
});
