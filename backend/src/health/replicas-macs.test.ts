import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import { aReplica } from '../domain/testing/builders.ts';
import type { ReplicaProber } from './replicas.ts';
import { Lab, members, MISSED_MS, SEEN_MS, sees } from './testing/replicas.ts';

const [M1, M2, M3] = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'];
const at = (...macs: string[]): ReplicaPlace => ({
  links: macs.map((mac, index) => ({ name: `eth${index}`, mac, prefixes: ['192.0.2.1/24'] })),
  towards: {},
});

suite('the node that has a MAC', () => {
  /** `a`, and `b`, which has said that it has `M1` and `M2`. */
  function told(): { lab: Lab; a: ReplicaProber; b: ReplicaProber } {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    b.setPlace(at(M1, M2));
    lab.clock.advance(10_000);
    return { lab, a, b };
  }
  const nodes = (prober: ReplicaProber): (string | undefined)[] => [M1, M2, M3].map((mac) => prober.nodeOfMac(mac));

  test('is that of the replica which says so', () => {
    assert.deepEqual(nodes(told().a), ['node-b', 'node-b', undefined]);
  });

  test('is known still when the replica is silent, for as long as it is a member or lost', () => {
    const { lab, a } = told();
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
    assert.deepEqual(nodes(a), ['node-b', 'node-b', undefined]);
    lab.clock.advance(600_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
    assert.deepEqual(nodes(a), ['node-b', 'node-b', undefined]);
    a.setReplicas(members('a'));
    assert.deepEqual(nodes(a), [undefined, undefined, undefined]);
  });

  test('is known of a replica that left the membership and is lost', () => {
    const { lab, a } = told();
    lab.datagrams.cut('10.0.0.2');
    a.setReplicas(members('a'));
    lab.clock.advance(MISSED_MS + 200_000);
    assert.deepEqual(nodes(a), ['node-b', 'node-b', undefined]);
    lab.clock.advance(11_000);
    assert.deepEqual(nodes(a), [undefined, undefined, undefined]);
  });

  test('follows what the replica says, and the node that it is on', () => {
    const { lab, a, b } = told();
    b.setPlace(at(M2, M3));
    lab.clock.advance(50);
    assert.deepEqual(nodes(a), [undefined, 'node-b', 'node-b']);
    a.setReplicas([...members('a'), aReplica('b', '10.0.0.2', 'other')]);
    assert.deepEqual(nodes(a), [undefined, 'other', 'other']);
    b.setPlace(NO_PLACE);
    lab.clock.advance(50);
    assert.deepEqual(a.answering()[0]?.place, NO_PLACE);
    assert.deepEqual(nodes(a), [undefined, 'other', 'other'], 'the links have not gone, it only speaks on none');
  });

  test('is that of the last one to say so, and of the other one again when that one says otherwise', () => {
    const { lab, a, b } = told();
    const c = lab.start('c', members('a', 'c'));
    a.setReplicas(members('a', 'b', 'c'));
    c.setPlace(at(M2));
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(nodes(a), ['node-b', 'node-c', undefined]);
    c.setPlace(at(M3));
    lab.clock.advance(50);
    assert.deepEqual(nodes(a), ['node-b', 'node-b', 'node-c']);
    b.setPlace(at(M1, M2, M3));
    lab.clock.advance(50);
    assert.deepEqual(nodes(a), ['node-b', 'node-b', 'node-b']);
  });

  test('with several links of one MAC is the same', () => {
    const { lab, a, b } = told();
    b.setPlace(at(M1, M1, M3));
    lab.clock.advance(50);
    b.setPlace(at(M3));
    lab.clock.advance(50);
    assert.deepEqual(nodes(a), [undefined, undefined, 'node-b']);
  });
});
