import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Allocator } from '../allocate/allocator.ts';
import type { Plan } from '../allocate/plan.ts';
import { PoolSet } from '../allocate/pool-set.ts';
import { FakeKube } from '../cluster/fake/fake-kube.ts';
import * as kinds from '../cluster/kinds.ts';
import { toService } from '../cluster/watch/domain/service.ts';
import { patchFenced } from '../cluster/write/apply-status.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { servicePatch, type ServicePatch } from './service-patch.ts';
import {
  CLEANUP,
  RECORD,
  POOL_LABEL,
  ALLOCATED,
  ANNOUNCED,
  OURS,
  SINCE,
  NOW,
  ALL,
  type theirCondition,
  objectOf,
  type Case,
} from './testing/service-cases.ts';

/** What a leader plans that has just begun. */
function planFor(service: Service, situation: Case['situation']): Plan {
  const pool = aPool('default', [`${OURS}/32`, '192.0.2.8/32'], { isDefault: situation !== 'no default' });
  const all = [OURS, '192.0.2.8'].map((ip) => ({ pool: pool.name, ip }));
  const older = aService('shop/older', { createdAt: 0, claims: true, recorded: all, ingressIPs: [OURS, '192.0.2.8'] });
  const services = [service, ...(situation === 'full' ? [older] : [])];
  const allocator = new Allocator({ services: new Map(services.map((one) => [one.key, one])), namespaces: new Map() });
  allocator.adopt(new PoolSet(new Map([[pool.name, pool]])), { released: new Map(), used: new Map() }, NOW.getTime());
  return allocator.plan(service, NOW.getTime());
}

interface Step {
  readonly before: kinds.Service;
  readonly service: Service;
  readonly plan: Plan;
  readonly patch: ServicePatch | undefined;
}

function step(before: kinds.Service, situation: Case['situation'], now = NOW): Step {
  const service = toService(before);
  const decided = planFor(service, situation);
  return { before, service, plan: decided, patch: servicePatch(before, service, decided, now) };
}

async function applied(api: FakeKube, { before, patch }: Step): Promise<kinds.Service> {
  if (patch === undefined) return before;
  return await patchFenced(api, kinds.services, before, {
    type: 'strategic',
    metadata: patch.metadata,
    fields: { status: patch.status },
    subresource: 'status',
  });
}

interface Course extends Step {
  readonly after: kinds.Service;
}

/** What the leader makes of a case, on a server that merges as Kubernetes does. */
async function course(given: Case): Promise<Course> {
  const api = new FakeKube({ clock: new FakeClock() });
  const taken = step(api.store(kinds.services, objectOf(given)), given.situation);
  return { ...taken, after: await applied(api, taken) };
}

async function forAll(check: (given: Case, course: Course) => void): Promise<void> {
  for (const given of ALL) {
    const taken = await course(given);
    try {
      check(given, taken);
    } catch (error) {
      const { reason } = taken.plan.finding;
      throw new Error(`${JSON.stringify(given)} ${reason} ${JSON.stringify(taken.patch)}`, { cause: error });
    }
  }
}

/** Our condition is True, and an address of ours stands in the status: that is what the proof is. */
function isProved({ condition, ingress }: Case): boolean {
  return condition === 'True' && ingress === 'ours';
}

/** Another one's class, our condition True, and the address that it came with gone. */
function isLost({ condition, ingress, lbClass }: Case): boolean {
  return condition === 'True' && ingress === 'none' && lbClass === 'foreign';
}

/** The class is ours, so that nobody else takes the finalizer off. */
function isOursToDelete({ finalizer, lbClass, situation }: Case): boolean {
  return situation === 'deleted' && finalizer && lbClass === 'ours';
}

/**
 * The finalizer of a Service of our class, or no status, and either our condition True, or finalizer and record from a backup, unless it
 * has the class of somebody else.
 */
function isLeftOver(given: Case): boolean {
  const { condition, finalizer, record, ingress, lbClass, situation } = given;
  if (isOursToDelete(given)) return true;
  const foreign = lbClass === 'foreign' && situation !== 'ClusterIP';
  return (condition === 'True' || (finalizer && record)) && ingress === 'none' && !foreign;
}

function allocatedOf(object: kinds.Service): ReturnType<typeof theirCondition> | undefined {
  return object.status?.conditions?.find(({ type }) => type === ALLOCATED);
}

function announcedOf(object: kinds.Service): ReturnType<typeof theirCondition> | undefined {
  return object.status?.conditions?.find(({ type }) => type === ANNOUNCED);
}

function ingressOf(object: kinds.Service): readonly object[] {
  return object.status?.loadBalancer?.ingress ?? [];
}

/** The parts of the object that we ever write. */
function marks(object: kinds.Service): object {
  const { finalizers, labels, annotations } = object.metadata ?? {};
  return {
    finalizer: finalizers?.includes(CLEANUP) === true,
    label: labels?.[POOL_LABEL],
    record: annotations?.[RECORD],
    ingress: ingressOf(object),
    condition: allocatedOf(object)?.status,
    announced: announcedOf(object)?.status,
  };
}

const NO_CONDITIONS = { condition: undefined, announced: undefined };
const NO_MARKS = { finalizer: false, label: undefined, record: undefined, ingress: [], ...NO_CONDITIONS };

/** The object without what we may write, whoever wrote it. */
function theirs(object: kinds.Service): object {
  const { metadata = {}, spec, status } = object;
  const { labels = {}, annotations = {}, finalizers = [] } = metadata;
  const { [POOL_LABEL]: _pool, ...otherLabels } = labels;
  const { [RECORD]: _record, ...otherAnnotations } = annotations;
  return {
    spec,
    labels: otherLabels,
    annotations: otherAnnotations,
    finalizers: finalizers.filter((finalizer) => finalizer !== CLEANUP),
    conditions: status?.conditions?.filter(({ type }) => type !== ALLOCATED && type !== ANNOUNCED),
    deletionTimestamp: metadata.deletionTimestamp,
  };
}

/** The engine has the say of it, and has not said anything of an address that is new. */
function stillSaid(before: kinds.Service, ip: string): string | undefined {
  return toService(before).ingressIPs.includes(ip) ? announcedOf(before)?.status : undefined;
}

suite(`the patch of a Service, in ${ALL.length} combinations of what stands in it and what becomes of it`, () => {
  test("other controllers' finalizers, labels, annotations and conditions stay", async () => {
    await forAll((_given, { before, after }) => assert.deepEqual(theirs(after), theirs(before)));
  });

  test('written once, nothing is left to write', async () => {
    await forAll((given, { after }) => assert.equal(step(after, given.situation).patch, undefined));
  });

  test('a Service that is not ours loses what is proved to be ours, and nothing else', async () => {
    await forAll((given, { before, after, plan: { served } }) => {
      if (served) return;
      const was = marks(before) as { finalizer: boolean; label: unknown; record: unknown };
      const ingress = isProved(given) ? [] : ingressOf(before);
      const all =
        isProved(given) || isLost(given) || (isLeftOver(given) && ['ClusterIP', 'deleted'].includes(given.situation));
      // Another load balancer has written over our address: label and record are ours still, and the record tells of the finalizer.
      const overwritten =
        given.condition === 'True' ? { label: undefined, ...(was.finalizer ? {} : { record: undefined }) } : {};
      assert.deepEqual(marks(after), all ? { ...NO_MARKS, ingress } : { ...was, ...overwritten, ...NO_CONDITIONS });
    });
  });

  test('nothing is written where nothing of ours is', async () => {
    await forAll((given, { plan: { served }, patch }) => {
      if (served || given.condition !== 'absent' || isLeftOver(given)) return;
      assert.equal(patch, undefined);
    });
  });

  test('the finalizer and the status of another load balancer stay where the Service did not ask for us', async () => {
    await forAll((given, { before, after }) => {
      if (isProved(given) || given.lbClass === 'ours' || given.ingress === 'none') return;
      const { finalizer, ingress } = marks(after) as Record<string, unknown>;
      const { finalizer: finalizerBefore, ingress: ingressBefore } = marks(before) as Record<string, unknown>;
      assert.deepEqual({ finalizer, ingress }, { finalizer: finalizerBefore, ingress: ingressBefore });
    });
  });

  test('no finalizer of ours keeps a deleted Service of our class, whatever else stands in it', async () => {
    await forAll((given, { after }) => {
      if (given.lbClass !== 'ours' || given.situation !== 'deleted') return;
      assert.deepEqual(after.metadata?.finalizers, ['example.com/theirs']);
    });
  });

  test('a Service with an address carries all marks, and reads as holding it', async () => {
    await forAll((_given, { plan: decided, before, after }) => {
      if (!decided.served || decided.assignments.length === 0) return;
      const [{ ip = '', pool = '' } = {}] = decided.assignments;
      const label = pool === '' ? undefined : pool;
      const marked = marks(after) as { label: unknown; ingress: readonly { ip: string }[] };
      assert.deepEqual(
        {
          ...marked,
          label: marked.label === '' ? undefined : marked.label,
          ingress: marked.ingress.map((at) => at.ip),
        },
        {
          finalizer: true,
          label,
          record: pool === '' ? '' : `${pool}=${ip}`,
          ingress: [ip],
          condition: 'True',
          announced: stillSaid(before, ip),
        },
      );
      assert.equal(toService(after).claims, true);
    });
  });

  test('a Service that waits has the condition False, and no address of ours', async () => {
    await forAll((given, { plan: decided, before, after }) => {
      if (!decided.served || decided.assignments.length > 0) return;
      assert.equal(allocatedOf(after)?.status, 'False');
      assert.deepEqual([announcedOf(after)?.status, announcedOf(after)?.reason], ['False', 'NoAddress']);
      assert.equal(toService(after).claims, false);
      assert.deepEqual(ingressOf(after), isProved(given) ? [] : ingressOf(before));
    });
  });

  test('the time of the transition moves with the status, and with nothing else', async () => {
    await forAll((_given, { before, after }) => {
      for (const conditionOf of [allocatedOf, announcedOf]) {
        const [was, is] = [conditionOf(before), conditionOf(after)];
        if (is === undefined) continue;
        assert.equal(is.lastTransitionTime, was?.status === is.status ? SINCE : '2026-01-01T00:00:00Z');
      }
    });
  });

  test('all of it happens in the table', async () => {
    const seen = new Set<string>();
    await forAll((_given, { plan: decided }) => seen.add(decided.finding.reason));
    const reasons = ['Allocated', 'Deleting', 'ForeignClass', 'NotLoadBalancer', 'NotOptedIn', 'NoPoolMatches'];
    assert.deepEqual([...seen].sort(), [...reasons, 'PoolFull', 'ServedByAnother'].sort());
  });
});

const FRESH: Case = {
  condition: 'absent',
  finalizer: false,
  record: false,
  ingress: 'none',
  lbClass: 'ours',
  situation: 'room',
};

const HELD: Case = { ...FRESH, condition: 'True', finalizer: true, record: true, ingress: 'ours' };

suite('the patch of a Service, in full', () => {
  test('an address comes with finalizer, label, record and condition, in one patch', async () => {
    const { patch } = await course(FRESH);
    assert.deepEqual(patch, {
      metadata: {
        finalizers: [CLEANUP],
        labels: { [POOL_LABEL]: 'default' },
        annotations: { [RECORD]: `default=${OURS}` },
      },
      status: {
        loadBalancer: { ingress: [{ ip: OURS, ipMode: 'VIP' }] },
        conditions: [
          {
            type: ALLOCATED,
            status: 'True',
            reason: 'Allocated',
            message: `The Service has ${OURS}.`,
            observedGeneration: 1,
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
  });

  test('the condition Announced goes with a new address, and stays with those that are there', async () => {
    const api = new FakeKube({ clock: new FakeClock() });
    const held = objectOf({ ...HELD, record: false });
    assert.equal(announcedOf(held)?.status, 'True');
    const asking = (ip: string): kinds.Service => ({
      ...held,
      metadata: { ...held.metadata, annotations: { 'lb.kubesphere.io/ips': ip } },
    });
    const moved = await applied(api, step(api.store(kinds.services, asking('192.0.2.8')), 'room'));
    assert.deepEqual([ingressOf(moved), announcedOf(moved)], [[{ ip: '192.0.2.8', ipMode: 'VIP' }], undefined]);
    const kept = await applied(api, step(api.store(kinds.services, asking(OURS)), 'room'));
    assert.equal(announcedOf(kept)?.status, 'True');
  });

  test('kubectl replace drops our marks and keeps the status: the same address, marks repaired', async () => {
    for (const lbClass of ['ours', 'none'] as const) {
      const { plan: decided, after } = await course({ ...HELD, lbClass, finalizer: false, record: false });
      assert.equal(decided.served, true);
      const address = { record: `default=${OURS}`, ingress: [{ ip: OURS, ipMode: 'VIP' }] };
      assert.deepEqual(marks(after), {
        ...address,
        finalizer: true,
        label: 'default',
        condition: 'True',
        announced: 'True',
      });
    }
  });

  test('a restored object gets the address of its record, with or without our class', async () => {
    for (const lbClass of ['ours', 'none'] as const) {
      const { after } = await course({ ...FRESH, lbClass, finalizer: true, record: true });
      assert.deepEqual(ingressOf(after), [{ ip: OURS, ipMode: 'VIP' }]);
    }
  });

  test('the API server took the address away with the type: all marks go, with or without the record', async () => {
    for (const record of [true, false]) {
      const { after } = await course({ ...HELD, record, ingress: 'none', situation: 'ClusterIP' });
      assert.deepEqual(marks(after), NO_MARKS);
    }
  });

  test('a Service in the cloud with a host name and the same finalizer loses our conditions alone', async () => {
    const cloud: Case = { ...FRESH, lbClass: 'none', finalizer: true, ingress: 'name', condition: 'False' };
    const { patch } = await course(cloud);
    const conditions = [ALLOCATED, ANNOUNCED].map((type) => ({ $patch: 'delete', type }));
    assert.deepEqual(patch, { metadata: {}, status: { conditions } });
  });

  test('a Service that is deleted and has no other finalizer is gone', async () => {
    const api = new FakeKube({ clock: new FakeClock() });
    const held = objectOf(HELD);
    const stored = api.store(kinds.services, { ...held, metadata: { ...held.metadata, finalizers: [CLEANUP] } });
    api.remove(kinds.services, { namespace: 'shop', name: 'web' });
    const deleted = api.read(kinds.services, { namespace: 'shop', name: 'web' }) ?? stored;
    await applied(api, step(deleted, 'room'));
    assert.equal(api.read(kinds.services, { namespace: 'shop', name: 'web' }), undefined);
  });

  test('an unmet wish is said while the Service keeps its address', async () => {
    const held = objectOf(HELD);
    const annotations = { ...held.metadata?.annotations, 'lb.kubesphere.io/ips': '198.51.100.1' };
    const api = new FakeKube({ clock: new FakeClock() });
    const taken = step(api.store(kinds.services, { ...held, metadata: { ...held.metadata, annotations } }), 'room');
    const after = await applied(api, taken);
    assert.deepEqual(ingressOf(after), [{ ip: OURS, ipMode: 'VIP' }]);
    assert.equal(allocatedOf(after)?.status, 'True');
    assert.equal(allocatedOf(after)?.reason, 'WantedAddressOutsidePools');
    assert.match(allocatedOf(after)?.message ?? '', /198\.51\.100\.1.* Until then the Service keeps 192\.0\.2\.7\.$/);
    assert.equal(allocatedOf(after)?.lastTransitionTime, SINCE);
  });
});

suite('the message of the condition', () => {
  const wish = (ips: string): Record<string, string> => ({ 'lb.kubesphere.io/ips': ips });
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.repeat(2_000)).join(',');
  const hostile = {
    'an address of one long word': wish('z'.repeat(200_000)),
    'characters of two code units': wish('\u{1F600}'.repeat(50_000)),
    'the same, out of step': wish(`z${'\u{1F600}'.repeat(50_000)}`),
    'many long names of pools': { ...wish('198.51.100.1'), 'eip.openelb.kubesphere.io/v1alpha2': names },
  };
  for (const [what, added] of Object.entries(hostile)) {
    for (const given of [FRESH, HELD]) {
      test(`is bounded and well-formed with a wish of ${what}, condition ${given.condition}`, async () => {
        const object = objectOf(given);
        const annotations = { ...object.metadata?.annotations, ...added };
        const api = new FakeKube({ clock: new FakeClock() });
        const asked = api.store(kinds.services, { ...object, metadata: { ...object.metadata, annotations } });
        const after = await applied(api, step(asked, 'room'));
        const { message = '', reason = '' } = allocatedOf(after) ?? {};
        assert.match(reason, /^WantedAddress(Invalid|OutsidePools)$/);
        assert.ok(message.length > 100 && message.length <= 1_024, `${message.length}`);
        // The API server replaces halves of surrogate pairs, so that the condition would never be as we want it.
        assert.equal(message.isWellFormed(), true);
        assert.equal(message.includes(` Until then the Service keeps ${OURS}.`), given === HELD);
        assert.match(message, /(Correct|Ask for another) /);
        assert.equal(message.includes(' Ignored of the named Eips: '), what === 'many long names of pools');
        assert.equal(step(after, 'room').patch, undefined);
      });
    }
  }
});
