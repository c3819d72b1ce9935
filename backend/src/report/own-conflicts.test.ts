import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConflictReport } from '../engine/messages.ts';
import { MAX_ALL_CONFLICTS } from '../domain/pool.ts';
import { eipConflicts } from './own-conflicts.ts';

function heard(ip: string, overrides: Partial<ConflictReport> = {}): ConflictReport {
  const since = '2026-01-01T00:00:00.000Z';
  const mac = '02:00:5e:10:00:0a';
  return { ip, pool: 'a', link: 'eth0', mac, node: undefined, announced: false, since, ...overrides };
}

const ALONE = { replica: 'porter-0', replicas: 1 };
const REPLICAS = 100;

/** As many as would fill any list, by kernels of this many nodes. */
function byNodes(nodes: number): ConflictReport[] {
  const ips = Array.from({ length: 200 }, (_, i) => `198.51.100.${i}`);
  return ips.map((ip, i) => heard(ip, { node: `n${Math.floor((i * nodes) / ips.length)}`, announced: true }));
}

suite("a replica's entries of conflicts", () => {
  test('stand with the pool of the address', () => {
    const entries = eipConflicts([heard('192.0.2.1'), heard('192.0.2.2', { pool: 'b', node: 'n1' })], ALONE);
    const rest = {
      replica: 'porter-0',
      mac: '02:00:5e:10:00:0a',
      link: 'eth0',
      announced: false,
      since: '2026-01-01T00:00:00.000Z',
    };
    assert.deepEqual(
      [...entries],
      [
        ['a', [{ ...rest, ip: '192.0.2.1' }]],
        ['b', [{ ...rest, ip: '192.0.2.2', node: 'n1' }]],
      ],
    );
  });

  test('are one per address, and 64 per pool at the most', () => {
    const many = Array.from({ length: 200 }, (_, i) => heard(`192.0.2.${i}`));
    const entries = eipConflicts([heard('192.0.2.0', { mac: 'first' }), ...many], ALONE).get('a') ?? [];
    assert.deepEqual([entries.length, entries[0]?.mac], [64, 'first']);
  });

  test('are first of strangers that keep an address from being announced, then of other strangers, then of nodes', () => {
    const announced = Array.from({ length: 62 }, (_, i) => heard(`192.0.2.${i}`, { announced: true }));
    const all = [...byNodes(3), ...announced, heard('192.0.2.200')];
    const entries = eipConflicts(all, ALONE).get('a') ?? [];
    assert.deepEqual([entries[0]?.ip, entries.length], ['192.0.2.200', 64]);
    assert.equal(entries.filter(({ announced: late, node }) => late && node === undefined).length, 62);
    assert.equal(entries.at(-1)?.node, 'n0');
  });

  test('name eight addresses that nodes answer for at the most, and each node before any twice', () => {
    const nodesOf = (nodes: number) =>
      eipConflicts(byNodes(nodes), ALONE)
        .get('a')
        ?.map(({ node }) => node);
    assert.deepEqual(nodesOf(3), ['n0', 'n1', 'n2', 'n0', 'n0', 'n0', 'n0', 'n0']);
    assert.deepEqual(nodesOf(50), ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']);
  });

  test('of addresses that are free to be given again have half of the room, and more where there is some', () => {
    const many = (net: number): ConflictReport[] => Array.from({ length: 70 }, (_, i) => heard(`192.0.${net}.${i}`));
    const [stuck, left] = [many(2), many(3)];
    const ips = (some: readonly ConflictReport[], others: readonly ConflictReport[]): string[] =>
      (eipConflicts(some, ALONE, others).get('a') ?? []).map(({ ip }) => ip);
    const first = (some: readonly ConflictReport[], count: number): string[] =>
      some.slice(0, count).map(({ ip }) => ip);
    const same = (found: string[], wanted: string[]): void => assert.deepEqual(found.sort(), wanted.sort());
    same(ips(stuck, left), [...first(stuck, 32), ...first(left, 32)]);
    same(ips(stuck, left.slice(0, 3)), [...first(stuck, 61), ...first(left, 3)]);
    same(ips(stuck.slice(0, 3), left), [...first(stuck, 3), ...first(left, 61)]);
    same(ips([], left), first(left, 64));
  });

  test('are no more than the Eip can take of so many replicas', () => {
    const many = Array.from({ length: 200 }, (_, i) => heard(`192.0.2.${i}`));
    for (const replicas of [1, 16, 17, REPLICAS, 1000]) {
      const each = eipConflicts([...many, ...byNodes(9)], { replica: 'porter-0', replicas }).get('a')?.length ?? 0;
      assert.ok(each >= 1 && each * replicas <= MAX_ALL_CONFLICTS, `${replicas}: ${each}`);
    }
  });
});
