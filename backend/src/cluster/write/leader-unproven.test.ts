/** What a leader found in no pool, and what becomes of it when there is one: by what the API server has at any moment. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SERVICE_CONDITIONS, SERVICE_KEYS } from '../../resources/keys.ts';
import { eips } from '../custom-kinds.ts';
import * as kinds from '../kinds.ts';
import { LeaderBench, service } from './testing/leader-bench.ts';

const IP = '198.51.100.1';
/** Of team `b` alone. */
const FOR_B = { metadata: { name: 'p' }, spec: { address: IP, namespaces: ['b'] } };
const FOR_D = { ...FOR_B, spec: { ...FOR_B.spec, namespaces: ['d'] } };

/** With our condition and a record of the pool `p`, as a leader leaves it, or as somebody writes it. */
function claiming(name: string): kinds.Service {
  const { metadata, spec } = service(name);
  const annotations = {
    ...metadata?.annotations,
    'eip.openelb.kubesphere.io/v1alpha2': 'p',
    [SERVICE_KEYS.assigned]: `p=${IP}`,
  };
  const [type, lastTransitionTime] = [SERVICE_CONDITIONS.allocated, '2026-01-01T00:00:00Z'];
  const condition = { type, status: 'True', reason: 'Allocated', message: '', lastTransitionTime };
  return {
    metadata: { ...metadata, annotations, finalizers: [SERVICE_KEYS.finalizer] },
    ...(spec && { spec }),
    status: { loadBalancer: { ingress: [{ ip: IP, ipMode: 'VIP' }] }, conditions: [condition] },
  };
}

/** Who may have the address by the rules of `p`, and waits for it. */
function rightful(): kinds.Service {
  const { metadata, spec } = service('mine');
  const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'p' };
  return { metadata: { ...metadata, namespace: 'b', annotations }, ...(spec && { spec }) };
}

async function led(...services: readonly kinds.Service[]): Promise<LeaderBench> {
  const bench = new LeaderBench();
  bench.api.store(kinds.namespaces, { metadata: { name: 'b' } });
  for (const each of services) bench.api.store(kinds.services, each);
  return await bench.start();
}

suite('an address that no pool had when the leader began', () => {
  for (const [when, ms] of [
    ['while others’ last writes may still show up', 0],
    ['long after', 60_000],
  ] as const) {
    test(`is never the word of the pool that comes ${when}, unless its rules would give it to the Service`, async () => {
      const bench = await led(claiming('forged'), rightful());
      await bench.pass(ms);
      assert.equal(bench.ipOf('forged'), IP, 'kept, and not announced, as long as no pool says anything');
      bench.api.store(eips, FOR_B);
      await bench.pass();
      assert.deepEqual([bench.ipOf('mine', 'b'), bench.ipOf('forged')], [IP, undefined]);
      assert.deepEqual(bench.conditionsOf('forged'), ['Allocated PoolNotAllowed', 'Announced NoAddress']);
      const words = bench.wordsOf('p');
      assert.ok(words.length > 0);
      for (const used of words) assert.ok(!JSON.stringify(used).includes('d/forged'), JSON.stringify(words));
      assert.deepEqual(words.at(-1), { [IP]: 'b/mine' });
      assert.deepEqual(bench.api.read(eips, { name: 'p' })?.status?.namespaces, ['b']);
      await bench.leader.stop();
    });

    test(`stays, and is the word of the pool that comes ${when}, where its rules would give it`, async () => {
      const bench = await led(claiming('restored'), rightful());
      await bench.pass(ms);
      bench.api.store(eips, FOR_D);
      await bench.pass();
      assert.deepEqual([bench.ipOf('restored'), bench.ipOf('mine', 'b')], [IP, undefined]);
      assert.deepEqual(bench.usedOf('p'), { [IP]: 'd/restored' });
      // Once and for all: it is the Service's own by now.
      bench.api.store(eips, { ...bench.api.read(eips, { name: 'p' }), spec: FOR_B.spec });
      await bench.pass();
      assert.equal(bench.ipOf('restored'), IP);
      await bench.leader.stop();
    });
  }

  test('stays where the pool is restored with a status that names the Service, though its rules would not give it', async () => {
    const bench = await led(claiming('kept'), rightful());
    await bench.pass(60_000);
    const status = { addresses: [IP], namespaces: ['d'], used: { [IP]: 'd/kept' } };
    bench.api.store(eips, { ...FOR_B, status });
    await bench.pass();
    assert.deepEqual([bench.ipOf('kept'), bench.ipOf('mine', 'b')], [IP, undefined]);
    assert.deepEqual(bench.usedOf('p'), { [IP]: 'd/kept' });
    await bench.leader.stop();
  });
});
