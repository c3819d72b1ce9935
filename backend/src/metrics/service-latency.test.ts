import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import { finding, type Reason } from '../domain/reason.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import type { AddressReport } from '../engine/messages.ts';
import { ServiceLatency } from './service-latency.ts';

const KEY = 'shop/web';
const IP = '192.0.2.1';

/** What a replica sees of one Service, step by step. */
class Seen {
  now = 1_000;
  pools: ReadonlyMap<string, Pool> = new Map([['p', aPool('p', ['192.0.2.0/24'])]]);
  readonly measured: string[] = [];
  readonly reports = new Map<string, AddressReport>();
  service: Service | undefined;
  readonly latency = new ServiceLatency({
    now: () => this.now,
    reports: this.reports,
    pools: () => this.pools,
    node: 'n1',
    onMeasured: (event, seconds) => this.measured.push(`${event} ${seconds}`),
  });

  constructor() {
    this.latency.heard(true);
  }

  after(ms: number): this {
    this.now += ms;
    return this;
  }

  shows(changes: Partial<Service> | undefined, isNew = true): this {
    this.service = changes === undefined ? undefined : aService(KEY, changes);
    this.latency.serviceChanged(KEY, this.service, isNew);
    return this;
  }

  asks(isNew = true): this {
    return this.shows({}, isNew);
  }

  holds(...ips: readonly string[]): this {
    const recorded = ips.map((ip) => ({ ip, pool: 'p' }));
    return this.shows({ claims: true, hasCondition: true, recorded, ingressIPs: ips });
  }

  says(reason: Reason, ip = IP, nodes: readonly string[] = ['n2']): this {
    const report = { ip, services: [KEY], younger: [], finding: finding(reason, { ip }), nodes };
    this.reports.set(ip, report);
    this.latency.reported([report], () => this.service);
    return this;
  }
}

suite('a Service that asks for an address', () => {
  test('is measured until it has one, and until that is announced', () => {
    const seen = new Seen().asks().after(40).holds(IP).after(60).says('Announced');
    assert.deepEqual(seen.measured, ['allocated 0.04', 'announced 0.1']);
    assert.equal(seen.latency.size, 0);
    seen.after(1_000).holds(IP).says('Announced');
    assert.equal(seen.measured.length, 2);
  });

  test('may be announced before it is seen to hold the address', () => {
    const seen = new Seen().asks().after(40).says('Announced').after(1).holds(IP);
    assert.deepEqual(seen.measured, ['allocated 0.041', 'announced 0.041']);
  });

  test('with two addresses is announced when both are', () => {
    const seen = new Seen().asks().after(10).holds(IP, '192.0.2.2').after(10).says('Announced');
    assert.deepEqual(seen.measured, ['allocated 0.01']);
    seen.after(10).says('Announced', '192.0.2.2');
    assert.deepEqual(seen.measured, ['allocated 0.01', 'announced 0.03']);
  });

  test('was there before the first lists were complete: nobody knows for how long, nothing is measured', () => {
    const seen = new Seen().asks(false).after(10).asks().after(10).holds(IP).says('Announced');
    assert.deepEqual([seen.measured, seen.latency.size], [[], 0]);
  });

  test('had its address when it was first seen: nothing is measured', () => {
    assert.deepEqual(new Seen().holds(IP).says('Announced').measured, []);
  });

  test('is told why it gets none: from then on it waits for something else', () => {
    const seen = new Seen().asks().after(10).shows({ hasCondition: true }).after(3_600_000).holds(IP);
    assert.deepEqual([seen.measured, seen.latency.size], [[], 0]);
  });

  for (const reason of ['NoEndpoints', 'NoPeer', 'AddressConflict', 'NoEligibleNode'] as const) {
    test(`has one that is not announced, ${reason}: only the first time is measured`, () => {
      const seen = new Seen().asks().after(10).holds(IP).says(reason).after(60_000).says('Announced');
      assert.deepEqual([seen.measured, seen.latency.size], [['allocated 0.01'], 0]);
    });
  }

  test('is not ours, or not any more: it is not followed', () => {
    const seen = new Seen().shows({ loadBalancerClass: 'other' });
    assert.equal(seen.latency.size, 0);
    assert.equal(seen.asks().latency.size, 1);
    assert.equal(seen.shows(undefined).latency.size, 0);
    assert.equal(seen.asks().shows({ isLoadBalancer: false }).latency.size, 0);
    assert.equal(seen.asks().shows({ deleting: true }).latency.size, 0);
  });

  test('without a class is ours once there is a default pool', () => {
    const seen = new Seen().shows({ loadBalancerClass: undefined });
    assert.equal(seen.latency.size, 0);
    seen.pools = new Map([['p', aPool('p', ['192.0.2.0/24'], { isDefault: true })]]);
    assert.equal(seen.shows({ loadBalancerClass: undefined }).latency.size, 1);
  });

  test('asks anew after it had an address: it is measured anew', () => {
    const seen = new Seen().asks().holds(IP).says('Announced').after(1_000).asks().after(20).holds(IP);
    assert.deepEqual(seen.measured.slice(2), ['allocated 0.02', 'announced 0.02']);
  });
});

suite('an address counts as announced', () => {
  test('by BGP while a session is there to hear it', () => {
    const seen = new Seen();
    seen.latency.heard(false);
    assert.deepEqual(seen.asks().holds(IP).says('Announced').measured, ['allocated 0']);
  });

  test('on a link once it was asked for there, by the replica on its node', () => {
    const seen = new Seen();
    seen.latency.heard(false);
    seen.pools = new Map([['p', aPool('p', ['192.0.2.0/24'], { protocol: 'layer2' })]]);
    seen.asks().holds(IP).says('AddressProbing', IP, []);
    assert.equal(seen.latency.size, 1);
    seen.after(300).says('Announced', IP, ['n1']);
    assert.deepEqual(seen.measured, ['allocated 0', 'announced 0.3']);
    assert.deepEqual(seen.asks().holds(IP).says('Announced', IP, ['n2']).measured.slice(2), [
      'allocated 0',
      'announced 0',
    ]);
  });
});
