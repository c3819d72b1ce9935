import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass } from '../fake/passage.ts';
import { daemonSets, deployments } from '../kinds.ts';
import type { KubeObject } from '../objects.ts';
import { isStoppedForGood, PATIENCE_MS } from './removal.ts';

const OWN = { namespace: 'porterlb-system', name: 'porter-manager' };
/** As the plugin's rollback writes them. */
const REPLICAS = { 'porterlb.kubesphere.io/takeover-replicas': '2' };
const NOWHERE = { 'porterlb.kubesphere.io/takeover': 'stopped' };

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();

  deployment(replicas: number, annotations: Readonly<Record<string, string>> = {}): this {
    this.api.store(deployments, { metadata: { ...OWN, annotations }, spec: { replicas } } as KubeObject);
    return this;
  }

  daemonSet(nodeSelector: Readonly<Record<string, string>>): this {
    const spec = { template: { spec: { nodeSelector } } };
    this.api.store(daemonSets, { metadata: OWN, spec } as KubeObject);
    return this;
  }

  /** As the chart's removal does. */
  async removed(): Promise<this> {
    await this.api.delete(deployments, OWN, { propagationPolicy: 'Foreground' });
    return this;
  }

  async ask(): Promise<boolean | undefined> {
    const answer = isStoppedForGood(this, OWN);
    await pass(this.clock, PATIENCE_MS);
    return await answer;
  }
}

suite('a replica that leaves', () => {
  test('leaves for good where a rollback has stopped its Deployment or DaemonSet', async () => {
    assert.equal(await new Bench().deployment(0, REPLICAS).ask(), true);
    assert.equal(await new Bench().daemonSet(NOWHERE).ask(), true);
  });

  test('leaves for good where its workload is being removed', async () => {
    const bench = await new Bench().deployment(2).removed();
    assert.equal(await bench.ask(), true);
    assert.equal(
      bench.logger.entries[0]?.message,
      'the removal of its workload ends this replica, withdrawing all routes',
    );
  });

  test('expects others where its Pods are to outlive its workload', async () => {
    const finalizers = ['orphan'];
    const bench = new Bench();
    bench.api.store(deployments, { metadata: { ...OWN, finalizers }, spec: { replicas: 2 } } as KubeObject);
    await bench.api.delete(deployments, OWN);
    assert.equal(await bench.ask(), false);
  });

  test('expects others where another workload takes the place of the removed one', async () => {
    const bench = await new Bench().deployment(2).daemonSet({}).removed();
    assert.equal(await bench.ask(), false);
  });

  test('expects others where it is replaced, scaled, moved or removed otherwise', async () => {
    assert.equal(await new Bench().ask(), false);
    assert.equal(await new Bench().deployment(2).ask(), false);
    assert.equal(await new Bench().deployment(0).ask(), false);
    assert.equal(await new Bench().daemonSet({ 'kubernetes.io/os': 'linux' }).ask(), false);
    // Somebody has started it again by hand.
    assert.equal(await new Bench().deployment(2, REPLICAS).ask(), false);
  });

  test('asks for either kind, whatever becomes of the other question', async () => {
    const bench = new Bench().deployment(0, REPLICAS);
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    bench.api.faults.inject({ verb: 'get', plural: 'daemonsets', error });
    assert.equal(await bench.ask(), true);
  });

  test('hears of it from an API server that takes its time', async () => {
    const bench = await new Bench().deployment(2).removed();
    bench.api.freeze();
    bench.clock.setTimer(2_000, () => bench.api.thaw());
    assert.equal(await bench.ask(), true);
  });

  test('asks again where the API server is too busy to say', async () => {
    const bench = await new Bench().deployment(2).removed();
    const error = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'too many requests' });
    bench.api.faults.inject({ verb: 'get', plural: 'deployments', times: 2, error });
    assert.equal(await bench.ask(), true);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('is not told where the API server is away or hangs, and does not wait for it long', async () => {
    const away = new Bench().deployment(0, REPLICAS);
    const error = new NetworkError('connection', 'ECONNREFUSED');
    away.api.faults.inject({ verb: 'get', plural: 'deployments', error });
    const since = away.clock.now();
    assert.equal(await isStoppedForGood(away, OWN), undefined);
    assert.equal(away.clock.now(), since);
    const hung = new Bench().deployment(0, REPLICAS);
    hung.api.freeze();
    assert.equal(await hung.ask(), undefined);
    const busy = new Bench().deployment(0, REPLICAS);
    busy.api.faults.inject({ error: new ApiError({ status: 503, reason: '', message: 'not now' }) });
    assert.equal(await busy.ask(), undefined);
    assert.deepEqual(
      [away, hung, busy].map(({ clock }) => clock.pendingTimers),
      [0, 0, 0],
    );
  });
});
