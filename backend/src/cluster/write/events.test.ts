import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass } from '../fake/passage.ts';
import { events, nodes, services } from '../kinds.ts';
import type { Event, Service } from '../kinds.ts';
import { EventRecorder } from './events.ts';
import type { Occurrence } from './events.ts';

const allocated: Occurrence = {
  type: 'Normal',
  reason: 'Allocated',
  action: 'Allocate',
  note: '192.0.2.1 from pool a',
};

function bench(): {
  clock: FakeClock;
  api: FakeKube;
  recorder: EventRecorder;
  logger: FakeLogger;
  written: () => Event[];
} {
  const clock = new FakeClock();
  const api = new FakeKube({ clock });
  const logger = new FakeLogger();
  const recorder = new EventRecorder(
    { api, clock, random: { next: () => 0.5 }, logger },
    { reportingController: 'porterlb.kubesphere.io/porter-manager', reportingInstance: 'porter-manager-0' },
  );
  return { clock, api, recorder, logger, written: () => api.readAll(events) };
}

function service(name: string): Service {
  return { metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: '7' } };
}

describe('EventRecorder', () => {
  it('writes what happened, to which object, and who says so', async () => {
    const { clock, recorder, written } = bench();
    recorder.record(services, service('web'), allocated);
    await pass(clock, 100);
    const [event] = written();
    assert.equal(event?.metadata?.namespace, 'shop');
    assert.equal(event?.reason, 'Allocated');
    assert.equal(event?.action, 'Allocate');
    assert.equal(event?.note, '192.0.2.1 from pool a');
    assert.equal(event?.type, 'Normal');
    assert.equal(event?.eventTime, '2026-01-01T00:00:00.000000Z');
    assert.equal(event?.reportingInstance, 'porter-manager-0');
    const regarding = {
      apiVersion: 'v1',
      kind: 'Service',
      name: 'web',
      namespace: 'shop',
      uid: 'uid-of-web',
      resourceVersion: '7',
    };
    assert.deepEqual(event?.regarding, regarding);
  });

  it('puts Events of cluster-scoped objects into the namespace `default`', async () => {
    const { clock, recorder, written } = bench();
    recorder.record(nodes, { metadata: { name: 'n1' } }, allocated);
    await pass(clock, 100);
    assert.equal(written()[0]?.metadata?.namespace, 'default');
    assert.equal(written()[0]?.regarding?.namespace, undefined);
  });

  it('counts repetitions in a series, and begins anew after a quiet time', async () => {
    const { clock, recorder, written } = bench();
    for (let time = 0; time < 5; time += 1) {
      recorder.record(services, service('web'), allocated);
      await pass(clock, 1_000);
    }
    assert.equal(written().length, 1);
    assert.deepEqual(written()[0]?.series, { count: 5, lastObservedTime: '2026-01-01T00:00:04.000000Z' });
    await pass(clock, 400_000, 10_000);
    recorder.record(services, service('web'), allocated);
    await pass(clock, 100);
    assert.equal(written().length, 2);
  });

  it('writes one Event for repetitions that come before it could be written', async () => {
    const { clock, api, recorder, written } = bench();
    for (let time = 0; time < 500; time += 1) recorder.record(services, service('web'), allocated);
    await pass(clock, 1_000);
    assert.equal(written().length, 1);
    assert.equal(written()[0]?.series?.count, 500);
    assert.ok(api.writes.length <= 2);
  });

  it('bounds its rate: a burst of a thousand takes its time', async () => {
    const { clock, recorder, written } = bench();
    for (let number = 0; number < 1_000; number += 1) recorder.record(services, service(`s${number}`), allocated);
    await pass(clock, 1_000);
    assert.ok(written().length >= 50 && written().length <= 60, `${written().length} in the first second`);
    await pass(clock, 100_000, 1_000);
    assert.ok(written().length > 950 && recorder.dropped === 0, `${written().length} after 100 s`);
  });

  it('leaves the API server to those who make a burst, all but one a second, and catches up when it is over', async () => {
    const { clock, recorder, written } = bench();
    for (let number = 0; number < 1_000; number += 1) {
      recorder.record(services, service(`s${number}`), allocated);
      await pass(clock, 50);
    }
    // The 50 that may come at once, one for each second of the burst, and those of its first moments.
    assert.ok(written().length >= 90 && written().length <= 120, `${written().length} within 50 s`);
    await pass(clock, 95_000, 1_000);
    assert.ok(written().length > 950 && recorder.dropped === 0, `${written().length} after 95 s more`);
  });

  it('takes a burst that slows down for a burst, until it is over', async () => {
    const { clock, recorder, written } = bench();
    const record = async (count: number, everyMs: number): Promise<void> => {
      for (let number = 0; number < count; number += 1) {
        recorder.record(services, service(`every-${everyMs}-${number}`), allocated);
        await pass(clock, everyMs);
      }
    };
    await record(200, 50);
    const before = written().length;
    await record(100, 200);
    const inBetween = written().length - before;
    assert.ok(inBetween >= 18 && inBetween <= 22, `${inBetween} within 20 s`);
    await pass(clock, 30_000, 1_000);
    assert.equal(written().length, 300);
  });

  it('bounds its memory and counts what it drops', async () => {
    const { recorder } = bench();
    const inShop = Array.from({ length: 5_000 }, (_, number) => service(`s${number}`));
    for (const one of inShop) recorder.record(services, one, allocated);
    assert.equal(recorder.dropped, 5_000 - 2_048);
    for (const one of inShop) {
      const namespace = `${one.metadata?.uid?.slice(-2)}-team`;
      recorder.record(
        services,
        { metadata: { ...one.metadata, name: 'web', namespace, uid: `${namespace} ${one.metadata?.name}` } },
        allocated,
      );
    }
    assert.equal(recorder.dropped, 10_000 - 4_096);
    recorder.stop();
    await Promise.resolve();
  });

  it('tries again when the API server is away, and writes once when only the answer got lost', async () => {
    const { clock, api, recorder, written } = bench();
    api.faults.inject({
      verb: 'create',
      times: 1,
      error: new NetworkError('connection', 'ECONNRESET'),
      afterwards: true,
    });
    recorder.record(services, service('web'), allocated);
    await pass(clock, 5_000);
    assert.equal(written().length, 1);
    assert.equal(recorder.dropped, 0);
  });

  it('drops what the API server refuses, and says so', async () => {
    const { clock, api, recorder, logger } = bench();
    const gone = new ApiError({ status: 403, reason: 'Forbidden', message: 'namespace is being terminated' });
    api.faults.inject({ verb: 'create', times: 1, error: gone });
    recorder.record(services, service('web'), allocated);
    await pass(clock, 1_000);
    assert.equal(recorder.dropped, 1);
    assert.deepEqual(
      logger.entries.map((entry) => entry.fields['status']),
      [403],
    );
    recorder.record(services, service('other'), allocated);
    await pass(clock, 1_000);
    assert.equal(api.writes.length, 1);
  });

  it('waits as long as a server asks that has too much to do, and loses nothing by that', async () => {
    const { clock, api, recorder, written } = bench();
    const error = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 20_000 });
    api.faults.inject({ verb: 'create', times: 1, error });
    recorder.record(services, service('web'), allocated);
    await pass(clock, 19_900, 100);
    assert.deepEqual(written(), []);
    await pass(clock, 200);
    assert.equal(written()[0]?.reason, 'Allocated');
  });

  it('makes an Event anew that the API server has forgotten', async () => {
    const { clock, api, recorder, written } = bench();
    recorder.record(services, service('web'), allocated);
    await pass(clock, 1_000);
    const { name = '' } = written()[0]?.metadata ?? {};
    api.remove(events, { namespace: 'shop', name });
    recorder.record(services, service('web'), allocated);
    await pass(clock, 1_000);
    assert.equal(written()[0]?.series?.count, 2);
  });

  it('cuts a note that is too long for the API at a character', async () => {
    const { clock, recorder, written } = bench();
    recorder.record(services, service('web'), { ...allocated, note: `x${'ü'.repeat(2_000)}` });
    await pass(clock, 100);
    const note = written()[0]?.note ?? '';
    assert.ok(Buffer.byteLength(note) <= 1_024 && Buffer.byteLength(note) > 1_020);
    assert.match(note, /^xü+$/);
  });

  it("a tenant's thousands of Events, each another one, leave other tenants theirs, soon", async () => {
    const { clock, recorder, written } = bench();
    const evil: Service = { metadata: { name: 'evil', namespace: 'evil', uid: 'uid-of-evil' } };
    const notes = Array.from({ length: 4_300 }, (_, i) => ({ ...allocated, note: `wanted ${i}` }));
    for (const [i, occurrence] of notes.entries()) {
      recorder.record(services, evil, occurrence);
      if (i % 12 === 11) await pass(clock, 1_000, 1_000);
    }
    recorder.record(services, service('web'), allocated);
    await pass(clock, 2_000, 500);
    assert.deepEqual(
      written().flatMap(({ regarding }) => (regarding?.namespace === 'shop' ? [regarding.name] : [])),
      ['web'],
    );
    assert.ok(recorder.dropped > 0);
    // When the tenant has been quiet for the time of a series and its queue is written, it has its share again.
    await pass(clock, 4_000_000, 1_000);
    const dropped = recorder.dropped;
    recorder.record(services, evil, { ...allocated, note: 'at last' });
    await pass(clock, 2_000, 500);
    assert.equal(recorder.dropped, dropped);
    assert.ok(written().some(({ note }) => note === 'at last'));
  });
});
