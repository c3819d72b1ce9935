import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { finding, type Reason } from '../../domain/reason.ts';
import type { AddressReport } from '../../engine/messages.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { ExistingCondition } from '../../report/conditions.ts';
import type { ReplicaPeerStatus } from '../../resources/bgp-peer-status.ts';
import { bgpPeers, eips } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import { AddressReports } from './address-reports.ts';
import { AnnouncedWriter } from './announced-writer.ts';
import { aPoolObject, aServiceObject, withAddress } from './testing/assigner-bench.ts';

const ANNOUNCED = 'network.kubesphere.io/Announced';
const PEER = {
  metadata: { name: 'r1' },
  spec: { conf: { peerAs: 65_000, neighborAddress: '192.0.2.254' } },
};
const UP: ReplicaPeerStatus = { replica: 'porter-0', sessionState: 'Established' };
const DOWN: ReplicaPeerStatus = { replica: 'porter-0', sessionState: 'Active' };

/** A cluster with a pool and a router, and the writer with the view that it has in production. */
class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly reports = new AddressReports();
  /** As `name: type reason action`. */
  readonly events: string[] = [];
  mayWrite = true;
  readonly #deps = { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: new FakeLogger() };
  readonly view = new ClusterView(this.#deps, {
    membership: undefined,
    namespace: 'system',
    address: '10.0.0.1',
    serviceRanges: () => [],
    onSynced: () => undefined,
    onInputs: ({ nodes }) => {
      if (nodes !== undefined) this.writer.nodesChanged();
    },
    onChange: (kind, key) => {
      if (kind === 'service') this.writer.serviceChanged(key);
      if (kind === 'peer') this.writer.peersChanged();
      if (kind === 'pool') this.writer.poolChanged(key);
    },
  });
  inBurst = false;
  readonly writer = new AnnouncedWriter({
    inBurst: () => this.inBurst,
    ...this.#deps,
    view: this.view,
    reports: this.reports.current,
    events: {
      record: (_kind, object, { type, reason, action }) =>
        this.events.push(`${object.metadata?.name}: ${type} ${reason} ${action}`),
    },
    mayWrite: () => this.mayWrite,
  });

  async start(): Promise<this> {
    this.api.store(eips, aPoolObject('main', ['192.0.2.0/24']));
    this.peer(UP);
    this.view.start();
    await settle();
    this.writer.start();
    await this.pass();
    this.api.writes.length = 0;
    return this;
  }

  async pass(ms = 1_000): Promise<void> {
    await pass(this.clock, ms);
  }

  peer(replica: ReplicaPeerStatus): void {
    this.api.store(bgpPeers, { ...PEER, status: { replicas: [replica] } });
  }

  /** The leader gave a Service its address. */
  give(name: string, ip: string): void {
    this.api.store(kinds.services, withAddress(aServiceObject(name), ip));
  }

  report(name: string, ip: string, reason: Reason = 'Announced', nodes: readonly string[] = []): void {
    this.#reported({ ip, services: [`shop/${name}`], younger: [], finding: finding(reason, { ip }), nodes });
  }

  #reported(report: AddressReport): void {
    this.reports.update({ changed: [report], gone: [] });
    this.writer.addressesReported([report]);
  }

  object(name: string): kinds.Service | undefined {
    return this.api.read(kinds.services, { namespace: 'shop', name });
  }

  announced(name: string): ExistingCondition | undefined {
    return this.object(name)?.status?.conditions?.find(({ type }) => type === ANNOUNCED);
  }

  said(name: string): string | undefined {
    const condition = this.announced(name);
    return condition === undefined ? undefined : `${condition.status} ${condition.reason}`;
  }
}

suite('the condition Announced in the API', () => {
  test('comes by one write, beside what others wrote, and without an Event as all is well', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass(60_000);
    assert.equal(bench.said('s'), 'True Announced');
    assert.deepEqual(
      bench.object('s')?.status?.conditions?.map(({ type }) => type),
      ['network.kubesphere.io/Allocated', ANNOUNCED],
    );
    assert.deepEqual(bench.object('s')?.status?.loadBalancer?.ingress, [{ ip: '192.0.2.1', ipMode: 'VIP' }]);
    assert.equal(bench.api.writes.length, 1);
    assert.deepEqual(bench.events, []);
  });

  test('of a new Service waits while addresses are given to many at once, but not for ever', async () => {
    const bench = await new Bench().start();
    bench.inBurst = true;
    for (const [name, ip] of [
      ['a', '192.0.2.1'],
      ['b', '192.0.2.2'],
    ] as const) {
      bench.give(name, ip);
      bench.report(name, ip);
    }
    await bench.pass(10_000);
    assert.equal(bench.said('a'), undefined);
    bench.report('b', '192.0.2.2', 'NoEndpoints');
    await bench.pass();
    assert.equal(bench.said('b'), 'False NoEndpoints');
    await bench.pass(48_000);
    assert.equal(bench.said('a'), undefined);
    await bench.pass(2_000);
    assert.equal(bench.said('a'), 'True Announced');
    bench.give('c', '192.0.2.3');
    bench.report('c', '192.0.2.3');
    await bench.pass();
    assert.equal(bench.said('c'), undefined);
    bench.inBurst = false;
    await bench.pass(1_500);
    assert.equal(bench.said('c'), 'True Announced');
  });

  test('is written once however often what the engine says of a new Service changes at first', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1', 'NoEligibleNode');
    await bench.pass(50);
    bench.report('s', '192.0.2.1');
    await bench.pass();
    assert.equal(bench.said('s'), 'True Announced');
    assert.equal(bench.api.writes.length, 1);
    assert.deepEqual(bench.events, []);
  });

  test('waits for the engine, and for Services that hold an address', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.api.store(kinds.services, aServiceObject('t'));
    bench.report('t', '192.0.2.2');
    await bench.pass();
    assert.deepEqual(bench.api.writes, []);
  });

  test('is written again, with an Event, when a Service can no longer be reached, and when it can', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass();
    const since = bench.announced('s')?.lastTransitionTime;
    bench.report('s', '192.0.2.1', 'NoEndpoints');
    await bench.pass();
    assert.equal(bench.said('s'), 'False NoEndpoints');
    const turned = bench.announced('s')?.lastTransitionTime;
    assert.notEqual(turned, since);
    bench.report('s', '192.0.2.1', 'NoEligibleNode');
    await bench.pass();
    assert.equal(bench.announced('s')?.lastTransitionTime, turned);
    bench.report('s', '192.0.2.1');
    await bench.pass();
    assert.equal(bench.said('s'), 'True Announced');
    assert.deepEqual(bench.events, [
      's: Warning UnAvailableLoadBalancer NoEndpoints',
      's: Warning UnAvailableLoadBalancer NoEligibleNode',
      's: Normal EnsuredLoadBalancer Announced',
    ]);
    assert.equal(bench.api.writes.length, 4);
  });

  test('does not follow a router that restarts, of thousands of Services', async () => {
    const bench = await new Bench().start();
    const names = Array.from({ length: 200 }, (_, i) => `s${i}`);
    for (const [i, name] of names.entries()) {
      bench.give(name, `192.0.2.${i}`);
      bench.report(name, `192.0.2.${i}`);
    }
    await bench.pass();
    bench.api.writes.length = 0;
    bench.peer(DOWN);
    await bench.pass(9_000);
    bench.peer(UP);
    await bench.pass(30_000);
    assert.deepEqual(bench.api.writes, []);
    assert.deepEqual(bench.events, []);
  });

  test('says that no session is established once that has lasted', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass();
    bench.peer(DOWN);
    await bench.pass(9_000);
    assert.equal(bench.said('s'), 'True Announced');
    await bench.pass(2_000);
    assert.equal(bench.said('s'), 'False NoPeerEstablished');
    bench.peer(UP);
    await bench.pass();
    assert.equal(bench.said('s'), 'True Announced');
    assert.deepEqual(bench.events, [
      's: Warning UnAvailableLoadBalancer NoPeerEstablished',
      's: Normal EnsuredLoadBalancer Announced',
    ]);
  });

  test('says so where the router turns out to be the only node that takes the traffic', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1', 'Announced', ['n1']);
    await bench.pass();
    assert.equal(bench.said('s'), 'True Announced');
    const addresses = [{ type: 'InternalIP', address: '192.0.2.254' }];
    bench.api.store(kinds.nodes, { metadata: { name: 'n1' }, status: { addresses } });
    await bench.pass(12_000);
    assert.equal(bench.said('s'), 'False NoPeerEstablished');
  });

  test('counts the time without a session anew after each moment with one', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass();
    for (let time = 0; time < 4; time += 1) {
      bench.peer(DOWN);
      await bench.pass(6_000);
      bench.peer(UP);
      await bench.pass(500);
    }
    assert.equal(bench.api.writes.length, 1);
  });

  test('tells a router that somebody has shut down from one without a session', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    bench.peer(DOWN);
    await bench.pass(12_000);
    assert.equal(bench.said('s'), 'False NoPeerEstablished');
    const conf = { ...PEER.spec.conf, adminDown: true };
    bench.api.store(bgpPeers, { ...PEER, spec: { conf }, status: { replicas: [DOWN] } });
    await bench.pass();
    assert.equal(bench.said('s'), 'False NoPeer');
  });

  test('follows a change of whom a pool is announced to', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass();
    const pool = aPoolObject('main', ['192.0.2.0/24']);
    const bgp = { peerSelector: { matchLabels: { rack: 'a' } } };
    bench.api.store(eips, { ...pool, spec: { addresses: ['192.0.2.0/24'], protocol: 'bgp', bgp } });
    await bench.pass();
    assert.equal(bench.said('s'), 'False NoPeer');
  });

  test('is looked at again, and written by the newest version, where somebody else wrote', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    await settle();
    bench.api.muteWatches('services');
    const theirs = { ...bench.object('s'), metadata: { ...bench.object('s')?.metadata, labels: { theirs: 'x' } } };
    bench.api.store(kinds.services, theirs);
    bench.report('s', '192.0.2.1');
    await bench.pass();
    assert.equal(bench.said('s'), undefined);
    assert.deepEqual(bench.events, []);
    bench.view.revive();
    await bench.pass(5_000);
    assert.equal(bench.said('s'), 'True Announced');
    assert.deepEqual(bench.object('s')?.metadata?.labels, { theirs: 'x' });
  });

  test('is tried again after failures, at once when the API server answers again', async () => {
    const bench = await new Bench().start();
    const error = new ApiError({ status: 500, reason: 'InternalError', message: 'no' });
    const mend = bench.api.faults.inject({ verb: 'patch', plural: 'services', error });
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass(60_000);
    mend();
    await settle();
    assert.equal(bench.said('s'), undefined);
    bench.writer.retryNow();
    await settle();
    assert.equal(bench.said('s'), 'True Announced');
  });

  test('is not tried again before the time that the server names', async () => {
    const bench = await new Bench().start();
    const error = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 20_000 });
    bench.api.faults.inject({ verb: 'patch', plural: 'services', times: 1, error });
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass(19_000);
    assert.equal(bench.said('s'), undefined);
    await bench.pass(3_000);
    assert.equal(bench.said('s'), 'True Announced');
  });

  test('is not written by one who may not, but as soon as it may', async () => {
    const bench = await new Bench().start();
    bench.mayWrite = false;
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1');
    await bench.pass(5_000);
    assert.deepEqual(bench.api.writes, []);
    bench.mayWrite = true;
    await bench.pass(1_500);
    assert.equal(bench.said('s'), 'True Announced');
  });

  test('is written by a new leader of what its engine has said before', async () => {
    const bench = new Bench();
    bench.api.store(eips, aPoolObject('main', ['192.0.2.0/24']));
    bench.peer(UP);
    bench.give('s', '192.0.2.1');
    bench.view.start();
    await bench.pass();
    const reason = finding('Announced', { ip: '192.0.2.1' });
    const report = { ip: '192.0.2.1', services: ['shop/s'], younger: [], finding: reason, nodes: [] };
    bench.reports.update({ changed: [report], gone: [] });
    await bench.pass();
    assert.equal(bench.said('s'), undefined);
    bench.writer.start();
    await bench.pass();
    assert.equal(bench.said('s'), 'True Announced');
  });

  test('is right after a change of leader without a write or an Event', async () => {
    const bench = await new Bench().start();
    bench.give('s', '192.0.2.1');
    bench.report('s', '192.0.2.1', 'NoEndpoints');
    await bench.pass();
    bench.api.writes.length = 0;
    bench.events.length = 0;
    await bench.writer.stop();
    const next = new AnnouncedWriter({
      inBurst: () => false,
      api: bench.api,
      clock: bench.clock,
      random: { next: () => 0.5 },
      logger: new FakeLogger(),
      view: bench.view,
      reports: bench.reports.current,
      events: { record: () => bench.events.push('Event') },
      mayWrite: () => true,
    });
    next.start();
    await bench.pass(20_000);
    assert.deepEqual([bench.api.writes, bench.events], [[], []]);
    await next.stop();
  });
});
