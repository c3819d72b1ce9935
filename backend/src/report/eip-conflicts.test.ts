import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { EipConflict } from '../resources/eip.ts';
import type { NewCondition } from './conditions.ts';
import { eipAddressConflict } from './eip-conflicts.ts';

const MAC = '02:00:5e:10:00:0a';

function entry(ip: string, overrides: Partial<EipConflict> = {}): EipConflict {
  const since = '2026-01-01T00:00:00Z';
  return { replica: 'porter-0', ip, mac: MAC, link: 'eth0', announced: false, since, ...overrides };
}

function conflict(...conflicts: readonly EipConflict[]): NewCondition | undefined {
  return eipAddressConflict(conflicts, undefined, 4);
}

suite('the condition AddressConflict of an Eip', () => {
  test('names address, MAC, link and replica, and what to do', () => {
    const condition = conflict(entry('192.0.2.1'));
    assert.ok(condition);
    assert.deepEqual(
      [condition.type, condition.status, condition.reason, condition.observedGeneration],
      ['AddressConflict', 'True', 'UsedByAnotherHost', 4],
    );
    assert.match(
      condition.message,
      /^192\.0\.2\.1 is used by 02:00:5e:10:00:0a on eth0, seen by porter-0\. .*find these/,
    );
  });

  test('names an address once, with the replicas that have heard it', () => {
    const replicas = ['porter-2', 'porter-0', 'porter-3', 'porter-1'];
    const condition = conflict(...replicas.map((replica) => entry('192.0.2.1', { replica })));
    assert.match(condition?.message ?? '', /seen by porter-0, porter-1 and 2 more\./);
  });

  test('names the first five, and counts the others', () => {
    const message = conflict(...[8, 7, 6, 5, 4, 3, 2].map((i) => entry(`192.0.2.${i}`)))?.message ?? '';
    assert.match(message, /^192\.0\.2\.2 .*192\.0\.2\.6 [^;]*; and 2 more\./);
    assert.ok(!message.includes('192.0.2.7'));
  });

  test('says of a node of ours that it should not answer; a stranger comes first', () => {
    const node = entry('192.0.2.1', { node: 'n1', announced: true });
    const alone = conflict(node);
    assert.equal(alone?.reason, 'AnsweredByNode');
    assert.match(alone.message, /^the node n1 answers for 192\.0\.2\.1 .*ipvs\.strictARP/);
    const both = conflict(node, entry('192.0.2.9'));
    assert.equal(both?.reason, 'UsedByAnotherHost');
    assert.match(both.message, /^192\.0\.2\.9 is used .*the node n1 answers.*ipvs\.strictARP/);
  });

  test('stays away until there is something to say, and says then that it has ended', () => {
    assert.equal(conflict(), undefined);
    const ended = eipAddressConflict([], [{ type: 'AddressConflict', status: 'True' }], undefined);
    assert.deepEqual([ended?.status, ended?.reason], ['False', 'NoConflict']);
  });

  test('does not grow with what replicas write', () => {
    const name = 'x'.repeat(253);
    const all = Array.from({ length: 640 }, (_, i) =>
      entry(`2001:db8:ffff:ffff:ffff:ffff:ffff:${i.toString(16)}`, { replica: `${name}`, node: name }),
    );
    assert.ok((conflict(...all)?.message.length ?? 0) < 4_096);
  });
});
