import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { CountingKube } from '../counting-kube.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass } from '../fake/passage.ts';
import { clusterRoleBindings, daemonSets, deployments, namespaces } from '../kinds.ts';
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
  /** An Eip has OpenELB's finalizer. */
  hasPools = true;
  clears = 0;
  readonly #counted = new CountingKube(this.api);
  readonly predecessors = new Predecessors(
    {
      ...{ api: this.#counted, clock: this.clock, logger: this.logger, random: { next: () => 0 } },
      view: { mayHaveOldPools: () => this.hasPools },
    },
    { own: { namespace: 'porterlb-system', name: 'porter-manager' }, onClear: () => (this.clears += 1) },
  );

  /** How often all bindings were asked for. */
  get searches(): number {
    return (
      this.#counted.calls().find(({ verb, resource }) => verb === 'list' && resource === clusterRoleBindings.plural)
        ?.count ?? 0
    );
  }

  bound(name: string, namespace: string, account = 'any'): this {
    const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
    this.api.store(clusterRoleBindings, { metadata: { name }, subjects } as KubeObject);
    return this;
  }

  deployment(replicas: number, ref = OLD): this {
    this.api.store(deployments, { metadata: ref, spec: { replicas }, status: { replicas, ...SEEN } } as KubeObject);
    return this;
  }

  daemonSet(ref: { readonly namespace: string; readonly name: string }, desiredNumberScheduled: number): this {
    const status = { desiredNumberScheduled, ...SEEN };
    this.api.store(daemonSets, { metadata: ref, status } as KubeObject);
    return this;
  }

  /** As where the chart's role names neither. @returns gives the right */
  forbidden(plural: string): () => void {
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    return this.api.faults.inject({ verb: 'get', plural, error });
  }

  async passed(ms: number): Promise<this> {
    await pass(this.clock, ms, 500);
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
    await bench.daemonSet(KEEPALIVED, 2).started();
    const alive = [
      'DaemonSet openelb-system/openelb-keepalive-vip runs',
      'Deployment openelb-system/openelb-manager runs',
    ];
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive]);
    bench.deployment(0);
    await pass(bench.clock, 60_000, 500);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive.slice(0, 1)]);
    await bench.daemonSet(KEEPALIVED, 0).passed(1_000);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [1, []]);
  });

  test('of the porter era has the name that ours has, in another namespace', async () => {
    const there = { namespace: 'porter-system', name: 'porter-manager' };
    const bench = await new Bench().bound('porter-manager-rolebinding', there.namespace).deployment(1, there).started();
    assert.deepEqual(bench.predecessors.alive(), ['Deployment porter-system/porter-manager runs']);
    const ours = { namespace: 'porterlb-system', name: 'porter-manager' };
    const own = new Bench().bound('porter-manager-rolebinding', ours.namespace).deployment(1, ours);
    assert.equal((await own.started()).clears, 1);
    const together = { ...ours, name: 'openelb-manager' };
    const beside = new Bench().bound('openelb-manager-rolebinding', ours.namespace).deployment(1, together);
    assert.equal((await beside.started()).clears, 0, 'one that was installed into the same namespace');
  });

  for (const [binding, account, ref] of [
    // Charts of 0.5, and of 0.6 with releases whose names contain the chart's, and don't.
    ['openelb-manager', 'openelb-manager', OLD],
    ['my-openelb-manager', 'openelb-manager', { namespace: 'lb', name: 'my-openelb-manager' }],
    ['openelb-x7k2p-controller', 'openelb-controller', { namespace: 'lb', name: 'openelb-x7k2p-controller' }],
    ['edge-controller', 'openelb-controller', { namespace: 'lb', name: 'edge-controller' }],
    ['my-openelb-controller', 'custom', { namespace: 'lb', name: 'my-openelb-controller' }],
  ] as const) {
    test(`of the binding ${binding} is waited for`, async () => {
      const bench = await new Bench().bound(binding, ref.namespace, account).deployment(1, ref).started();
      const alive = [`Deployment ${ref.namespace}/${ref.name} runs`];
      assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive]);
      await bench.deployment(0, ref).passed(40_000);
      assert.equal(bench.clears, 1);
    });
  }

  test('may be a speaker of any release', async () => {
    const ref = { namespace: 'lb', name: 'openelb-x7k2p-speaker' };
    const bench = await new Bench().bound(ref.name, ref.namespace, 'openelb-speaker').daemonSet(ref, 3).started();
    assert.deepEqual(bench.predecessors.alive(), ['DaemonSet lb/openelb-x7k2p-speaker runs']);
  });

  test('of another binding is somebody else', async () => {
    const shop = { namespace: 'shop', name: 'ingress-controller' };
    const bench = await new Bench().bound('ingress-controller', 'shop', 'ingress').deployment(1, shop).started();
    assert.equal(bench.clears, 1);
  });

  test('that may not be looked at may run, until it may be, or its namespace is gone', async () => {
    const ref = { namespace: 'lb', name: 'my-openelb-controller' };
    const bench = new Bench().bound(ref.name, ref.namespace).deployment(0, ref);
    bench.api.store(namespaces, { metadata: { name: 'lb' } });
    const allow = bench.forbidden('deployments');
    await (await bench.started()).passed(120_000);
    const unseen = [
      'Deployment lb/my-openelb-controller may run, and may not be looked at: let the ServiceAccount ' +
        'porterlb-system/porter-manager get it, or delete the ClusterRoleBinding my-openelb-controller',
    ];
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, unseen]);
    allow();
    await bench.passed(1_000);
    assert.equal(bench.clears, 1);
    const left = new Bench().bound(ref.name, ref.namespace);
    left.forbidden('deployments');
    assert.equal((await left.started()).clears, 1);
  });

  test('that may not be looked at keeps nobody waiting where it has no pool, as a binding can be called like one of its', async () => {
    const bench = new Bench().bound('ci-openelb-manager', 'ci');
    bench.api.store(namespaces, { metadata: { name: 'ci' } });
    for (const plural of ['deployments', 'daemonsets']) bench.forbidden(plural);
    await (await bench.started()).passed(1_000);
    assert.equal(bench.clears, 0);
    bench.hasPools = false;
    await bench.passed(1_000);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [1, []]);
  });

  test('that runs is waited for also where it has no pool yet', async () => {
    const bench = new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1);
    bench.hasPools = false;
    assert.equal((await bench.started()).clears, 0);
  });

  test('is asked for often as long as it keeps this replica waiting, and rarely afterwards, as each replica lists all bindings', async () => {
    const bench = await new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1).started();
    await bench.passed(60_000);
    assert.equal(bench.searches, 7);
    await bench.deployment(0).passed(60_000);
    assert.equal(bench.clears, 1);
    const before = bench.searches;
    await pass(bench.clock, 6 * 600_000, 5_000);
    assert.ok(bench.searches - before <= 6, `${bench.searches - before} times in an hour`);
    assert.ok(bench.searches - before >= 4);
  });

  test('that is known already is looked at once a minute', async () => {
    const bench = await new Bench().bound('openelb-manager-rolebinding', OLD.namespace).started();
    assert.equal(bench.clears, 1);
    await bench.deployment(1).passed(61_000);
    assert.deepEqual(bench.predecessors.alive(), ['Deployment openelb-system/openelb-manager runs']);
  });

  test('that loses its binding first, as when it is uninstalled, has the time to end that its Pods have', async () => {
    const bench = await new Bench()
      .bound('openelb-controller', 'lb')
      .deployment(1, { namespace: 'lb', name: 'openelb-controller' })
      .started();
    bench.api.remove(clusterRoleBindings, { name: 'openelb-controller' });
    bench.api.remove(deployments, { namespace: 'lb', name: 'openelb-controller' });
    await bench.passed(25_000);
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, ['Deployment lb/openelb-controller is ending']]);
    assert.equal((await bench.passed(10_000)).clears, 1);
  });

  test('that a rollback is about to start is waited for', async () => {
    const bench = new Bench().bound('openelb-manager-rolebinding', OLD.namespace);
    const annotations = { 'porterlb.kubesphere.io/takeover': 'returning' };
    const metadata = { ...OLD, annotations };
    bench.api.store(deployments, { metadata, spec: { replicas: 0 }, status: SEEN } as KubeObject);
    await (await bench.started()).passed(120_000);
    const alive = ['Deployment openelb-system/openelb-manager is about to return'];
    assert.deepEqual([bench.clears, bench.predecessors.alive()], [0, alive]);
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
    await pass(bench.clock, 900_000, 1_000);
    assert.deepEqual(bench.predecessors.alive(), ['Deployment openelb-system/openelb-manager runs']);
    assert.deepEqual([bench.clears, bench.predecessors.isClear], [1, true]);
    assert.equal(bench.logger.entries.filter(({ level }) => level === 'warn').length, 1);
  });

  test('that may not be asked for, by the rights of an earlier chart, keeps nobody waiting', async () => {
    const bench = new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1);
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    bench.api.faults.inject({ verb: 'list', plural: 'clusterrolebindings', error });
    assert.equal((await bench.started()).clears, 1);
  });

  test('is asked for again where the API server fails, and not for ever', async () => {
    const bench = new Bench();
    const error = new NetworkError('connection', 'ECONNREFUSED');
    const mend = bench.api.faults.inject({ verb: 'list', plural: 'clusterrolebindings', error });
    await bench.started();
    assert.equal(bench.clears, 0);
    await pass(bench.clock, 12_000, 500);
    assert.equal(bench.clears, 1);
    mend();
    bench.predecessors.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });

  for (const [error, plural] of [
    [new NetworkError('connection', 'ECONNREFUSED'), 'deployments'],
    [new NetworkError('connection', 'ECONNREFUSED'), 'clusterrolebindings'],
    [new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'no' }), 'deployments'],
  ] as const) {
    test(`that is known to run is waited for while ${plural} can not be asked for: ${error.message}`, async () => {
      const bench = await new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1).started();
      await bench.passed(600_000);
      const faults = ['get', 'list'] as const;
      const mends = faults.map((verb) => bench.api.faults.inject({ verb, plural, error }));
      await bench.passed(600_000);
      assert.equal(bench.clears, 0);
      for (const mend of mends) mend();
      await bench.deployment(0).passed(45_000);
      assert.equal(bench.clears, 1);
    });
  }

  test('that is named, and can not be looked at as the API server fails, is waited for', async () => {
    const bench = new Bench().bound('openelb-manager-rolebinding', OLD.namespace).deployment(1);
    bench.api.faults.inject({ verb: 'get', plural: 'deployments', error: new NetworkError('timeout', 'no answer') });
    await (await bench.started()).passed(60_000);
    assert.equal(bench.clears, 0);
  });
});
