import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Peer } from '../domain/peer.ts';
import { aNode, aPeer, aPool } from '../domain/testing/builders.ts';
import { hears, opensFrom, unopened } from './hearing.ts';

const POOL = aPool('main', ['192.0.2.0/24']);
const R1 = aPeer('r1', '10.0.0.254');
const IN_A = { nodeSelector: { matchLabels: { rack: 'a' }, matchExpressions: [] } };
const A = aNode('n1', ['10.0.0.1'], { labels: { rack: 'a' } });
const B = aNode('n2', ['10.0.0.2'], { labels: { rack: 'b' } });

function names(peers: readonly Peer[]): string {
  return peers.map(({ name }) => name).join();
}

suite('who hears of a pool', () => {
  test('is every peer that exchanges routes of the family, unless the pool selects others', () => {
    assert.ok(hears(R1, POOL, 'ipv4'));
    assert.ok(!hears({ ...R1, families: [{ family: 'ipv6', sendMax: 8 }] }, POOL, 'ipv4'));
    const bgp = { ...POOL.bgp, peerSelector: { matchLabels: { rack: 'a' }, matchExpressions: [] } };
    assert.ok(!hears(R1, { ...POOL, bgp }, 'ipv4'));
    assert.ok(hears({ ...R1, labels: { rack: 'a' } }, { ...POOL, bgp }, 'ipv4'));
  });

  test('is nobody who is shut down or deleted, and nobody at all of one for links', () => {
    assert.ok(!hears({ ...R1, adminDown: true }, POOL, 'ipv4'));
    assert.ok(!hears({ ...R1, deleting: true }, POOL, 'ipv4'));
    assert.ok(!hears(R1, { ...POOL, protocol: 'layer2' }, 'ipv4'));
  });
});

suite('a peer that no replica opens a session with', () => {
  test('is for nodes that no replica runs on', () => {
    const inA = { ...R1, ...IN_A };
    assert.deepEqual([...unopened([inA], [B, undefined])], [['r1', { because: 'nowhere' }]]);
    assert.deepEqual([...unopened([inA], [B, A])], []);
    assert.deepEqual([...unopened([R1], [])], [['r1', { because: 'nowhere' }]]);
  });

  test('is the same neighbour as an older one, wherever it is for', () => {
    const younger = { ...R1, name: 'r2', createdAt: R1.createdAt + 1 };
    const inA = { ...R1, ...IN_A };
    assert.equal(names(opensFrom(A, [younger, inA])), 'r1');
    assert.equal(names(opensFrom(B, [younger, inA])), 'r2');
    assert.deepEqual([...unopened([younger, inA], [A, B])], []);
    assert.deepEqual([...unopened([younger, inA], [A])], [['r2', { because: 'duplicate', of: 'r1' }]]);
    assert.deepEqual([...unopened([younger, R1], [A, B])], [['r2', { because: 'duplicate', of: 'r1' }]]);
  });

  test('is not one that is shut down, which has a reason of its own', () => {
    assert.deepEqual([...unopened([{ ...R1, adminDown: true }], [A])], []);
  });
});
