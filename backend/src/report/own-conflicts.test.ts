import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConflictReport } from '../engine/messages.ts';
import { eipConflicts } from './own-conflicts.ts';

function heard(ip: string, overrides: Partial<ConflictReport> = {}): ConflictReport {
  const since = '2026-01-01T00:00:00.000Z';
  const mac = '02:00:5e:10:00:0a';
  return { ip, pool: 'a', link: 'eth0', mac, node: undefined, announced: false, since, ...overrides };
}

suite("a replica's entries of conflicts", () => {
  test('stand with the pool of the address', () => {
    const entries = eipConflicts([heard('192.0.2.1'), heard('192.0.2.2', { pool: 'b', node: 'n1' })], 'porter-0');
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
    const entries = eipConflicts([heard('192.0.2.0', { mac: 'first' }), ...many], 'porter-0').get('a') ?? [];
    assert.deepEqual([entries.length, entries[0]?.mac], [64, 'first']);
  });
});
