import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import type { Service } from '../kinds.ts';
import { aPoolObject, AssignerBench, aServiceObject, withAddress } from './testing/assigner-bench.ts';

const IP = '192.0.2.1';
const MAIN = aPoolObject('main', ['192.0.2.1-192.0.2.9'], true);
const RESTING = { ...MAIN, spec: { ...(MAIN.spec as object), reuseAfterSeconds: 3_600 } };

/** Of another team. */
function theirs(namespace: string): Service {
  return withAddress(aServiceObject('vault', { namespace }), IP);
}

/** All that the owner of the Service shop/web reads of it. */
function toldOf(bench: AssignerBench): string[] {
  const conditions = bench.service('web')?.status?.conditions ?? [];
  return [...conditions.map(({ message }) => message), ...bench.notes];
}

suite('the name of a Service that keeps an address from another one', () => {
  const wishes = { 'lb.kubesphere.io/ips': IP };
  const cases: readonly [reason: string, annotations: Readonly<Record<string, string>>][] = [
    ['WantedAddressTaken', wishes],
    ['SharingNotAgreed', { ...wishes, 'lb.kubesphere.io/allow-shared-ip': 'us' }],
  ];
  for (const [reason, annotations] of cases) {
    for (const [namespace, named] of [
      ['bank', false],
      ['shop', true],
    ] as const) {
      test(`${reason}: is told to ${named ? 'his own' : 'no other'} namespace, and to the log`, async () => {
        const bench = await AssignerBench.started(MAIN, theirs(namespace));
        bench.store(aServiceObject('web', { annotations }));
        await pass(bench.clock, 1_000);
        assert.equal(bench.condition('web'), `False ${reason}`);
        const told = toldOf(bench);
        assert.equal(told.filter((text) => text.includes(IP)).length, 2);
        assert.equal(told.filter((text) => text.includes(`the Service ${namespace}/vault`)).length, named ? 2 : 0);
        assert.equal(told.filter((text) => text.includes('the Service of another namespace')).length, named ? 0 : 2);
        assert.doesNotMatch(told.join(), /bank/);
        assert.ok(bench.logger.entries.some(({ fields }) => fields['holder'] === `${namespace}/vault`));
      });
    }
  }

  test('is told to no other namespace of one that had the address before', async () => {
    const bench = await AssignerBench.started(RESTING, theirs('bank'));
    bench.api.store(kinds.services, { ...theirs('bank'), spec: { type: 'ClusterIP' }, status: {} });
    await pass(bench.clock, 5_000);
    bench.store(aServiceObject('web', { annotations: wishes }));
    await pass(bench.clock, 1_000);
    assert.equal(bench.condition('web'), 'False WantedAddressResting');
    assert.match(toldOf(bench).join(), /was freed by the Service of another namespace and rests/);
    assert.doesNotMatch(toldOf(bench).join(), /bank/);
  });

  test('is told to no other namespace by the Event of a Service that loses the address to it', async () => {
    const bench = new AssignerBench();
    bench.store(aPoolObject('main', [`${IP}/32`], true));
    bench.store(theirs('bank'));
    bench.clock.advance(60_000);
    bench.store(withAddress(aServiceObject('web'), IP));
    bench.view.start();
    await pass(bench.clock, 2_000);
    assert.deepEqual(bench.addresses('web'), []);
    assert.ok(bench.events.includes('web Warning SyncLoadBalancerFailed HeldByOlderService'));
    assert.match(toldOf(bench).join(), /is held by the Service of another namespace, which had it first/);
    assert.doesNotMatch(toldOf(bench).join(), /bank/);
  });
});
