import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { bgpPeers, eips } from './cluster/custom-kinds.ts';
import { FakeKube } from './cluster/fake/fake-kube.ts';
import { pass, settle } from './cluster/fake/passage.ts';
import { clusterRoleBindings, daemonSets, deployments, events, leases, nodes, services } from './cluster/kinds.ts';
import type { KubeObject } from './cluster/objects.ts';
import { Manager } from './manager.ts';
import type { ManagerOptions } from './options.ts';
import { FakeClock } from './platform/fake/clock.ts';
import { FakeFaultZone } from './platform/fake/fault-zone.ts';
import { FakeLogger } from './platform/fake/logger.ts';
import { FakeUsage } from './platform/fake/usage.ts';
import { LOAD_BALANCER_CLASS, OPENELB_KEYS } from './resources/keys.ts';

const LEASE = { namespace: 'porterlb-system', name: 'porter-manager' };
const OPTIONS: ManagerOptions = {
  kubeconfig: undefined,
  context: undefined,
  logLevel: 'error',
  replica: 'porter-0',
  node: 'n1',
  namespace: LEASE.namespace,
  name: LEASE.name,
  address: '127.0.0.1',
  httpPort: 0,
  probePort: 0,
  layer2: false,
  layer2SteadyMs: 0,
  drainGraceMs: 0,
  drainOnCordon: false,
  stateDir: undefined,
  api: undefined,
  stateOwner: 'porter-0',
};

/** A manager with a thread of its own for the engine, on an API server and by a clock of the test. */
class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  readonly deaths: Error[] = [];
  readonly manager = new Manager(
    {
      api: this.api,
      clock: this.clock,
      random: { next: () => 0.5 },
      links: { connectedPrefixes: () => [] },
      logger: this.logger,
      usage: new FakeUsage(),
      apiFaults: new FakeFaultZone(),
      boundSockets: () => undefined,
      stateFile: undefined,
      onEngineDeath: (error) => this.deaths.push(error),
    },
    OPTIONS,
  );

  #leaving: Promise<void> | undefined;

  /** Until it leads; the engine's thread ends with the test, however that goes. */
  async start(context: TestContext): Promise<this> {
    context.after(async () => {
      this.api.thaw();
      const left = this.stop();
      await pass(this.clock, 20_000, 500);
      await left;
    });
    await this.manager.start();
    await this.untilItLeads();
    return this;
  }

  /** Its engine says first, in its own time, that nobody else is there. */
  async untilItLeads(): Promise<void> {
    await this.until(() => {
      this.clock.advance(20);
      return this.holder === 'porter-0';
    });
    await pass(this.clock, 1_000);
  }

  async stop(): Promise<void> {
    this.#leaving ??= this.manager.stop();
    await this.#leaving;
  }

  get holder(): string | undefined {
    return this.api.read(leases, LEASE)?.spec?.holderIdentity;
  }

  /** The engine's thread takes its own time; the limit is there to end a failing test. */
  async until(met: () => boolean): Promise<void> {
    for (let left = 6_000; !met() && left > 0; left -= 1) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(met());
  }

  /** Status and text of an answer of its HTTP port; the clock of the test goes on while the engine's thread is asked. */
  async get(path: string): Promise<string> {
    const started = this.logger.entries.find(({ message }) => message === 'porter-manager starts');
    const response = await fetch(`http://127.0.0.1:${String(started?.fields['httpPort'])}${path}`);
    return `${response.status}\n${await response.text()}`;
  }

  engineStopped(): boolean {
    return this.logger.entries.some(({ message }) => message === 'engine stopped');
  }
}

suite('a replica that leaves', () => {
  test('gives its lease back', async (context) => {
    const bench = await new Bench().start(context);
    await bench.stop();
    assert.equal(bench.holder, '');
    assert.deepEqual([bench.deaths, bench.clock.pendingTimers], [[], 0]);
  });

  test('does not wait for more than six seconds for an API server that hangs before it takes leave of the network', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.freeze();
    let questions = 0;
    const get = bench.api.get.bind(bench.api);
    bench.api.get = async (kind, ...rest) => {
      if (kind.plural === deployments.plural) questions += 1;
      return await get(kind, ...rest);
    };
    const leaving = bench.stop();
    // For whether others follow, and once more when the engine has handed over, which nobody waits for here.
    for (const asked of [1, 2]) {
      await bench.until(() => questions === asked);
      assert.equal(bench.engineStopped(), false);
      await pass(bench.clock, 3_000);
    }
    await bench.until(() => bench.engineStopped());
    await pass(bench.clock, 3_000);
    await leaving;
    assert.equal(bench.holder, 'porter-0');
  });

  test('does not wait for an API server that is away', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.goDown();
    const leaving = bench.stop();
    await bench.until(() => bench.engineStopped());
    await pass(bench.clock, 3_000);
    await leaving;
  });

  test('does not wait for an engine that dies while it asks whether others follow: nothing announces any more', async (context) => {
    let engine: Worker | undefined;
    process.once('worker', (worker) => (engine = worker));
    const bench = await new Bench().start(context);
    bench.api.freeze();
    const leaving = bench.stop();
    await settle();
    await engine?.terminate();
    assert.equal(bench.deaths.length, 1);
    let isOver = false;
    void leaving.then(() => (isOver = true));
    await pass(bench.clock, 10_000, 500);
    await bench.until(() => isOver);
  });

  for (const seconds of [2, 5]) {
    test(`withdraws its routes where its workload is being removed, though the API server takes ${seconds} s to say so`, async (context) => {
      const bench = await new Bench().start(context);
      bench.api.store(deployments, { metadata: LEASE, spec: { replicas: 2 } } as KubeObject);
      await bench.api.delete(deployments, LEASE, { propagationPolicy: 'Foreground' });
      bench.api.freeze();
      bench.clock.setTimer(seconds * 1_000, () => bench.api.thaw());
      const leaving = bench.stop();
      await bench.until(() => {
        bench.clock.advance(20);
        return bench.engineStopped();
      });
      await pass(bench.clock, 3_000);
      await leaving;
      const said = bench.logger.entries.map(({ message }) => message);
      assert.ok(
        said.includes('the removal of its workload ends this replica, withdrawing all routes'),
        said.join('\n'),
      );
    });
  }

  test('leaves for good where a rollback to OpenELB has stopped its workload', async (context) => {
    const bench = await new Bench().start(context);
    const annotations = { 'porterlb.kubesphere.io/takeover-replicas': '2' };
    bench.api.store(deployments, { metadata: { ...LEASE, annotations }, spec: { replicas: 0 } } as KubeObject);
    await bench.stop();
    const said = bench.logger.entries.map(({ message }) => message);
    assert.ok(said.includes('a rollback to OpenELB ends this replica, withdrawing all routes'), said.join('\n'));
  });

  test('keeps its lease while a write may still be under way', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } });
    bench.api.faults.inject({ verb: 'patch', plural: 'services', error: 'hang' });
    bench.api.store(services, {
      metadata: { name: 's', namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
      spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
    });
    await settle();
    // The write gives up after 4 s, of which 2 have passed when the replica is told to leave.
    await pass(bench.clock, 2_000);
    const leaving = bench.stop();
    await pass(bench.clock, 1_000);
    assert.equal(bench.holder, 'porter-0');
    await pass(bench.clock, 1_500);
    await leaving;
    assert.equal(bench.holder, '');
  });
});

suite('a replica', () => {
  test('tells in an Event that a Service got its address', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } });
    bench.api.store(services, {
      metadata: { name: 's', namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
      spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
    });
    await pass(bench.clock, 1_000);
    const told = bench.api
      .readAll(events)
      .filter(({ action }) => action === 'Allocated')
      .map(({ reason, type, reportingController, reportingInstance, regarding }) => ({
        reason,
        type,
        reportingController,
        reportingInstance,
        about: regarding?.name,
      }));
    assert.deepEqual(told, [
      {
        reason: 'EnsuredLoadBalancer',
        type: 'Normal',
        reportingController: 'network.kubesphere.io/porter-manager',
        reportingInstance: 'porter-0',
        about: 's',
      },
    ]);
  });

  test('says in the Service whether it is announced, as its engine has it', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } });
    bench.api.store(services, {
      metadata: { name: 's', namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
      spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
    });
    const said = (): string[] => {
      const { conditions = [] } = bench.api.read(services, { namespace: 'd', name: 's' })?.status ?? {};
      return conditions.map(({ status, reason }) => `${status} ${reason}`);
    };
    await bench.until(() => {
      bench.clock.advance(50);
      return said().length === 2;
    });
    assert.deepEqual(said(), ['True Allocated', 'False NoEndpoints']);
    await bench.until(() => {
      const told = bench.api.readAll(events).map(({ type, reason, action }) => `${type} ${reason} ${action}`);
      return told.includes('Warning UnAvailableLoadBalancer NoEndpoints');
    });
  });

  test('gives no network or broadcast address of a subnet that only the node of an absent replica is on', async (context) => {
    const bench = new Bench();
    const noted = { 'porterlb.kubesphere.io/subnets': '{"198.51.100.0/24":["n2"]}' };
    bench.api.store(leases, { metadata: { ...LEASE, annotations: noted }, spec: {} });
    bench.api.store(nodes, { metadata: { name: 'n2' } });
    await bench.start(context);
    const spec = { address: '198.51.100.254-198.51.101.1', protocol: 'layer2' };
    bench.api.store(eips, { metadata: { name: 'a' }, spec });
    const names = ['s1', 's2'];
    for (const name of names)
      bench.api.store(services, {
        metadata: { name, namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
        spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
      });
    const given = (): unknown[] =>
      names.map((name) => bench.api.read(services, { namespace: 'd', name })?.status?.loadBalancer?.ingress?.[0]?.ip);
    await bench.until(() => {
      bench.clock.advance(50);
      return !given().includes(undefined);
    });
    assert.deepEqual(given().sort(), ['198.51.100.254', '198.51.101.0']);
    assert.deepEqual(bench.api.read(leases, LEASE)?.metadata?.annotations, noted);
  });

  test('writes no status as leader while its view is stale', async (context) => {
    const bench = await new Bench().start(context);
    const mend = bench.api.faults.inject({ verb: 'ping', error: 'hang' });
    await pass(bench.clock, 8_000);
    bench.api.writes.length = 0;
    const conf = { peerAs: 65000, neighborAddress: '127.0.0.2', adminDown: true };
    bench.api.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf } });
    await pass(bench.clock, 3_000);
    const peerWrites = (): number => bench.api.writes.filter(({ plural }) => plural === 'bgppeers').length;
    assert.equal(peerWrites(), 0);
    mend();
    await pass(bench.clock, 5_000);
    assert.equal(peerWrites(), 1);
  });
});

suite('the metrics of a replica', () => {
  test('say what it does, with the Services that it gave addresses, and with nothing of single ones', async (context) => {
    const bench = await new Bench().start(context);
    bench.api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } });
    await pass(bench.clock, 100);
    bench.api.store(services, {
      metadata: { name: 'secret-shop', namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
      spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
    });
    await pass(bench.clock, 2_000);
    const page = await bench.get('/metrics');
    for (const line of [
      '200',
      'porterlb_leader 1',
      'porterlb_ready 1',
      'porterlb_engine_responding 1',
      'porterlb_view_stale 0',
      'porterlb_pool_used_addresses{pool="a",family="ipv4"} 1',
      'porterlb_services{condition="Allocated",reason="Allocated"} 1',
      'porterlb_service_allocation_seconds_count 1',
      'porterlb_service_announcement_seconds_count 0',
      'porterlb_informer_objects{resource="services"} 1',
      'porterlb_informer_synced{resource="services"} 1',
    ]) {
      assert.ok(page.split('\n').includes(line), `${line} is missing:\n${page}`);
    }
    assert.match(page, /^porterlb_api_requests_total\{verb="patch",resource="services",result="ok"\} [12]$/m);
    assert.doesNotMatch(page, /secret-shop|192\.0\.2/);
  });
});

suite('beside OpenELB', () => {
  const speaker = { namespace: 'openelb-system', name: 'openelb-speaker' };
  const subjects = [{ kind: 'ServiceAccount', ...speaker }];

  test('a replica neither leads nor is Ready, says why, and begins when the last of it is gone', async (context) => {
    const bench = new Bench();
    bench.api.store(clusterRoleBindings, { metadata: { name: speaker.name }, subjects } as KubeObject);
    const store = (count: number, annotations = {}): unknown =>
      bench.api.store(daemonSets, {
        metadata: {
          ...speaker,
          annotations,
          managedFields: [{ subresource: 'status', time: bench.clock.wallTime().toISOString() }],
        },
        status: { observedGeneration: 99, desiredNumberScheduled: 0, numberMisscheduled: count },
      } as KubeObject);
    store(1);
    context.after(async () => {
      const left = bench.stop();
      await pass(bench.clock, 20_000, 500);
      await left;
    });
    await bench.manager.start();
    await pass(bench.clock, 20_000);
    assert.equal(bench.holder, undefined);
    const why = 'DaemonSet openelb-system/openelb-speaker runs';
    assert.equal(await bench.get('/readyz'), `503\nwaiting for the end of another load balancer: ${why}\n`);
    const told = bench.logger.entries.filter(({ fields }) => 'beside' in fields);
    assert.deepEqual(
      told.map(({ level, fields }) => [level, fields['beside']]),
      [['warn', [why]]],
    );
    store(0, { 'porterlb.kubesphere.io/takeover': 'stopping' });
    await pass(bench.clock, 50_000, 500);
    assert.equal(bench.holder, undefined);
    store(0, { 'porterlb.kubesphere.io/takeover': 'stopped' });
    await bench.untilItLeads();
    assert.equal(await bench.get('/readyz'), '200\nok\n');
  });
});
