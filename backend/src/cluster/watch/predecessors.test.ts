import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass } from '../fake/passage.ts';
import { clusterRoleBindings, daemonSets, deployments } from '../kinds.ts';
import type { KubeObject } from '../objects.ts';
import { Predecessors } from './predecessors.ts';

const OLD = { namespace: 'openelb-system', name: 'openelb-manager' };
const KEEPALIVED = { namespace: 'openelb-system', name: 'openelb-keepalive-vip' };

/** Whatever changes, the counts are of now. */
const SEEN = { observedGeneration: 1_000 };

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  clears = 0;
  readonly predecessors = new Predecessors(
    { api: this.api, clock: this.clock, logger: this.logger },
    { namespace: 'porterlb-system', onClear: () => (this.clears += 1) },
  );

  bound(name: string, namespace: string): this {
    const subjects = [{ kind: 'ServiceAccount', name: 'any', namespace }];
    this.api.store(clusterRoleBindings, { metadata: { name }, subjects } as KubeObject);
    return this;
  }

  deployment(replicas: number, ref = OLD): this {
    this.api.store(deployments, { metadata: ref, spec: { replicas }, status: { replicas, ...SEEN } } as KubeObject);
    return this;
  }

  async started(): Promise<this> {
    this.predecessors.start();
    await pass(this.clock, 100);
    return this;
  }
}

suite('a predecessor', () => {
  test('that was never there keeps nobody waiting', async () => {
    assert.equal((await new Bench().started()).clears, 1);
  });

  test('of version 0.5 that runs does, until all of its Pods are gone', async () => {
    const bench = new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(2);
    const status = { desiredNumberScheduled: 2, ...SEEN };
    bench.api.store(daemonSets, { metadata: KEEPALIVED, status } as KubeObject);
    await bench.started();
    const alive = [
      'DaemonSet openelb-system/openelb-keepalive-vip runs',
      'Deployment openelb-system/openelb-manager runs',
    ];
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive]);
    bench.deployment(0);
    await pass(bench.clock, 60_000, 500);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive.slice(0, 1)]);
    bench.api.store(daemonSets, {
      metadata: KEEPALIVED,
      status: { ...status, desiredNumberScheduled: 0 },
    } as KubeObject);
    await pass(bench.clock, 1_000);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [1, []]);
  });

  test('of the porter era has the name that ours has, in another namespace', async () => {
    const there = { namespace: 'porter-system', name: 'porter-manager' };
    const bench = await new Bench().bound('porter-manager-rolebinding', there.namespace).deployment(1, there).started();
    assert.deepEqual(bench.predecessors.alive(), ['Deployment porter-system/porter-manager runs']);
    const ours = { namespace: 'porterlb-system', name: 'porter-manager' };
    const own = new Bench().bound('porter-manager-rolebinding', ours.namespace).deployment(1, ours);
    assert.equal((await own.started()).clears, 1);
  });

  test('is not believed by its name alone, which tenants can give too', async () => {
    const shop = { namespace: 'shop', name: 'openelb-manager' };
    assert.equal((await new Bench().deployment(1, shop).started()).clears, 1);
    const elsewhere = new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1, shop);
    assert.equal((await elsewhere.started()).clears, 1);
  });

  test('that is deleted has the time to end that its Pods have', async () => {
    const bench = await new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1).started();
    bench.api.remove(deployments, OLD);
    await pass(bench.clock, 25_000, 500);
    const ending = ['Deployment openelb-system/openelb-manager is ending'];
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, ending]);
    await pass(bench.clock, 10_000, 500);
    assert.equal(bench.clears, 1);
  });

  test('that comes later is told of, and stops nobody', async () => {
    const bench = await new Bench().started();
    bench.bound('openelb-manager-rolebinding', OLD.namespace).deployment(1);
    await pass(bench.clock, 61_000, 1_000);
    assert.deepEqual(bench.predecessors.alive(), ['Deployment openelb-system/openelb-manager runs']);
    assert.deepEqual([bench.clears, bench.predecessors.isClear], [1, true]);
    assert.equal(bench.logger.entries.filter(({ level }) => level === 'warn').length, 1);
  });

  test('that may not be asked for, by the rights of an earlier chart, keeps nobody waiting', async () => {
    const bench = new Bench();
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    bench.api.faults.inject({ verb: 'get', plural: 'clusterrolebindings', error });
    assert.equal((await bench.started()).clears, 1);
  });

  test('is asked for again where the API server fails, and not for ever', async () => {
    const bench = new Bench();
    const error = new NetworkError('connection', 'ECONNREFUSED');
    const mend = bench.api.faults.inject({ verb: 'get', plural: 'clusterrolebindings', error });
    await bench.started();
    assert.equal(bench.clears, 0);
    await pass(bench.clock, 12_000, 500);
    assert.equal(bench.clears, 1);
    mend();
    bench.predecessors.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });
});
