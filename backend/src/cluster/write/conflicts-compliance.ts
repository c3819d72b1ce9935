import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eips, type Eip } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import { applyOwnStatus, patchFenced, pruneOwnStatus } from './apply-status.ts';

function entry(replica: string, ip: string, overrides: object = {}): object {
  const since = '2026-01-01T00:00:00.000Z';
  return { replica, ip, mac: '02:00:5e:10:00:0a', link: 'eth0', announced: false, since, ...overrides };
}

/** The entries, as `replica ip announced`, in any order. */
function entriesOf({ status }: Eip): string[] {
  return (status?.conflicts ?? []).map(({ replica, ip, announced }) => `${replica} ${ip} ${announced}`).sort();
}

/** What replicas and the leader write into one status of an Eip. */
export function describeConflicts(name: string, open: () => Promise<Kube>): void {
  describe(`${name}: conflicts in the status of an Eip`, () => {
    const hear = async (api: Kube, ref: { name: string }, replica: string, ...conflicts: object[]): Promise<Eip> =>
      await applyOwnStatus(api, eips, { ref, replica, status: conflicts.length === 0 ? {} : { conflicts } });

    it('are of each replica alone, though they be of one address', async () => {
      const api = await open();
      const ref = { name: 'two-replicas' };
      const made = await api.create(eips, { metadata: ref, spec: { address: '192.0.2.0/24' } });
      // The leader says something of every Eip. A status that were left with nothing in it would be null, which the schema refuses.
      const fields = { status: { usage: 0 } };
      await patchFenced(api, eips, made, { type: 'merge', fields, subresource: 'status' });
      await hear(api, ref, 'a', entry('a', '192.0.2.1'), entry('a', '192.0.2.2'));
      await hear(api, ref, 'b', entry('b', '192.0.2.1'));
      const changed = await hear(api, ref, 'a', entry('a', '192.0.2.1', { announced: true, node: 'n1' }));
      assert.deepEqual(entriesOf(changed), ['a 192.0.2.1 true', 'b 192.0.2.1 false']);
      const again = await hear(api, ref, 'a', entry('a', '192.0.2.1'));
      assert.equal(again.status?.conflicts?.find(({ replica }) => replica === 'a')?.node, undefined);
      assert.deepEqual(entriesOf(await hear(api, ref, 'a')), ['b 192.0.2.1 false']);
      assert.deepEqual(entriesOf(await pruneOwnStatus(api, eips, { ref, replica: 'b' })), []);
    });

    it('and what the leader says leave each other alone', async () => {
      const api = await open();
      const ref = { name: 'with-leader' };
      const made = await api.create(eips, { metadata: ref, spec: { address: '192.0.2.0/24' } });
      const lastTransitionTime = '2026-01-01T00:00:00Z';
      const ready = { type: 'Ready', status: 'True', reason: 'InUse', message: 'In use.', lastTransitionTime };
      const lead = async (seen: Eip, usage: number): Promise<Eip> =>
        await patchFenced(api, eips, seen, {
          type: 'merge',
          fields: { status: { usage, used: { '192.0.2.1': 'd/s' }, conditions: [ready] } },
          subresource: 'status',
        });
      await lead(made, 1);
      const heard = await hear(api, ref, 'a', entry('a', '192.0.2.1'), entry('a', '192.0.2.2'));
      assert.deepEqual([heard.status?.usage, heard.status?.conditions?.length], [1, 1]);
      const led = await lead(heard, 2);
      assert.deepEqual(entriesOf(led), ['a 192.0.2.1 false', 'a 192.0.2.2 false']);
      const less = await hear(api, ref, 'a', entry('a', '192.0.2.2'));
      assert.deepEqual(entriesOf(less), ['a 192.0.2.2 false']);
      const none = await pruneOwnStatus(api, eips, { ref, replica: 'a' });
      assert.deepEqual(entriesOf(none), []);
      assert.deepEqual([none.status?.usage, none.status?.used], [2, { '192.0.2.1': 'd/s' }]);
      assert.equal(none.status?.conditions?.[0]?.reason, 'InUse');
    });
  });
}
