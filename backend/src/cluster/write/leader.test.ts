import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { LOAD_BALANCER_CLASS, OPENELB_KEYS } from '../../resources/keys.ts';
import { bgpPeers, eips } from '../custom-kinds.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import type { Occurrence } from './events.ts';
import { Leader } from './leader.ts';

const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/32' } };

function service(name: string): kinds.Service {
  return {
    metadata: { name, namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
    spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
  };
}

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly events: string[] = [];
  mayWrite = true;
  /** How many Services were planned. */
  plans = 0;
  readonly #deps = { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: new FakeLogger() };
  readonly view = new ClusterView(this.#deps, {
    membership: undefined,
    address: '10.0.0.1',
    onSynced: () => undefined,
    onInputs: () => undefined,
    onChange: (kind, key) => this.leader.changed(kind, key),
  });
  readonly leader: Leader;

  constructor() {
    const poolsInForce = this.view.poolsInForce.bind(this.view);
    this.view.poolsInForce = () => {
      this.plans += 1;
      return poolsInForce();
    };
    this.leader = new Leader({
      ...this.#deps,
      view: this.view,
      events: { record: (_kind, object, occurrence) => this.#record(object.metadata?.name ?? '', occurrence) },
      mayWrite: () => this.mayWrite,
    });
  }

  async start(): Promise<this> {
    this.api.store(kinds.namespaces, { metadata: { name: 'd' } });
    this.api.store(eips, POOL);
    this.view.start();
    await settle();
    this.leader.start();
    await this.pass();
    return this;
  }

  async pass(ms = 5_000): Promise<void> {
    await pass(this.clock, ms);
  }

  ipOf(name: string): string | undefined {
    return this.api.read(kinds.services, { namespace: 'd', name })?.status?.loadBalancer?.ingress?.[0]?.ip;
  }

  #record(name: string, { type, reason, action }: Occurrence): void {
    this.events.push(`${name}: ${type} ${reason} ${action}`);
  }
}

suite('the leader', () => {
  test('gives addresses, says so in the status of the pool, and in an Event once', async () => {
    const bench = await new Bench().start();
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    assert.deepEqual(bench.api.read(eips, { name: 'a' })?.status?.used, { '192.0.2.0': 'd/s' });
    await bench.pass();
    assert.deepEqual(bench.events, ['s: Normal Allocated Allocating']);
    await bench.leader.stop();
  });

  test('says in an Event once why a Service gets no address', async () => {
    const bench = await new Bench().start();
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    bench.api.store(kinds.services, service('t'));
    await bench.pass();
    bench.api.store(kinds.namespaces, { metadata: { name: 'd', labels: { any: 'change' } } });
    await bench.pass();
    assert.equal(bench.ipOf('t'), undefined);
    assert.deepEqual(bench.events, ['s: Normal Allocated Allocating', 't: Warning PoolFull Allocating']);
    await bench.leader.stop();
  });

  test('plans the waiting Services anew when a pool changes, and not when only its status does', async () => {
    const bench = await new Bench().start();
    bench.api.store(kinds.services, service('s'));
    bench.api.store(kinds.services, service('t'));
    await bench.pass();
    bench.plans = 0;
    const pool = bench.api.read(eips, { name: 'a' });
    bench.api.store(eips, { ...POOL, status: { ...pool?.status, usage: 7 } });
    await bench.pass();
    assert.equal(bench.plans, 0);
    assert.equal(bench.api.read(eips, { name: 'a' })?.status?.usage, 1);
    bench.api.store(eips, { ...pool, spec: { address: '192.0.2.0/31' } });
    await bench.pass();
    assert.deepEqual([bench.ipOf('s'), bench.ipOf('t')].sort(), ['192.0.2.0', '192.0.2.1']);
    await bench.leader.stop();
  });

  test('writes nothing as long as it may not, and all of it as soon as it may', async () => {
    const bench = await new Bench().start();
    bench.api.writes.length = 0;
    bench.mayWrite = false;
    bench.api.store(kinds.services, service('s'));
    bench.api.store(bgpPeers, {
      metadata: { name: 'r1' },
      spec: { conf: { peerAs: 65000, neighborAddress: '192.0.2.254' } },
    });
    await bench.pass(20_000);
    assert.deepEqual(bench.api.writes, []);
    bench.mayWrite = true;
    await bench.pass();
    assert.deepEqual([...new Set(bench.api.writes.map(({ plural }) => plural))].sort(), [
      'bgppeers',
      'eips',
      'services',
    ]);
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    await bench.leader.stop();
    assert.deepEqual(bench.events, ['s: Normal Allocated Allocating']);
  });
});
