import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aReplica } from '../domain/testing/builders.ts';
import type { ReplicaProber } from './replicas.ts';
import { Lab, members, MISSED_MS, SEEN_MS, sees } from './testing/replicas.ts';
import { BACK_MS } from './tracked-replica.ts';

suite('a new Pod at the address of an old one', () => {
  const SUCCESSOR = aReplica('z', '10.0.0.2', 'node-b');

  /** `a`, which has seen `b`, and what speaks at the address of `b`. */
  function seen(): { lab: Lab; a: ReplicaProber; b: ReplicaProber } {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.clock.advance(10_000);
    return { lab, a, b };
  }

  test('a lost one stays lost while its successor answers, and is forgotten in time', () => {
    const { lab, a, b } = seen();
    b.stop();
    lab.clock.advance(MISSED_MS);
    lab.start('b', members('a'));
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.clock.advance(200_000);
    assert.deepEqual(sees(a), { answering: ['z'], lost: ['b'] });
    lab.clock.advance(11_000);
    assert.deepEqual(sees(a), { answering: ['z'], lost: [] });
  });

  test('one that nobody missed yet is lost from then on', () => {
    const { lab, a, b } = seen();
    b.stop();
    lab.start('b', members('a'));
    a.setReplicas([...members('a'), SUCCESSOR]);
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(a), { answering: ['z'], lost: ['b'] });
  });

  test('one that left on purpose is gone', () => {
    const { lab, a, b } = seen();
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    b.stop();
    lab.start('b', members('a'));
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.clock.advance(60_000);
    assert.deepEqual(sees(a), { answering: ['z'], lost: [] });
  });

  test('an answer that was on its way is not the successor’s word for the old one', () => {
    const { lab, a, b } = seen();
    a.setStale(true);
    b.stop();
    lab.start('b', members('a'));
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(sees(a), { answering: ['z'], lost: ['b'] });
  });

  test('the old one stays gone when its successor leaves the membership too, but still answers', () => {
    const { lab, a, b } = seen();
    b.stop();
    lab.clock.advance(MISSED_MS);
    lab.start('b', members('a'));
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.clock.advance(SEEN_MS);
    a.setReplicas(members('a'));
    lab.clock.advance(60_000);
    assert.deepEqual(sees(a), { answering: ['z'], lost: ['b'] });
  });

  test('a successor asks at once, and is heard as itself', () => {
    const { lab, a, b } = seen();
    b.stop();
    lab.clock.advance(MISSED_MS);
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.clock.advance(10_000);
    lab.start('b', members('a'));
    lab.clock.advance(50);
    assert.deepEqual(sees(a), { answering: ['z'], lost: ['b'] });
  });

  test('one that is a member again is asked again', () => {
    const { lab, a, b } = seen();
    b.stop();
    lab.clock.advance(MISSED_MS);
    a.setReplicas([...members('a'), SUCCESSOR]);
    lab.start('b', members('a', 'b')).setAnnouncing(true);
    a.setReplicas(members('a', 'b'));
    lab.clock.advance(SEEN_MS);
    assert.ok(sees(a).answering.includes('b'));
    lab.clock.advance(SEEN_MS + BACK_MS);
    assert.deepEqual(sees(a).lost, []);
  });

  test('a successor does not take itself for the one before it, which is listed still', () => {
    const lab = new Lab();
    const a = lab.start('a', [...members('a', 'b'), aReplica('before', '10.0.0.1', 'node-a')]);
    lab.start('b', members('a', 'b'));
    lab.clock.advance(50);
    assert.equal(a.isSettled, true, 'nobody waits for it');
    lab.clock.advance(10_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
  });
});
