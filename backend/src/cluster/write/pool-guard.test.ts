import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Exceptions } from '../../allocate/exceptions.ts';
import { Ledger } from '../../allocate/ledger.ts';
import { PoolSet } from '../../allocate/pool-set.ts';
import { MAX_HELD_NAMESPACES } from '../../domain/pool.ts';
import { aService } from '../../domain/testing/builders.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { settle } from '../fake/passage.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import { PoolGuard } from './pool-guard.ts';

const IN_USE = 'lb.kubesphere.io/in-use';
const THEIRS = 'example.com/theirs';
const FIRST = { pool: 'a', ip: '192.0.2.1' };
const SECOND = { pool: 'a', ip: '192.0.2.2' };

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly ledger = new Ledger();
  readonly view = new ClusterView(
    { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: new FakeLogger() },
    {
      membership: undefined,
      namespace: 'system',
      address: '10.0.0.1',
      serviceRanges: () => [],
      onSynced: () => undefined,
      onInputs: () => undefined,
      onChange: () => undefined,
    },
  );
  mayWrite = true;
  readonly guard = new PoolGuard({
    api: this.api,
    view: this.view,
    ledger: this.ledger,
    exceptions: new Exceptions({
      ledger: this.ledger,
      services: this.view.services,
      pools: () => new PoolSet(this.view.poolsInForce()),
    }),
    mayWrite: () => this.mayWrite,
  });

  async start(...objects: readonly Eip[]): Promise<this> {
    for (const object of objects) this.api.store(eips, object);
    this.view.start();
    await settle();
    return this;
  }

  object(name = 'a'): Eip | undefined {
    return this.api.read(eips, { name });
  }
}

function eip(name: string, address: string, finalizers?: readonly string[]): Eip {
  return { metadata: { name, ...(finalizers === undefined ? {} : { finalizers }) }, spec: { address } };
}

/** Only Services of some namespaces get addresses from it. */
function ruled(rule: object): Eip {
  return { metadata: { name: 'a' }, spec: { address: '192.0.2.0/24', ...rule } };
}

suite('the guard of pools in use', () => {
  test("marks a pool before its first address is given, and leaves others' finalizers", async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28', [THEIRS]));
    assert.equal(await bench.guard.ensure('d', [FIRST]), true);
    assert.deepEqual(bench.object()?.metadata?.finalizers, [THEIRS, IN_USE]);
    assert.deepEqual(bench.object()?.status?.addresses, ['192.0.2.0-192.0.2.15']);
    assert.equal(bench.api.writes.length, 2);
  });

  test('writes nothing for the addresses after that, whether or not the watch has brought it', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    bench.api.muteWatches('eips');
    await bench.guard.ensure('d', [FIRST]);
    bench.api.writes.length = 0;
    assert.equal(await bench.guard.ensure('d', [SECOND]), true);
    assert.equal(await bench.guard.ensure('d', []), true);
    assert.deepEqual(bench.api.writes, []);
  });

  test('makes one write for all Services that wait, and keeps nobody waiting longer than that', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/24'), eip('b', '198.51.100.0/24'));
    const all = Array.from({ length: 200 }, (_, i) => bench.guard.ensure('d', [{ pool: 'a', ip: `192.0.2.${i}` }]));
    const dual = bench.guard.ensure('d', [FIRST, { pool: 'b', ip: '198.51.100.1' }]);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([true]));
    assert.equal(await dual, true);
    const writes = bench.api.writes.map(({ ref, subresource }) => `${ref.name} ${subresource ?? ''}`);
    assert.deepEqual(writes.sort(), ['a ', 'a status', 'b ', 'b status']);
  });

  test('says no of an address that the pool has not and never had, and lists none of that kind', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    bench.ledger.set(aService('d/s'), [{ pool: 'a', ip: '203.0.113.9' }], 0);
    assert.equal(await bench.guard.ensure('d', [{ pool: 'a', ip: '203.0.113.77' }]), false);
    assert.equal(await bench.guard.ensure('d', [FIRST]), true);
    assert.deepEqual(bench.object()?.status?.addresses, ['192.0.2.0-192.0.2.15']);
  });

  test('follows an edit of the pool: its new addresses stand in the status before one of them is given', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    await bench.guard.ensure('d', [FIRST]);
    bench.ledger.set(aService('d/s'), [FIRST], 0);
    await settle();
    bench.api.store(eips, { ...bench.object(), spec: { address: '198.51.100.0/28' } });
    await settle();
    assert.equal(await bench.guard.ensure('d', [{ pool: 'a', ip: '198.51.100.3' }]), true);
    assert.deepEqual(bench.object()?.status?.addresses, ['198.51.100.0-198.51.100.15', '192.0.2.1']);
  });

  test('says no of a pool that is gone, was never readable, or is being deleted', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28', [THEIRS]), eip('bad', 'nonsense'));
    bench.api.remove(eips, { name: 'a' });
    await settle();
    for (const pool of ['a', 'bad', 'nowhere'])
      assert.equal(await bench.guard.ensure('d', [{ ...FIRST, pool }]), false);
    assert.deepEqual(bench.api.writes, []);
  });

  test('says no where somebody else was faster, and yes with the next version', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    const asked = bench.guard.ensure('d', [FIRST]);
    bench.api.store(eips, eip('a', '192.0.2.0/29', [THEIRS]));
    assert.equal(await asked, false);
    assert.deepEqual(bench.object()?.metadata?.finalizers, [THEIRS]);
    await settle();
    assert.equal(await bench.guard.ensure('d', [FIRST]), true);
    assert.deepEqual(bench.object()?.metadata?.finalizers, [THEIRS, IN_USE]);
  });

  test('says no of a pool that is deleted between its two writes or made anew, and marks no other object', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    const asked = bench.guard.ensure('d', [FIRST]);
    bench.api.remove(eips, { name: 'a' });
    assert.equal(await asked, false);
    bench.api.store(eips, eip('a', '192.0.2.0/28'));
    const stale = bench.guard.ensure('d', [FIRST]);
    assert.equal(await stale, false);
    assert.equal(bench.object()?.metadata?.finalizers, undefined);
  });

  test('never takes back the word that was given: a pool that it marked survives its deletion', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    const asked = bench.guard.ensure('d', [FIRST]);
    assert.equal(await asked, true);
    bench.api.remove(eips, { name: 'a' });
    assert.notEqual(bench.object(), undefined);
    await settle();
    assert.equal(await bench.guard.ensure('d', [SECOND]), false);
  });

  test('rejects for all who wait when the API server fails, and tries again when it is asked again', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    const error = new ApiError({ status: 500, reason: 'InternalError', message: 'no' });
    bench.api.faults.inject({ verb: 'patch', plural: 'eips', times: 1, error });
    const results = await Promise.allSettled([bench.guard.ensure('d', [FIRST]), bench.guard.ensure('d', [SECOND])]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await bench.guard.ensure('d', [FIRST]), true);
  });

  test('names a namespace before its first address is given: the pool may be edited or disabled right after', async () => {
    for (const rule of [{}, { namespaces: ['d', 'e'] }, { namespaceSelector: { team: 'web' } }]) {
      const bench = await new Bench().start(ruled(rule));
      await bench.guard.ensure('d', [FIRST]);
      assert.deepEqual(bench.object()?.status?.namespaces, ['d']);
      bench.ledger.set(aService('d/s'), [FIRST], 0);
      await settle();
      bench.api.writes.length = 0;
      assert.equal(await bench.guard.ensure('d', [SECOND]), true);
      assert.deepEqual(bench.api.writes, [], 'the pool says enough');
      assert.equal(await bench.guard.ensure('e', [SECOND]), true);
      assert.deepEqual(bench.object()?.status?.namespaces, ['d', 'e']);
      assert.equal(bench.api.writes.length, 1);
    }
  });

  test('names all namespaces that wait in one write, and those that hold addresses already', async () => {
    const bench = await new Bench().start(ruled({ namespaceSelector: { team: 'web' } }));
    bench.ledger.set(aService('z/s'), [{ pool: 'a', ip: '192.0.2.200' }], 0);
    const all = ['c', 'a', 'b', 'b'].map((namespace, i) =>
      bench.guard.ensure(namespace, [{ pool: 'a', ip: `192.0.2.${i}` }]),
    );
    assert.deepEqual(new Set(await Promise.all(all)), new Set([true]));
    assert.deepEqual(bench.object()?.status?.namespaces, ['a', 'b', 'c', 'z']);
    assert.equal(bench.api.writes.length, 2);
  });

  test('gives to Services of namespaces that a full list has no place for', async () => {
    const bench = await new Bench().start(ruled({ namespaceSelector: { team: 'web' } }));
    for (let i = 0; i < MAX_HELD_NAMESPACES; i += 1)
      bench.ledger.set(aService(`n${i}/s`), [{ pool: 'a', ip: `192.0.2.${i % 256}` }], 0);
    for (const namespace of ['zz1', 'zz2'])
      assert.equal(await bench.guard.ensure(namespace, [{ pool: 'a', ip: '192.0.2.255' }]), true);
    assert.equal(bench.object()?.status?.namespaces?.length, MAX_HELD_NAMESPACES);
    assert.equal(bench.api.writes.length, 2);
  });

  test('writes nothing while this replica may not', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    bench.mayWrite = false;
    assert.equal(await bench.guard.ensure('d', [FIRST]), false);
    assert.deepEqual(bench.api.writes, []);
  });

  test('gives up with a reason where the API server drops what it does not know', async () => {
    const bench = await new Bench().start(eip('a', '192.0.2.0/28'));
    const patch = bench.api.patch.bind(bench.api);
    bench.api.patch = async (kind, ref, change, options) => {
      const answer = await patch(kind, ref, change, options);
      return options?.subresource === 'status' ? { ...answer, status: {} } : answer;
    };
    bench.api.muteWatches('eips');
    await assert.rejects(bench.guard.ensure('d', [FIRST]), /is its CRD up to date\?/);
    assert.ok(bench.api.writes.length <= 4);
  });
});
