import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HoldingService } from '../../announce/snapshot.ts';
import { finding, type Reason } from '../../domain/reason.ts';
import type { ConflictReport } from '../../engine/messages.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { ExistingCondition } from '../../report/conditions.ts';
import { eips } from '../custom-kinds.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import { AddressReports } from './address-reports.ts';
import { Leader } from './leader.ts';
import { OwnConflicts } from './own-conflicts.ts';
import { aPoolObject, aServiceObject } from './testing/assigner-bench.ts';

const MAC = '02:00:5e:10:00:0a';
const PROBE_MS = 300;

function heard(ip: string, overrides: Partial<ConflictReport> = {}): ConflictReport {
  const since = '2026-01-01T00:00:00.000Z';
  return { ip, pool: 'main', link: 'eth0', mac: MAC, node: undefined, announced: false, since, ...overrides };
}

/**
 * A leader whose engine takes each address for announced at once, and another replica that owns all addresses: it asks the link first,
 * on which `strangers` answer.
 */
class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly events: string[] = [];
  /** What the condition Announced of `web` was, one after the other, as `status reason`. */
  readonly said: string[] = [];
  readonly strangers = new Set<string>();
  readonly #reports = new AddressReports();
  readonly #deps = { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: new FakeLogger() };
  readonly #probed = new Map<string, ConflictReport | undefined>();
  readonly view = new ClusterView(this.#deps, {
    membership: undefined,
    namespace: 'system',
    address: '10.0.0.1',
    serviceRanges: () => [],
    onSynced: () => undefined,
    onInputs: (delta) => {
      for (const [key, holding] of delta.services ?? []) this.#holds(key, holding);
    },
    onChange: (kind, key) => {
      this.leader.changed(kind, key);
      if (kind === 'pool' || kind === 'pool-object') this.owner.poolChanged(key);
      if (kind === 'service' && key === 'shop/web') this.#note();
    },
  });
  readonly leader = new Leader({
    ...this.#deps,
    view: this.view,
    events: {
      record: (_kind, object, { type, action }) => this.events.push(`${object.metadata?.name} ${type} ${action}`),
    },
    reports: this.#reports.current,
    serviceRanges: () => [],
    subnets: () => [],
    mayWrite: () => true,
  });
  readonly owner = new OwnConflicts({ ...this.#deps, view: this.view }, { replica: 'porter-1' });

  async start(...addresses: readonly string[]): Promise<this> {
    this.api.store(kinds.namespaces, { metadata: { name: 'shop' } });
    const pool = aPoolObject('main', addresses, true);
    this.api.store(eips, { ...pool, spec: { addresses, protocol: 'layer2' } });
    this.view.start();
    await settle();
    this.leader.start();
    await this.pass(5_000);
    return this;
  }

  async pass(ms: number): Promise<void> {
    await pass(this.clock, ms);
  }

  async passHour(): Promise<void> {
    await pass(this.clock, 3_600_000, 5_000);
  }

  async create(name: string, metadata: kinds.Service['metadata'] = {}): Promise<void> {
    this.api.writes.length = 0;
    this.api.store(kinds.services, aServiceObject(name, metadata));
    await this.pass(10_000);
  }

  /** All that the owner hears, from now on. */
  async hear(...conflicts: readonly ConflictReport[]): Promise<void> {
    this.owner.update(conflicts);
    await this.pass(10_000);
  }

  /** The stranger at an address is gone, as the owner hears. */
  async remove(ip: string): Promise<void> {
    this.strangers.delete(ip);
    this.#probed.set(ip, undefined);
    this.#tell();
    await this.pass(10_000);
  }

  /** What this replica's engine says of the address of `web`. */
  report(ip: string, reason: Reason): void {
    const report = { ip, services: ['shop/web'], younger: [], finding: finding(reason, { ip }), nodes: ['n1'] };
    this.#reports.update({ changed: [report], gone: [] });
    this.leader.addressesReported([report]);
  }

  ipOf(name: string): string | undefined {
    return this.api.read(kinds.services, { namespace: 'shop', name })?.status?.loadBalancer?.ingress?.[0]?.ip;
  }

  announced(): ExistingCondition | undefined {
    const { conditions = [] } = this.api.read(kinds.services, { namespace: 'shop', name: 'web' })?.status ?? {};
    return conditions.find(({ type }) => type.endsWith('/Announced'));
  }

  writes(): number {
    return this.api.writes.filter(({ plural }) => plural === 'services').length;
  }

  condition(type: string): ExistingCondition | undefined {
    const { conditions = [] } = this.api.read(eips, { name: 'main' })?.status ?? {};
    return conditions.find((condition) => condition.type === type);
  }

  #note(): void {
    const { status, reason } = this.announced() ?? {};
    const text = status === undefined ? '' : `${status} ${reason}`;
    if (this.said.at(-1) !== text) this.said.push(text);
  }

  #holds(key: string, holding: HoldingService | null): void {
    const ips = (holding?.assignments ?? []).map(({ ip }) => ip);
    if (key === 'shop/web') this.#forgetAllBut(ips);
    for (const ip of ips) {
      const report = { ip, services: [key], younger: [], finding: finding('Announced', { ip }), nodes: ['n1'] };
      this.#reports.update({ changed: [report], gone: [] });
      this.leader.addressesReported([report]);
      if (this.#probed.has(ip) || holding?.announcedBefore === true) continue;
      this.#probed.set(ip, undefined);
      this.clock.setTimer(PROBE_MS, () => this.#answer(ip));
    }
  }

  #answer(ip: string): void {
    if (!this.#probed.has(ip) || !this.strangers.has(ip)) return;
    this.#probed.set(ip, heard(ip));
    this.#tell();
  }

  #forgetAllBut(ips: readonly string[]): void {
    for (const ip of this.#probed.keys()) if (!ips.includes(ip)) this.#probed.delete(ip);
    this.#tell();
  }

  #tell(): void {
    this.owner.update([...this.#probed.values()].filter((conflict) => conflict !== undefined));
  }
}

suite('a Service whose address is asked for on the link', () => {
  test('is written twice where nobody answers, and announced only once that can be known', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    bench.api.store(kinds.services, aServiceObject('web'));
    await bench.pass(1_000);
    assert.deepEqual([bench.ipOf('web'), bench.announced()], ['192.0.2.1', undefined]);
    await bench.pass(10_000);
    assert.equal(bench.announced()?.status, 'True');
    assert.equal(bench.writes(), 2);
    assert.deepEqual(bench.events, ['web Normal Allocated']);
  });

  test('gets another one where a stranger answers, with Events that say why, and is never said to be announced before', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    bench.strangers.add('192.0.2.1');
    await bench.create('web');
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.2', 'True']);
    assert.deepEqual(bench.said, ['', 'True Announced']);
    assert.equal(bench.writes(), 3);
    assert.deepEqual(bench.events, ['web Normal Allocated', 'web Warning AddressReplaced', 'web Normal Allocated']);
    assert.match(bench.condition('AddressConflict')?.message ?? '', /^192\.0\.2\.1 is used by 02:00:5e:10:00:0a/);
  });

  test('is not moved to and fro where several addresses are in use, and says so', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.2');
    for (const ip of ['192.0.2.1', '192.0.2.2']) bench.strangers.add(ip);
    await bench.create('web');
    await bench.pass(60_000);
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.2', 'False']);
    assert.equal(bench.announced()?.reason, 'AddressConflict');
    assert.ok(bench.writes() <= 4);
  });

  test('stays after five moves where a host answers for every address, and is moved ever more seldom', async () => {
    const bench = await new Bench().start('192.0.2.0/24');
    for (let i = 0; i < 256; i++) bench.strangers.add(`192.0.2.${i}`);
    await bench.create('web');
    await bench.pass(20_000);
    assert.equal(bench.events.filter((event) => event === 'web Warning AddressReplaced').length, 5);
    assert.deepEqual([bench.announced()?.status, bench.announced()?.reason], ['False', 'AddressConflict']);
    assert.match(bench.announced()?.message ?? '', /proxy ARP/);
    const before = [bench.ipOf('web'), bench.api.writes.splice(0).length];
    await bench.pass(240_000);
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.reason], [before[0], 'AddressConflict']);
    assert.deepEqual(bench.api.writes, []);
    bench.events.length = 0;
    for (let hour = 0; hour < 12; hour++) await bench.passHour();
    const moves = bench.events.filter((event) => event === 'web Warning AddressReplaced').length;
    assert.ok(moves >= 10 && moves <= 15, `${moves}`);
    assert.ok(bench.api.writes.length < 12 * moves, `${bench.api.writes.length}`);
  });

  test('that had to stay is announced there when the host answers no more', async () => {
    const bench = await new Bench().start('192.0.2.0/24');
    for (let i = 0; i < 256; i++) bench.strangers.add(`192.0.2.${i}`);
    await bench.create('web');
    await bench.pass(20_000);
    const stays = bench.ipOf('web') ?? '';
    await bench.remove(stays);
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], [stays, 'True']);
  });

  test('keeps the one that it asked for, which is announced when the stranger is gone', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    bench.strangers.add('192.0.2.5');
    await bench.create('web', { annotations: { 'lb.kubesphere.io/ips': '192.0.2.5' } });
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.reason], ['192.0.2.5', 'AddressConflict']);
    assert.match(bench.announced()?.message ?? '', /192\.0\.2\.5: 02:00:5e:10:00:0a answers .* Eip main\. /);
    await bench.remove('192.0.2.5');
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.5', 'True']);
    assert.equal(bench.condition('AddressConflict')?.status, 'False');
    assert.deepEqual(bench.events, ['web Normal Allocated', 'web Warning AddressConflict', 'web Normal Announced']);
  });

  test('is told nothing of the asking, unless that does not end', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    bench.api.store(kinds.services, aServiceObject('web'));
    await bench.pass(50);
    bench.report('192.0.2.1', 'AddressProbing');
    await bench.pass(4_000);
    assert.equal(bench.announced(), undefined);
    await bench.pass(2_000);
    assert.equal(bench.announced()?.reason, 'AddressProbing');
    bench.report('192.0.2.1', 'Announced');
    await bench.pass(2_000);
    assert.deepEqual([bench.announced()?.status, bench.writes(), bench.events.length], ['True', 3, 1]);
  });
});

suite('a Service that is announced', () => {
  test('stays where it is when a stranger takes its address, and says that it is contested', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    await bench.create('web');
    await bench.hear(heard('192.0.2.1', { announced: true }));
    assert.equal(bench.ipOf('web'), '192.0.2.1');
    assert.deepEqual([bench.announced()?.status, bench.announced()?.reason], ['True', 'AddressContested']);
    await bench.hear();
    assert.equal(bench.announced()?.reason, 'Announced');
    assert.deepEqual(bench.events, ['web Normal Allocated', 'web Warning AddressContested', 'web Normal Announced']);
  });

  test('stays where it is when a stranger has its address after a stop of all replicas, says so, and is announced when that is gone', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    await bench.create('web');
    await bench.hear(heard('192.0.2.1'));
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.1', 'False']);
    assert.equal(bench.announced()?.reason, 'AddressTaken');
    assert.match(bench.announced()?.message ?? '', /took 192\.0\.2\.1 .*: 02:00:5e:10:00:0a answers .* keeps it/);
    // Its owner is another one now, or has started again: the memory of it is the condition.
    await bench.hear();
    await bench.hear(heard('192.0.2.1'));
    await bench.pass(60_000);
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.reason], ['192.0.2.1', 'AddressTaken']);
    await bench.hear();
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.1', 'True']);
    assert.equal(bench.events.filter((event) => event.includes('AddressReplaced')).length, 0);
  });

  test('stays where a node of ours answers too, and says what to do', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    await bench.create('web');
    await bench.hear(heard('192.0.2.1', { node: 'n2', announced: true }));
    assert.deepEqual([bench.ipOf('web'), bench.announced()?.status], ['192.0.2.1', 'True']);
    assert.equal(bench.announced()?.reason, 'AnsweredByNode');
    assert.match(bench.announced()?.message ?? '', /node n2 .*ipvs\.strictARP: true/);
    assert.equal(bench.condition('AddressConflict')?.reason, 'AnsweredByNode');
  });

  test('is not said to be announced at an address that it is moved to before it is', async () => {
    const bench = await new Bench().start('192.0.2.1-192.0.2.9');
    await bench.create('web');
    const annotations = { 'lb.kubesphere.io/ips': '192.0.2.7' };
    const object = bench.api.read(kinds.services, { namespace: 'shop', name: 'web' });
    assert.ok(object);
    bench.strangers.add('192.0.2.7');
    bench.api.store(kinds.services, {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, ...annotations } },
    });
    await bench.pass(10_000);
    assert.equal(bench.ipOf('web'), '192.0.2.7');
    assert.deepEqual(bench.said, ['', 'True Announced', '', 'False AddressConflict']);
  });
});
