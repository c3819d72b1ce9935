import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from '../../domain/service.ts';
import { aService } from '../../domain/testing/builders.ts';
import type { ConflictReport } from '../../engine/messages.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import { Informer } from '../watch/informer.ts';
import { applyOwnStatus, patchFenced } from './apply-status.ts';
import { describeConflicts } from './conflicts-compliance.ts';
import { OwnConflicts } from './own-conflicts.ts';

const A = { name: 'a' };
const IP = '192.0.2.1';

function heard(ip: string, overrides: Partial<ConflictReport> = {}): ConflictReport {
  const since = '2026-01-01T00:00:00.000Z';
  const mac = '02:00:5e:10:00:0a';
  return { ip, pool: 'a', link: 'eth0', mac, node: undefined, announced: false, since, ...overrides };
}

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly services = new Map<string, Service>();
  replicas = ['porter-0', 'porter-1'];
  readonly #deps = {
    api: this.api,
    clock: this.clock,
    random: { next: () => 0.5 },
    logger: new FakeLogger(),
  };
  readonly #informer: Informer<Eip> = new Informer<Eip>(this.#deps, {
    kind: eips,
    onChange: ({ key }) => this.conflicts.poolChanged(key),
  });
  readonly conflicts = new OwnConflicts(
    {
      ...this.#deps,
      view: {
        services: this.services,
        replicas: () => this.replicas,
        poolObject: (name) => this.#informer.get(name),
        poolObjects: () => this.#informer.values(),
      },
    },
    { replica: 'porter-0' },
  );

  /** With the Eip `a` in the cluster and seen. */
  async start(): Promise<this> {
    this.api.store(eips, { metadata: A, spec: { address: '192.0.2.0/24' }, status: { usage: 1 } });
    this.#informer.start();
    await settle();
    return this;
  }

  async hear(...conflicts: readonly ConflictReport[]): Promise<void> {
    this.conflicts.update(conflicts);
    await pass(this.clock, 1_000);
  }

  hold(ip: string): void {
    this.services.set('d/s', aService('d/s', { claims: true, recorded: [{ pool: 'a', ip }] }));
  }

  /** The entries, as `replica ip`. */
  entries(): string[] {
    const { conflicts = [] } = this.api.read(eips, A)?.status ?? {};
    return conflicts.map(({ replica, ip }) => `${replica} ${ip}`);
  }

  /** Writes since the last call. */
  writes(): number {
    return this.api.writes.splice(0).length;
  }

  async stop(): Promise<void> {
    await this.conflicts.stop();
    this.#informer.stop();
  }
}

async function heardByAnother(bench: Bench, ip: string): Promise<void> {
  const conflicts = [{ ...heard(ip), replica: 'porter-1' }];
  await applyOwnStatus(bench.api, eips, { ref: A, replica: 'porter-1', status: { conflicts } });
  await settle();
  bench.writes();
}

suite("a replica's own conflicts in the status of an Eip", () => {
  test('are written once for each change, beside those of others and what the leader wrote', async () => {
    const bench = await new Bench().start();
    await heardByAnother(bench, IP);
    bench.hold('192.0.2.2');
    await bench.hear(heard(IP), heard('192.0.2.2'));
    await bench.hear(heard('192.0.2.2'), heard(IP));
    assert.equal(bench.writes(), 1);
    assert.deepEqual(bench.entries(), [`porter-1 ${IP}`, `porter-0 ${IP}`, 'porter-0 192.0.2.2']);
    assert.equal(bench.api.read(eips, A)?.status?.usage, 1);
  });

  test('stay when the leader writes the status', async () => {
    const bench = await new Bench().start();
    await bench.hear(heard(IP));
    const seen = bench.api.read(eips, A);
    assert.ok(seen);
    const status = { usage: 2, conditions: [{ type: 'Ready', status: 'True' }] };
    await patchFenced(bench.api, eips, seen, { type: 'merge', fields: { status }, subresource: 'status' });
    assert.deepEqual([bench.entries(), bench.api.read(eips, A)?.status?.usage], [[`porter-0 ${IP}`], 2]);
  });

  test('end at once with the conflict at an address that a Service has', async () => {
    const bench = await new Bench().start();
    await heardByAnother(bench, IP);
    bench.hold(IP);
    await bench.hear(heard(IP));
    await bench.hear();
    assert.deepEqual(bench.entries(), [`porter-1 ${IP}`]);
  });

  test('stay for five minutes at an address that was left to the stranger', async () => {
    const bench = await new Bench().start();
    bench.hold(IP);
    await bench.hear(heard(IP));
    bench.hold('192.0.2.2');
    await bench.hear();
    await bench.hear(heard('192.0.2.2'));
    await pass(bench.clock, 296_000, 1_000);
    assert.deepEqual(bench.entries(), [`porter-0 ${IP}`, 'porter-0 192.0.2.2']);
    await pass(bench.clock, 5_000, 1_000);
    assert.deepEqual(bench.entries(), ['porter-0 192.0.2.2']);
  });

  test('of a node end at once, whoever has the address', async () => {
    const bench = await new Bench().start();
    await bench.hear(heard(IP, { node: 'n1', announced: true }));
    assert.deepEqual(bench.entries(), [`porter-0 ${IP}`]);
    await bench.hear();
    assert.deepEqual(bench.entries(), []);
  });

  test('of an earlier life go when the engine begins', async () => {
    const bench = await new Bench().start();
    const conflicts = [{ ...heard(IP), replica: 'porter-0' }];
    await applyOwnStatus(bench.api, eips, { ref: A, replica: 'porter-0', status: { conflicts } });
    await settle();
    await bench.hear();
    assert.deepEqual(bench.entries(), []);
  });

  test('are taken back when the replica leaves, and only its own', async () => {
    const bench = await new Bench().start();
    await heardByAnother(bench, IP);
    await bench.hear(heard(IP), heard('192.0.2.2'));
    await bench.hear(heard(IP));
    await bench.stop();
    assert.deepEqual(bench.entries(), [`porter-1 ${IP}`]);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('are the newest where there are more than may be written', async () => {
    const bench = await new Bench().start();
    for (let i = 1; i <= 70; i++) {
      bench.hold(`192.0.2.${i}`);
      await bench.hear(heard(`192.0.2.${i}`));
    }
    const lefts = Array.from({ length: 64 }, (_, i) => `porter-0 192.0.2.${i + 7}`);
    assert.deepEqual(new Set(bench.entries()), new Set(lefts));
    const atOnce = Array.from({ length: 70 }, (_, i) =>
      heard(`198.51.100.${i}`, { since: `2026-01-01T01:00:${i > 59 ? '59' : String(i).padStart(2, '0')}.${100 + i}Z` }),
    );
    await bench.hear(...atOnce);
    assert.ok(bench.entries().includes('porter-0 198.51.100.69'));
    assert.ok(!bench.entries().includes('porter-0 198.51.100.0'));
  });

  test('of what a Service has just left stay, however many addresses others stay at', async () => {
    const bench = await new Bench().start();
    const stuck = Array.from({ length: 70 }, (_, i) => heard(`198.51.100.${i}`, { since: '2026-01-01T02:00:00.000Z' }));
    await bench.hear(heard(IP), ...stuck);
    for (const { ip } of stuck)
      bench.services.set(`d/${ip}`, aService(`d/${ip}`, { claims: true, recorded: [{ pool: 'a', ip }] }));
    await bench.hear(...stuck);
    assert.ok(bench.entries().includes(`porter-0 ${IP}`));
    assert.equal(bench.entries().length, 64);
  });

  test('become fewer when there are more replicas to share the status with', async () => {
    const bench = await new Bench().start();
    await bench.hear(...Array.from({ length: 64 }, (_, i) => heard(`192.0.2.${i + 1}`)));
    assert.equal(bench.entries().length, 64);
    bench.replicas = Array.from({ length: 100 }, (_, i) => `porter-${i}`);
    bench.conflicts.replicasChanged();
    await pass(bench.clock, 1_000);
    assert.equal(bench.entries().length, 10);
  });

  test('are for Eips that are there; one made anew gets them', async () => {
    const bench = await new Bench().start();
    bench.api.remove(eips, A);
    await bench.hear(heard(IP));
    assert.equal(bench.writes(), 0);
    bench.api.store(eips, { metadata: A, spec: { address: '192.0.2.0/24' } });
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.entries(), [`porter-0 ${IP}`]);
  });
});

describeConflicts('FakeKube', () => Promise.resolve(new FakeKube({ clock: new FakeClock() })));
