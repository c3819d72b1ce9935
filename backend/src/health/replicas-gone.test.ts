/** Nodes whose replica is silent, and of whose routes routers may have something left. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aReplica } from '../domain/testing/builders.ts';
import type { ReplicaProber } from './replicas.ts';
import { Lab, members, MISSED_MS, SEEN_MS } from './testing/replicas.ts';

const gone = (prober: ReplicaProber): string[] => [...prober.goneNodes()].sort();

suite('a node of a replica that is gone', () => {
  function two(): { lab: Lab; a: ReplicaProber; b: ReplicaProber } {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.clock.advance(SEEN_MS);
    return { lab, a, b };
  }

  test('is known when it falls silent, until it answers and announces', () => {
    const { lab, a, b } = two();
    assert.deepEqual(gone(a), []);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(gone(a), ['node-b']);
    lab.datagrams.heal('10.0.0.2');
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(gone(a), ['node-b']);
    b.setAnnouncing(true);
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(gone(a), []);
  });

  test('is known as well when it has left, though it is not lost, and no member any more', () => {
    const { lab, a, b } = two();
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(gone(a), []);
    b.stop();
    lab.clock.advance(MISSED_MS);
    a.setReplicas(members('a'));
    assert.deepEqual([gone(a), a.lost()], [['node-b'], []]);
  });

  test('is forgotten when routers have nothing left of it', () => {
    const { lab, a, b } = two();
    a.setRetention(30_000);
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    b.stop();
    lab.clock.advance(MISSED_MS);
    const changes = lab.changes.length;
    lab.clock.advance(27_000);
    assert.deepEqual([gone(a), lab.changes.length], [['node-b'], changes]);
    lab.clock.advance(3_600);
    assert.deepEqual([gone(a), lab.changes.length], [[], changes + 1]);
  });

  test('is known when another replica has its address', () => {
    const { lab, a } = two();
    a.setReplicas([...members('a'), aReplica('b2', '10.0.0.2', 'node-b')]);
    assert.deepEqual(gone(a), ['node-b']);
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(gone(a), ['node-b']);
  });
});
