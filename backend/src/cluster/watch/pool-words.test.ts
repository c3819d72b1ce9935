/** What the statuses of pools say to a replica that starts, of Services that all say the same of themselves. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_EXCEPTIONS } from '../../domain/pool.ts';
import { holderDigest, MAX_HOLDERS } from '../../resources/holders.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { bench, holding, type Bench } from './testing/cluster-view-bench.ts';

const IP = '192.0.2.1';
const READY = { type: 'Ready', status: 'True', reason: 'InUse', observedGeneration: 1 } as const;

function pool(status: Record<string, unknown>): Eip {
  const of = { addresses: ['192.0.2.0/24'], namespaces: ['d'], used: {}, conditions: [READY], ...status };
  return { metadata: { name: 'a' }, spec: { address: '192.0.2.0/24' }, status: of } as unknown as Eip;
}

/** With two Services that hold the same address by their statuses, of which the pool's status knows one. */
async function withTwo(names: readonly [string, string], known: string): Promise<Bench> {
  const made = bench();
  for (const name of names) made.api.store(kinds.services, holding(name, IP));
  const uid = made.api.read(kinds.services, { namespace: 'd', name: known })?.metadata?.uid ?? '';
  made.api.store(eips, pool({ holders: holderDigest(IP, uid) }));
  made.view.start();
  await settle();
  return made;
}

function passed({ view }: Bench): string[] {
  return [...(view.inputs().services?.keys() ?? [])];
}

suite('of two that claim one address when a replica starts', () => {
  for (const known of ['first', 'second']) {
    test(`it is announced for the ${known}, which the pool's status knows by its digest`, async () => {
      const made = await withTwo(['first', 'second'], known);
      assert.deepEqual(passed(made), [`d/${known}`]);
      const { view } = made;
      const records = ['first', 'second'].map((name) => view.words.recordOf('a', `d/${name}`, IP));
      assert.deepEqual(records, known === 'first' ? ['named', undefined] : [undefined, 'named']);
      view.stop();
    });
  }

  test('it is announced for none where the status knows only one of the same name that is gone', async () => {
    const made = bench();
    for (const name of ['first', 'second']) made.api.store(kinds.services, holding(name, IP));
    made.api.store(eips, pool({ holders: holderDigest(IP, 'uid of an earlier d/first') }));
    made.view.start();
    await settle();
    assert.deepEqual(passed(made), []);
    made.view.stop();
  });
});

suite('who keeps what the rules would not give', () => {
  test('may be left out by a full list of names, unless there is a digest of everybody', async () => {
    const used = Object.fromEntries(Array.from({ length: MAX_EXCEPTIONS }, (_, i) => [`10.0.0.${i}`, 'd/s']));
    const { api, view } = bench();
    view.start();
    const told: boolean[] = [];
    for (const holders of [undefined, 7, '', 'x'.repeat(8 * (MAX_HOLDERS - 1)), 'x'.repeat(8 * MAX_HOLDERS)]) {
      api.store(eips, pool({ used, holders }));
      await settle();
      told.push(view.words.mayOmit('a'));
    }
    assert.deepEqual(told, [true, true, false, false, true]);
    view.stop();
  });

  test('is told by its digest', async () => {
    const made = bench();
    const node = { type: 'InternalIP', address: IP };
    made.api.store(kinds.nodes, { metadata: { name: 'n1' }, status: { addresses: [node] } });
    for (const name of ['forged', 'true']) made.api.store(kinds.services, holding(name, IP));
    const uid = made.api.read(kinds.services, { namespace: 'd', name: 'true' })?.metadata?.uid ?? '';
    made.api.store(eips, pool({ holders: holderDigest(IP, uid) }));
    made.view.start();
    await settle();
    assert.deepEqual(passed(made), ['d/true']);
    made.view.stop();
  });
});
