import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { ApiError } from '../errors.ts';
import { pass } from '../fake/passage.ts';
import { leases } from '../kinds.ts';
import { LeaderElector } from './lease.ts';

const LEASE = { namespace: 'porterlb-system', name: 'porter-manager' };
const NOTE = 'porterlb.kubesphere.io/subnets';

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  /** What each replica would note, and what it has read last. */
  readonly wanted = new Map<string, string>();
  readonly read = new Map<string, string | undefined>();

  elector(identity: string): LeaderElector {
    const { api, clock, logger } = this;
    return new LeaderElector(
      { api, clock, random: { next: () => 0.5 }, logger },
      {
        ...{ lease: LEASE, identity, onStartedLeading: () => undefined, onStoppedLeading: () => undefined },
        note: {
          annotation: NOTE,
          seen: (text) => this.read.set(identity, text),
          wanted: () => {
            const wanted = this.wanted.get(identity);
            if (wanted === 'trouble') throw new Error('no interfaces');
            return wanted ?? '';
          },
        },
      },
    );
  }

  /** An admission policy that lets no such object pass. */
  refuseNotes(status: number): void {
    const [create, patch] = [this.api.create.bind(this.api), this.api.patch.bind(this.api)];
    const judge = (body: unknown): void => {
      const noted = JSON.stringify(body).includes(NOTE);
      if (noted) throw new ApiError({ status, reason: 'Forbidden', message: 'no annotations here' });
    };
    this.api.create = async (kind, object, options) => {
      judge(object);
      return await create(kind, object, options);
    };
    this.api.patch = async (kind, ref, change, options) => {
      judge(change.body);
      return await patch(kind, ref, change, options);
    };
  }

  get warnings(): string[] {
    return this.logger.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }

  get written(): Readonly<Record<string, string>> {
    return this.api.read(leases, LEASE)?.metadata?.annotations ?? {};
  }

  get writes(): number {
    return this.api.writes.length;
  }
}

suite('what a leader notes beside the lease', () => {
  test('stands there with the first write, and changes with the next renewal', async () => {
    const bench = new Bench();
    bench.wanted.set('a', 'one');
    const a = bench.elector('a');
    a.start();
    await pass(bench.clock, 1_000);
    assert.equal(bench.written[NOTE], 'one');
    bench.wanted.set('a', 'two');
    await pass(bench.clock, 3_000);
    assert.equal(bench.written[NOTE], 'two');
    await a.stop();
  });

  test('costs no write of its own', async () => {
    const [plain, noting] = [new Bench(), new Bench()];
    for (const bench of [plain, noting]) {
      const a = bench.elector('a');
      a.start();
      for (let i = 0; i < 60; i++) {
        if (bench === noting) bench.wanted.set('a', String(i >> 1));
        await pass(bench.clock, 1_000, 500);
      }
      await a.stop();
    }
    assert.ok(plain.writes > 20);
    assert.equal(noting.writes, plain.writes);
  });

  test('is left as it was when there is trouble with it: the lease is taken and renewed all the same', async () => {
    const bench = new Bench();
    bench.wanted.set('a', 'trouble');
    const a = bench.elector('a');
    a.start();
    await pass(bench.clock, 30_000);
    assert.deepEqual([a.leading, bench.written], [true, {}]);
    bench.wanted.set('a', 'fine');
    await pass(bench.clock, 3_000);
    bench.wanted.set('a', 'trouble');
    await pass(bench.clock, 30_000);
    assert.deepEqual([a.leading, bench.written[NOTE]], [true, 'fine']);
    await a.stop();
  });

  for (const status of [403, 422])
    for (const isThere of [false, true])
      test(`costs nobody the office where the API server refuses it: ${status}, lease ${isThere ? 'there' : 'not there'}`, async () => {
        const bench = new Bench();
        if (isThere) bench.api.store(leases, { metadata: LEASE, spec: {} });
        bench.wanted.set('a', 'one');
        bench.refuseNotes(status);
        const a = bench.elector('a');
        a.start();
        await pass(bench.clock, 60_000);
        assert.deepEqual([a.leading, bench.written], [true, {}]);
        assert.equal(bench.warnings.length, 1);
        assert.match(bench.warnings[0] ?? '', /refuses what is noted/);
        await a.stop();
      });

  test('is not left out where the write is refused for another reason, or nothing is known of it', async () => {
    for (const status of [409, 429, 503]) {
      const bench = new Bench();
      bench.wanted.set('a', 'one');
      bench.refuseNotes(status);
      const a = bench.elector('a');
      a.start();
      await pass(bench.clock, 10_000);
      assert.deepEqual([a.leading, bench.warnings], [false, []], String(status));
      await a.stop();
    }
  });

  test('is read by those that wait, outlives its leader, and leaves the annotations of others alone', async () => {
    const bench = new Bench();
    bench.api.store(leases, { metadata: { ...LEASE, annotations: { 'example.com/owner': 'ops' } }, spec: {} });
    bench.wanted.set('a', 'of a').set('b', 'of b');
    const [a, b] = [bench.elector('a'), bench.elector('b')];
    a.start();
    await pass(bench.clock, 500);
    b.start();
    await pass(bench.clock, 3_000);
    assert.equal(bench.read.get('b'), 'of a');
    await a.stop();
    assert.equal(bench.written[NOTE], 'of a');
    await pass(bench.clock, 5_000);
    assert.deepEqual([b.leading, bench.written], [true, { 'example.com/owner': 'ops', [NOTE]: 'of b' }]);
    await b.stop();
  });
});
