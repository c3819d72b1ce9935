import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { isConflict, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import { leases, services } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import { patchFenced } from './apply-status.ts';
import { LeaderElector } from './lease.ts';

const lease = { namespace: 'porterlb-system', name: 'porter-manager' };

class Cluster {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly told: string[] = [];
  /** Every moment at which two thought that they led. */
  readonly overlaps: number[] = [];
  readonly #electors: LeaderElector[] = [];

  elector(identity: string, api: Kube = this.api, clock = this.clock): LeaderElector {
    const seed = this.#electors.length;
    const elector = new LeaderElector(
      { api, clock, random: { next: () => (seed * 0.37) % 1 }, logger: new FakeLogger() },
      {
        lease,
        identity,
        onStartedLeading: (term) => {
          this.told.push(`${identity} leads term ${term}`);
          if (this.leaders().length > 1) this.overlaps.push(this.clock.now());
        },
        onStoppedLeading: () => this.told.push(`${identity} stops`),
      },
    );
    this.#electors.push(elector);
    return elector;
  }

  leaders(): LeaderElector[] {
    return this.#electors.filter((elector) => elector.leading);
  }
}

/** An API that can be cut off from one replica while others reach it. */
function cable(api: Kube): { api: Kube; cut: boolean } {
  const state = { api, cut: false };
  const refuse = (): void => {
    if (state.cut) throw new NetworkError('connection', 'EHOSTUNREACH');
  };
  state.api = {
    ...bound(api),
    get: async (...args) => {
      await settle();
      refuse();
      return await api.get(...args);
    },
    patch: async (...args) => {
      await settle();
      refuse();
      return await api.patch(...args);
    },
  };
  return state;
}

function bound(api: Kube): Kube {
  return {
    list: api.list.bind(api),
    watch: api.watch.bind(api),
    get: api.get.bind(api),
    create: api.create.bind(api),
    patch: api.patch.bind(api),
    delete: api.delete.bind(api),
    ping: api.ping.bind(api),
  };
}

describe('LeaderElector', () => {
  it('leads alone, and writes what client-go writes', async () => {
    const cluster = new Cluster();
    const elector = cluster.elector('a');
    elector.start();
    await pass(cluster.clock, 5_000);
    assert.deepEqual(cluster.told, ['a leads term 1']);
    const { spec } = cluster.api.read(leases, lease) ?? {};
    assert.equal(spec?.holderIdentity, 'a');
    assert.equal(spec?.leaseDurationSeconds, 15);
    assert.equal(spec?.leaseTransitions, 1);
    assert.match(spec?.renewTime ?? '', /^2026-01-01T00:00:0\d\.\d{6}Z$/);
    assert.notEqual(spec?.renewTime, spec?.acquireTime);
  });

  it('lets one of two win, who stays', async () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.elector('a'), cluster.elector('b')];
    a.start();
    b.start();
    await pass(cluster.clock, 10 * 60_000, 500);
    assert.equal(cluster.told.length, 1);
    assert.equal(cluster.leaders().length, 1);
    assert.equal(a.holder, b.holder);
  });

  it('hands over at once when the leader leaves and the other is told', async () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.elector('a'), cluster.elector('b')];
    a.start();
    await pass(cluster.clock, 100);
    b.start();
    await pass(cluster.clock, 5_000);
    await a.stop();
    assert.equal(cluster.api.read(leases, lease)?.spec?.holderIdentity, '');
    b.poke();
    await pass(cluster.clock, 150);
    assert.deepEqual(cluster.told, ['a leads term 1', 'a stops', 'b leads term 2']);
    assert.deepEqual(cluster.overlaps, []);
  });

  it('takes over from a leader that died, not before its lease has run out', async () => {
    const cluster = new Cluster();
    const dead = cable(cluster.api);
    const [a, b] = [cluster.elector('a', dead.api), cluster.elector('b')];
    a.start();
    await pass(cluster.clock, 100);
    b.start();
    await pass(cluster.clock, 5_000);
    dead.cut = true;
    const cutAt = cluster.clock.now();
    while (!b.leading) await pass(cluster.clock, 50);
    const tookMs = cluster.clock.now() - cutAt;
    assert.ok(tookMs > 13_000 && tookMs < 19_000, `took over after ${tookMs} ms`);
    assert.deepEqual(cluster.overlaps, []);
    assert.deepEqual(cluster.told, ['a leads term 1', 'a stops', 'b leads term 2']);
  });

  it('stops before its lease runs out for others, and leads again when the API is back', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 5_000);
    cluster.api.goDown();
    await pass(cluster.clock, 7_500);
    assert.equal(a.leading, true);
    await pass(cluster.clock, 2_600);
    assert.equal(a.leading, false);
    assert.deepEqual(cluster.told, ['a leads term 1', 'a stops']);
    await pass(cluster.clock, 60_000, 500);
    cluster.api.comeBack();
    await pass(cluster.clock, 3_000);
    assert.deepEqual(cluster.told.slice(2), ['a leads term 1']);
  });

  it('stops while a renewal hangs without an answer', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 5_000);
    cluster.api.faults.inject({ plural: 'leases', error: 'hang' });
    await pass(cluster.clock, 10_100);
    assert.equal(a.leading, false);
    assert.deepEqual(cluster.told, ['a leads term 1', 'a stops']);
  });

  it('goes on leading when only the answer to a renewal got lost', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 1_000);
    const lost = new NetworkError('connection', 'ECONNRESET');
    cluster.api.faults.inject({ verb: 'patch', plural: 'leases', times: 1, error: lost, afterwards: true });
    await pass(cluster.clock, 60_000);
    assert.deepEqual(cluster.told, ['a leads term 1']);
  });

  it('does not lead for a moment after the process stood still, though no timer has fired yet', async () => {
    const cluster = new Cluster();
    const own = new FakeClock();
    const a = cluster.elector('a', cluster.api, own);
    const b = cluster.elector('b');
    a.start();
    await pass(own, 1_000);
    b.start();
    // The process of `a` is stopped: its clock runs on (CLOCK_MONOTONIC), but nothing of it does.
    const now = own.now.bind(own);
    own.now = () => now() + 20_000;
    await pass(cluster.clock, 20_000);
    assert.equal(b.leading, true);
    assert.equal(a.leading, false);
    await pass(own, 12_000, 500);
    assert.deepEqual(cluster.told, ['a leads term 1', 'b leads term 2', 'a stops']);
    assert.deepEqual(cluster.overlaps, []);
  });

  it('believes no clock but its own: the holder may live in another century', async () => {
    const cluster = new Cluster();
    const spec = { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' };
    cluster.api.store(leases, { metadata: lease, spec });
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 14_500);
    assert.equal(a.leading, false);
    await pass(cluster.clock, 1_000);
    assert.equal(a.leading, true);
  });

  it('respects a holder that promised to be longer', async () => {
    const cluster = new Cluster();
    cluster.api.store(leases, { metadata: lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 60 } });
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 59_000, 500);
    assert.equal(a.leading, false);
    await pass(cluster.clock, 2_000);
    assert.equal(a.leading, true);
  });

  it('stops when somebody took the lease by hand', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 1_000);
    cluster.api.store(leases, { metadata: lease, spec: { holderIdentity: 'human', leaseDurationSeconds: 15 } });
    await pass(cluster.clock, 3_000);
    assert.deepEqual(cluster.told, ['a leads term 1', 'a stops']);
  });

  it('makes the lease anew when somebody deleted it', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    await pass(cluster.clock, 1_000);
    cluster.api.remove(leases, lease);
    await pass(cluster.clock, 6_000);
    assert.equal(a.leading, true);
    assert.equal(cluster.api.read(leases, lease)?.spec?.holderIdentity, 'a');
  });

  it('gives back a lease that an attempt won while it was being stopped', async () => {
    const cluster = new Cluster();
    const a = cluster.elector('a');
    a.start();
    cluster.clock.advance(0);
    await a.stop();
    await settle();
    assert.deepEqual(cluster.told, []);
    assert.notEqual(cluster.api.read(leases, lease)?.spec?.holderIdentity, 'a');
    assert.equal(cluster.clock.pendingTimers, 0);
  });

  it('has settings that make no sense refused', () => {
    const { clock, api } = new Cluster();
    const deps = { api, clock, random: { next: () => 0 }, logger: new FakeLogger() };
    const events = { onStartedLeading: () => undefined, onStoppedLeading: () => undefined };
    const make = (): unknown => new LeaderElector(deps, { lease, identity: 'a', leaseMs: 10_000, ...events });
    assert.throws(make, RangeError);
  });

  it('leaves a deposed leader unable to write', async () => {
    const { api } = new Cluster();
    api.store(services, { metadata: { name: 's', namespace: 'd' } });
    const seen = await api.get(services, { name: 's', namespace: 'd' });
    await patchFenced(api, services, seen, { type: 'merge', metadata: { labels: { by: 'new leader' } } });
    const late = patchFenced(api, services, seen, { type: 'merge', metadata: { labels: { by: 'old leader' } } });
    await assert.rejects(late, (error) => isConflict(error));
  });
});
