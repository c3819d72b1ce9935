import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { describeKube } from './compliance.ts';
import { CountingKube } from './counting-kube.ts';
import { ApiError, NetworkError, type KubeError } from './errors.ts';
import { FakeKube } from './fake/fake-kube.ts';
import { services } from './kinds.ts';
import type { Kube, WatchHandlers } from './kube.ts';
import type { KubeObject } from './objects.ts';

describeKube('CountingKube', () => {
  const inner = new FakeKube({ clock: new FakeClock() });
  const compact = (): Promise<void> => Promise.resolve(inner.compact());
  return Promise.resolve({ api: new CountingKube(inner), compact });
});

const REF = { namespace: 'd', name: 's' };

function refused(status: number): ApiError {
  return new ApiError({ status, reason: '', message: 'no' });
}

function said(api: CountingKube): string[] {
  return api
    .calls()
    .map(({ verb, resource, result, count }) => `${verb} ${resource} ${result} ${count}`.replace('  ', ' '));
}

suite('calls', () => {
  test('are counted by what is done to which kind', async () => {
    const api = new CountingKube(new FakeKube({ clock: new FakeClock() }));
    await api.create(services, { metadata: REF });
    for (let i = 0; i < 3; i += 1) await api.get(services, REF);
    await api.patch(services, REF, { type: 'merge', body: { metadata: { labels: { a: 'b' } } } });
    await api.list(services);
    await api.delete(services, REF);
    await api.ping();
    assert.deepEqual(said(api), [
      'create services ok 1',
      'get services ok 3',
      'patch services ok 1',
      'list services ok 1',
      'delete services ok 1',
      'ping ok 1',
    ]);
  });

  test('that fail are counted by why, and fail all the same', async () => {
    let error: KubeError = refused(409);
    const inner = { get: () => Promise.reject(error) } as unknown as Kube;
    const api = new CountingKube(inner);
    const errors = [409, 404, 403, 410, 429, 400, 500, 503].map(refused);
    for (error of [...errors, new NetworkError('timeout', ''), new NetworkError('connection', '')]) {
      await assert.rejects(api.get(services, REF), error);
    }
    assert.deepEqual(
      api.calls().map(({ result, count }) => [result, count].join(' ')),
      [
        ...['conflict 1', 'not-found 1', 'forbidden 1', 'expired 1', 'throttled 1', 'client-error 1'],
        ...['server-error 2', 'timeout 1', 'connection 1'],
      ],
    );
  });

  test('that watch are counted when they end, and not when we end them', () => {
    const opened: WatchHandlers<KubeObject>[] = [];
    const watch = (_kind: unknown, _options: unknown, handlers: WatchHandlers<KubeObject>): { close: () => void } => {
      opened.push(handlers);
      return { close: () => undefined };
    };
    const api = new CountingKube({ watch } as unknown as Kube);
    const told: unknown[] = [];
    const handlers: WatchHandlers<KubeObject> = {
      onOpen: () => told.push('open'),
      onEvent: (type) => told.push(type),
      onBookmark: (version) => told.push(version),
      onClose: (error) => told.push(error),
    };
    const open = (): void => void api.watch(services, { resourceVersion: '1', timeoutSeconds: 1 }, handlers);
    for (let i = 0; i < 3; i += 1) open();
    const expired = refused(410);
    opened[0]?.onOpen();
    opened[0]?.onEvent('ADDED', {});
    opened[0]?.onBookmark('2');
    opened[0]?.onClose();
    opened[1]?.onClose(expired);
    assert.deepEqual(told, ['open', 'ADDED', '2', undefined, expired]);
    assert.deepEqual(said(api), ['watch services ok 1', 'watch services expired 1']);
  });
});
