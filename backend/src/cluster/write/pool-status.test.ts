import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eips } from '../custom-kinds.ts';
import { settle } from '../fake/passage.ts';
import { POOL, StatusesBench } from './testing/statuses-bench.ts';

suite("a pool's status", () => {
  test('is written when something changed, and not otherwise', async () => {
    const bench = await new StatusesBench().start();
    await bench.writePool();
    assert.deepEqual([bench.pool()?.poolSize, bench.pool()?.usage, bench.pool()?.used], [4, 0, {}]);
    await bench.writePool();
    assert.equal(bench.api.writes.length, 1);
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    // The finalizer of a pool in use, and the status.
    assert.equal(bench.api.writes.length, 3);
    await bench.writePoolTwice();
    assert.equal(bench.api.writes.length, 3);
    assert.deepEqual(bench.pool()?.used, { '192.0.2.1': 'd/s' });
  });

  test('loses the addresses that were freed, also the last one, and remembers them youngest first', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    bench.hold('e/t', '192.0.2.2');
    await bench.writePoolTwice();
    assert.deepEqual(bench.pool()?.namespaces, ['d', 'e']);
    bench.hold('d/s');
    await bench.writePool();
    const first = { ip: '192.0.2.1', service: 'd/s', time: bench.clock.wallTime().toISOString() };
    assert.partialDeepStrictEqual(bench.pool(), { used: { '192.0.2.2': 'e/t' }, usage: 1, released: [first] });
    bench.clock.advance(1_500);
    bench.hold('e/t');
    await bench.writePool();
    const second = { ip: '192.0.2.2', service: 'e/t', time: bench.clock.wallTime().toISOString() };
    assert.deepEqual(bench.pool()?.used, {});
    assert.partialDeepStrictEqual(bench.pool(), { usage: 0, namespaces: [] });
    assert.deepEqual(bench.pool()?.released, [second, first]);
  });

  test('is occupied once no address is left to give', async () => {
    const bench = await new StatusesBench().start();
    ['192.0.2.0', '192.0.2.1', '192.0.2.2'].forEach((ip, i) => bench.hold(`d/s${i}`, ip));
    await bench.writePoolTwice();
    assert.equal(bench.pool()?.occupied, false);
    bench.hold('d/s3', '192.0.2.3');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.occupied, bench.pool()?.usage], [true, 4]);
  });

  test('keeps the ranges in which addresses are held when the addresses of the pool are edited', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    await bench.editPool('198.51.100.0/31');
    assert.deepEqual(bench.pool()?.addresses, ['198.51.100.0-198.51.100.1', '192.0.2.1']);
    bench.hold('d/s');
    await bench.writePool();
    assert.deepEqual(bench.pool()?.addresses, ['198.51.100.0-198.51.100.1']);
  });

  test('goes on being written of a pool whose edit cannot be read, by its last good version', async () => {
    const bench = await new StatusesBench().start();
    await bench.writePool();
    await bench.editPool('nonsense');
    assert.equal(bench.readyOfPool().reason, 'Invalid');
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    assert.deepEqual(
      [bench.pool()?.usage, bench.pool()?.addresses, bench.pool()?.namespaces, bench.pool()?.ready],
      [1, ['192.0.2.0-192.0.2.3'], ['d'], false],
    );
  });

  test('keeps, of a pool that could never be read, what Services may hold', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    bench.api.remove(eips, { name: 'a' });
    const status = { addresses: ['192.0.2.0-192.0.2.3'], namespaces: ['d'] };
    bench.api.store(eips, { ...POOL, spec: { address: 'nonsense' }, status });
    await settle();
    await bench.writePoolTwice();
    assert.deepEqual([bench.pool()?.addresses, bench.pool()?.namespaces], [status.addresses, status.namespaces]);
    assert.equal(bench.readyOfPool().reason, 'Invalid');
  });

  test('says in a second condition what the pool shares with another one, until it no longer does', async () => {
    const bench = await new StatusesBench().start();
    await bench.writePool();
    assert.equal(bench.condition('Overlapping'), undefined);
    bench.clock.advance(1_000);
    bench.api.store(eips, { metadata: { name: 'b' }, spec: { address: '192.0.2.3-192.0.2.9' } });
    await settle();
    bench.api.writes.length = 0;
    await bench.writePool();
    await bench.writePool();
    assert.equal(bench.api.writes.length, 1);
    const overlapping = bench.condition('Overlapping');
    assert.deepEqual([overlapping?.status, overlapping?.reason], ['True', 'OverlapsEip']);
    assert.match(overlapping?.message ?? '', /192\.0\.2\.3 with the younger Eip b/);
    assert.equal(bench.readyOfPool().status, 'True');
    bench.api.remove(eips, { name: 'b' });
    await settle();
    await bench.writePool();
    const after = bench.condition('Overlapping');
    assert.deepEqual([after?.status, after?.reason], ['False', 'NoOverlap']);
  });
});

suite('a pool that is deleted', () => {
  const THEIRS = 'example.com/theirs';

  test('stays while Services hold addresses of it, names them, and goes with the last', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    bench.hold('d/t', '192.0.2.2');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    await bench.writePool();
    assert.equal(bench.readyOfPool().reason, 'PoolDeleting');
    assert.match(bench.readyOfPool().message ?? '', /: d\/s, d\/t\./);
    bench.hold('d/s');
    await bench.writePool();
    assert.match(bench.readyOfPool().message ?? '', /: d\/t\./);
    bench.hold('d/t');
    await bench.writePool();
    assert.equal(bench.api.read(eips, { name: 'a' }), undefined);
  });

  test('goes at once if nobody ever had an address of it', async () => {
    const bench = await new StatusesBench().start();
    await bench.writePool();
    assert.equal(bench.finalizers(), undefined);
    bench.api.remove(eips, { name: 'a' });
    assert.equal(bench.api.read(eips, { name: 'a' }), undefined);
  });

  test("keeps others' finalizers", async () => {
    const bench = await new StatusesBench().start();
    bench.api.store(eips, { ...POOL, metadata: { ...POOL.metadata, finalizers: [THEIRS] } });
    await settle();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    assert.deepEqual(bench.finalizers(), [THEIRS, 'lb.kubesphere.io/in-use']);
    bench.api.remove(eips, { name: 'a' });
    bench.hold('d/s');
    await settle();
    await bench.writePoolTwice();
    assert.deepEqual(bench.finalizers(), [THEIRS]);
    assert.equal(bench.readyOfPool().reason, 'PoolDeleting');
  });

  test('is not let go by a leader that has not seen its newest version', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    bench.hold('d/s');
    bench.api.muteWatches('eips');
    const now = bench.api.read(eips, { name: 'a' });
    bench.api.store(eips, { ...now, spec: { address: '192.0.2.0/29' } });
    await assert.rejects(bench.writePool(), /modified/);
    assert.deepEqual(bench.finalizers(), ['lb.kubesphere.io/in-use']);
  });

  test('is not let go by one who may not write', async () => {
    const bench = await new StatusesBench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    bench.hold('d/s');
    bench.mayWrite = false;
    assert.ok(((await bench.writePool()) ?? 0) > 0);
    assert.notEqual(bench.api.read(eips, { name: 'a' }), undefined);
  });
});

suite("conflicts in a pool's status", () => {
  test('are named in a condition, which the next write leaves alone', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.writePool();
    assert.equal(bench.condition('AddressConflict'), undefined);
    await bench.conflicts('porter-0');
    await bench.writePool();
    assert.equal(bench.condition('AddressConflict')?.status, 'True');
    await bench.writePool();
    assert.equal(bench.api.writes.length, 1);
    assert.deepEqual(bench.heardBy(), ['porter-0']);
    assert.equal(bench.pool()?.occupied, false);
  });

  test('of a replica that has been missing for 30 s are taken away, and no others', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0', 'porter-1');
    await bench.conflicts('porter-0', 'porter-1');
    assert.equal(await bench.writePool(), undefined);
    await bench.members('porter-0');
    assert.equal(await bench.writePool(), 30_000);
    bench.clock.advance(30_000);
    bench.mayWrite = false;
    assert.equal(await bench.writePool(), 1_000);
    assert.deepEqual(bench.heardBy(), ['porter-0', 'porter-1']);
    bench.mayWrite = true;
    await bench.writePool();
    assert.deepEqual(bench.heardBy(), ['porter-0']);
    assert.match(bench.condition('AddressConflict')?.message ?? '', /seen by porter-0/);
  });
});
