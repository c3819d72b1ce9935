import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { LOAD_BALANCER_CLASS, OPENELB_KEYS, SERVICE_KEYS } from '../../resources/keys.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import { Leader } from './leader.ts';
import { aPoolObject, AssignerBench, aServiceObject } from './testing/assigner-bench.ts';

/** A replica that has just started, with empty state, and leads. */
class Replica {
  readonly #clock: FakeClock;
  readonly #view: ClusterView;
  readonly #leader: Leader;
  #leads = false;

  constructor(api: FakeKube, clock: FakeClock) {
    const deps = { api, clock, random: { next: () => 0.5 }, logger: new FakeLogger() };
    this.#clock = clock;
    this.#view = new ClusterView(deps, {
      membership: undefined,
      namespace: 'system',
      address: '10.0.0.1',
      serviceRanges: () => [],
      onSynced: () => undefined,
      onInputs: () => undefined,
      onChange: (kind, key) => {
        if (this.#leads) this.#leader.changed(kind, key);
      },
    });
    this.#leader = new Leader({
      ...deps,
      view: this.#view,
      events: { record: () => undefined },
      reports: new Map(),
      serviceRanges: () => [],
      subnets: () => [],
      mayWrite: () => true,
    });
  }

  async start(): Promise<this> {
    this.#view.start();
    await settle();
    this.#leads = true;
    this.#leader.start();
    await pass(this.#clock, 5_000);
    return this;
  }

  async stop(): Promise<void> {
    await this.#leader.stop();
    this.#view.stop();
  }
}

const RANGE = '192.0.2.0-192.0.2.3';
const ATTRIBUTES = { namespaces: ['d'], priority: 1 };
const GOOD = { ...ATTRIBUTES, address: RANGE };
const UNREADABLE = { ...ATTRIBUTES, addresses: [RANGE, '192.0.2.3'] };

class Cluster {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });

  constructor() {
    this.api.store(kinds.namespaces, { metadata: { name: 'd' } });
    this.api.store(eips, { metadata: { name: 'old', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: GOOD });
  }

  async replica(): Promise<Replica> {
    return await new Replica(this.api, this.clock).start();
  }

  /** `pool`: the one that it names. */
  store(name: string, pool?: string): void {
    const annotations = pool === undefined ? {} : { [OPENELB_KEYS.servicePool]: pool };
    this.api.store(kinds.services, {
      metadata: { name, namespace: 'd', annotations },
      spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
    });
  }

  edit(spec: Eip['spec']): void {
    const { metadata = {}, status = {} } = this.old();
    this.api.store(eips, { metadata, spec, status });
  }

  old(): Eip {
    return this.api.read(eips, { name: 'old' }) ?? {};
  }

  /** The address of a Service, and its record. */
  shown(name: string): unknown {
    const { metadata, status } = this.api.read(kinds.services, { namespace: 'd', name }) ?? {};
    return [status?.loadBalancer?.ingress?.[0]?.ip, metadata?.annotations?.[SERVICE_KEYS.assigned]];
  }
}

test('a pool that can’t be read keeps its addresses and its boundary, whichever replicas are there', async () => {
  const cluster = new Cluster();
  cluster.store('held');
  const first = await cluster.replica();
  await first.stop();
  assert.deepEqual(cluster.shown('held'), ['192.0.2.0', 'old=192.0.2.0']);

  cluster.edit(UNREADABLE);
  const young = { name: 'young', creationTimestamp: '2026-01-02T00:00:00Z' };
  cluster.api.store(eips, { metadata: young, spec: { address: '192.0.2.0/29', namespaces: ['d'] } });
  cluster.store('new', 'young');
  cluster.store('named', 'old');
  const next = await cluster.replica();
  assert.deepEqual(cluster.shown('held'), ['192.0.2.0', 'old=192.0.2.0']);
  assert.deepEqual(cluster.shown('new'), ['192.0.2.4', 'young=192.0.2.4']);
  assert.deepEqual(cluster.shown('named'), [undefined, undefined]);
  const { conditions = [], addresses, used } = cluster.old().status ?? {};
  const ready = conditions.filter(({ type }) => type === 'Ready');
  assert.deepEqual(
    ready.map(({ status, reason }) => [status, reason]),
    [['False', 'Invalid']],
  );
  assert.match(ready[0]?.message ?? '', /What its status lists stays in force/);
  assert.deepEqual([addresses, used], [[RANGE], { '192.0.2.0': 'd/held' }]);

  cluster.edit(GOOD);
  await pass(cluster.clock, 5_000);
  assert.deepEqual(cluster.shown('held'), ['192.0.2.0', 'old=192.0.2.0']);
  assert.deepEqual(cluster.shown('named'), ['192.0.2.1', 'old=192.0.2.1']);
  await next.stop();
});

suite('a Service', () => {
  test('hears that the pool that it names is there but cannot be read', async () => {
    const wish = { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'other' } };
    const bench = await AssignerBench.started(aServiceObject('web', wish));
    await pass(bench.clock, 1_000);
    assert.equal(bench.condition('web'), 'False PoolNotFound');
    bench.store(aPoolObject('other', ['198.51.100.300']));
    await pass(bench.clock, 1_000);
    assert.equal(bench.condition('web'), 'False PoolInvalid');
    bench.store(aPoolObject('other', ['198.51.100.0/24']));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['198.51.100.0']);
  });
});
