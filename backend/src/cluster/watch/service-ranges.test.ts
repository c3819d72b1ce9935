import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatAddress } from '../../domain/address.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import { serviceCIDRs, serviceCIDRsBeta } from '../kinds.ts';
import { ServiceRanges } from './service-ranges.ts';

const NOT_FOUND = new ApiError({ status: 404, reason: 'NotFound', message: 'no such resource' });
const FORBIDDEN = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
const UNREACHABLE = new NetworkError('connection', 'ECONNREFUSED');
const list = { verb: 'list', plural: 'servicecidrs' } as const;

/** As kube-apiserver makes it from its own flag, for both families. */
const CLUSTER = { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16', 'fd00:10:96::/112'] } };
const KNOWN = ['10.96.0.0', 'fd00:10:96::'];

interface Bench {
  readonly clock: FakeClock;
  readonly api: FakeKube;
  readonly ranges: ServiceRanges;
  /** First addresses of what is known. */
  readonly known: () => string[];
  readonly changes: () => number;
}

function bench(): Bench {
  const clock = new FakeClock();
  const api = new FakeKube({ clock });
  let changes = 0;
  const ranges = new ServiceRanges(
    { api, clock, random: { next: () => 0.5 }, logger: new FakeLogger() },
    { onChange: () => (changes += 1) },
  );
  const known = (): string[] => ranges.ranges().map(({ family, first }) => formatAddress({ family, value: first }));
  return { clock, api, ranges, known, changes: () => changes };
}

async function started(): Promise<Bench> {
  const made = bench();
  made.api.store(serviceCIDRs, CLUSTER);
  made.ranges.start();
  await settle();
  return made;
}

suite('the cluster’s Service ranges', () => {
  test('are known at once where the cluster tells them', async () => {
    const { ranges, known, changes } = await started();
    assert.deepEqual([known(), changes()], [KNOWN, 1]);
    ranges.stop();
  });

  test('are found in the older version of the API', async () => {
    const { api, ranges, known } = bench();
    api.store(serviceCIDRsBeta, CLUSTER);
    api.faults.inject({ ...list, times: 1, error: NOT_FOUND });
    ranges.start();
    await settle();
    assert.deepEqual(known(), KNOWN);
    ranges.stop();
  });

  test('that are added later are known ten minutes later, and those that are taken away are forgotten', async () => {
    const { clock, api, ranges, known, changes } = await started();
    api.store(serviceCIDRs, { metadata: { name: 'more' }, spec: { cidrs: ['10.97.0.0/16', 'garbage'] } });
    await pass(clock, 600_000, 10_000);
    assert.deepEqual([known(), changes()], [['10.96.0.0', '10.97.0.0', 'fd00:10:96::'], 2]);
    api.remove(serviceCIDRs, { name: 'more' });
    await pass(clock, 600_000, 10_000);
    assert.deepEqual([known(), changes()], [KNOWN, 3]);
    ranges.stop();
  });

  test('stay the same array, and nobody is told, while nothing changes', async () => {
    const { clock, ranges, changes } = await started();
    const before = ranges.ranges();
    await pass(clock, 3_000_000, 10_000);
    assert.equal(ranges.ranges(), before);
    assert.equal(changes(), 1);
    ranges.stop();
  });

  for (const [what, error] of [
    ['has no such kind', NOT_FOUND],
    ['forbids to see them', FORBIDDEN],
    ['does not answer', UNREACHABLE],
  ] as const) {
    test(`are none where the cluster ${what}`, async () => {
      const { clock, api, ranges, known, changes } = bench();
      api.faults.inject({ ...list, error });
      ranges.start();
      await pass(clock, 1_300_000, 10_000);
      assert.deepEqual([known(), changes()], [[], 0]);
      ranges.stop();
    });

    test(`stay what they were when the cluster ${what} later`, async () => {
      const { clock, api, ranges, known } = await started();
      api.faults.inject({ ...list, error });
      await pass(clock, 1_300_000, 10_000);
      assert.deepEqual(known(), KNOWN);
      ranges.stop();
    });
  }

  test('are asked for again within a minute after an outage', async () => {
    const { clock, api, ranges, known } = bench();
    api.store(serviceCIDRs, CLUSTER);
    const mend = api.faults.inject({ ...list, error: UNREACHABLE });
    ranges.start();
    await settle();
    mend();
    await pass(clock, 60_000, 1_000);
    assert.deepEqual(known(), KNOWN);
    ranges.stop();
  });

  test('are not asked for any more after the end', async () => {
    const { clock, api, ranges, known } = bench();
    const mend = api.faults.inject({ ...list, error: 'hang' });
    ranges.start();
    await settle();
    ranges.stop();
    mend();
    api.store(serviceCIDRs, CLUSTER);
    await pass(clock, 1_300_000, 10_000);
    assert.deepEqual([known(), clock.pendingTimers], [[], 0]);
  });
});
