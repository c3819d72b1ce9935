import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../platform/linux/clock.ts';
import { ApiError, isConflict, isExpired, isNotFound } from './errors.ts';
import type { KubeError } from './errors.ts';
import { leases, nodes, services } from './kinds.ts';
import type { Lease, Node, Service } from './kinds.ts';
import type { Kube, Selection, Watch } from './kube.ts';
import type { KubeObject, ResourceKind } from './objects.ts';
import { describeDeletions } from './deletion-compliance.ts';
import { describeStatusPatches } from './status-compliance.ts';
import { applyOwnStatus, patchFenced, pruneOwnStatus } from './write/apply-status.ts';

export interface Subject {
  readonly api: Kube;
  /** Makes the API server forget its history. */
  readonly compact: () => Promise<void>;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

const namespace = 'default';
const deadlineMs = 45_000;

function condition(type: string, reason: string): Condition {
  return { type, status: 'True', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

function service(name: string, labels: Record<string, string> = {}): Service {
  return {
    metadata: { name, namespace, labels },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], selector: { app: name } },
  };
}

const conditionsOf = (object: Service): readonly unknown[] => object.status?.conditions ?? [];
const typesOf = (object: Service): unknown[] => conditionsOf(object).map((entry) => (entry as Condition).type);

/** What a watch told, and a way to wait for it. */
class Recording<T extends KubeObject> {
  readonly told: string[] = [];
  closed: { readonly error: KubeError | undefined } | undefined;
  readonly #watch: Watch;
  #wake: () => void = () => undefined;

  constructor(
    api: Kube,
    kind: ResourceKind<T>,
    options: Selection & { resourceVersion: string; timeoutSeconds?: number },
  ) {
    const note = (text: string): void => {
      this.told.push(text);
      this.#wake();
    };
    this.#watch = api.watch(
      kind,
      { timeoutSeconds: 60, ...options },
      {
        onOpen: () => note('OPEN'),
        onEvent: (type, object) => note(`${type} ${object.metadata?.name ?? ''}`),
        onBookmark: () => undefined,
        onClose: (error) => {
          this.closed = { error };
          note('CLOSED');
        },
      },
    );
  }

  /** Waits until that many lines were told; the time limit is there to end a failing test. */
  async until(count: number): Promise<readonly string[]> {
    return await this.#wait(() => this.told.length >= count);
  }

  async untilClosed(): Promise<readonly string[]> {
    return await this.#wait(() => this.closed !== undefined);
  }

  async #wait(met: () => boolean): Promise<readonly string[]> {
    let expired = false;
    const deadline = systemClock.setTimer(deadlineMs, () => {
      expired = true;
      this.#wake();
    });
    while (!met() && !expired) await new Promise<void>((wake) => (this.#wake = wake));
    deadline.cancel();
    return this.told;
  }

  close(): void {
    this.#watch.close();
  }
}

/** Holds an implementation of `Kube` to what the Kubernetes API does. */
export function describeKube(title: string, open: () => Promise<Subject>): void {
  describe(title, () => {
    let number = 0;
    const unique = (name: string): string => `${name}-${process.pid}-${(number += 1)}`;

    describe('objects', () => describeObjects(open, unique));
    describe('deletions', () => describeDeletions(open, unique));
    describe('patches', () => describePatches(open, unique));
    describe('patches of the status', () => describeStatusPatches(open, unique));
    describe('server-side apply', () => describeApply(open, unique));
    describe('lists', () => describeLists(open, unique));
    describe('watches', () => describeWatches(open, unique));
    it('says that it lives', async () => {
      const { api } = await open();
      await api.ping({ timeoutMs: deadlineMs });
    });
  });
}

type Unique = (name: string) => string;

function describeObjects(open: () => Promise<Subject>, unique: Unique): void {
  it('gives a created object its identity and refuses a second of that name', async () => {
    const { api } = await open();
    const name = unique('svc');
    const created = await api.create(services, service(name));
    assert.equal(created.kind, 'Service');
    assert.ok(created.metadata?.uid && created.metadata.resourceVersion && created.metadata.creationTimestamp);
    await assert.rejects(api.create(services, service(name)), (error) => isConflict(error));
    assert.equal((await api.get(services, { namespace, name })).metadata?.uid, created.metadata.uid);
  });

  it('answers 404 with a reason for what does not exist', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('nothing') };
    await assert.rejects(api.get(services, ref), (error) => error instanceof ApiError && error.reason === 'NotFound');
    await assert.rejects(api.delete(services, ref), (error) => isNotFound(error));
    const change = { type: 'merge', body: {} } as const;
    await assert.rejects(api.patch(services, ref, change), (error) => isNotFound(error));
  });
}

function describePatches(open: () => Promise<Subject>, unique: Unique): void {
  it('refuses a patch with an old resourceVersion, of either kind', async () => {
    const { api } = await open();
    const old = await api.create(services, service(unique('svc')));
    await patchFenced(api, services, old, { type: 'merge', metadata: { labels: { a: '1' } } });
    for (const type of ['merge', 'strategic'] as const) {
      const late = patchFenced(api, services, old, { type, metadata: { labels: { a: '2' } } });
      await assert.rejects(late, (error) => isConflict(error));
    }
    const now = await api.get(services, { namespace, name: old.metadata?.name ?? '' });
    assert.equal(now.metadata?.labels?.['a'], '1');
  });

  it('changes the status through the subresource only', async () => {
    const { api } = await open();
    const made = await api.create(services, service(unique('svc')));
    const fields = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } };
    const ignored = await patchFenced(api, services, made, { type: 'strategic', fields });
    assert.equal(ignored.status?.loadBalancer?.ingress, undefined);
    const typed = { spec: { type: 'LoadBalancer' } };
    const balanced = await patchFenced(api, services, ignored, { type: 'strategic', fields: typed });
    const written = await patchFenced(api, services, balanced, { type: 'strategic', fields, subresource: 'status' });
    assert.deepEqual(written.status?.loadBalancer?.ingress, [{ ip: '192.0.2.1', ipMode: 'VIP' }]);
  });

  it('keeps the conditions of others in a strategic merge and loses them in a merge', async () => {
    const { api } = await open();
    const made = await api.create(services, service(unique('svc')));
    const first = { status: { conditions: [condition('a.example/One', 'First')] } };
    const second = { status: { conditions: [condition('b.example/Two', 'First')] } };
    const one = await patchFenced(api, services, made, { type: 'strategic', fields: first, subresource: 'status' });
    const two = await patchFenced(api, services, one, { type: 'strategic', fields: second, subresource: 'status' });
    assert.deepEqual(typesOf(two).sort(), ['a.example/One', 'b.example/Two']);
    const three = await patchFenced(api, services, two, { type: 'merge', fields: second, subresource: 'status' });
    assert.deepEqual(typesOf(three), ['b.example/Two']);
  });

  it('removes a label by null and adds finalizers as to a set', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    await api.create(services, service(ref.name, { keep: 'x', drop: 'x' }));
    const labels = { drop: null } as unknown as Record<string, string>;
    const patched = await api.patch(services, ref, {
      type: 'strategic',
      body: { metadata: { labels, finalizers: ['a.example/one'] } },
    });
    assert.deepEqual(patched.metadata?.labels, { keep: 'x' });
    const again = await api.patch(services, ref, {
      type: 'strategic',
      body: { metadata: { finalizers: ['a.example/two'] } },
    });
    assert.deepEqual([...(again.metadata?.finalizers ?? [])].sort(), ['a.example/one', 'a.example/two']);
    await api.patch(services, ref, { type: 'merge', body: { metadata: { finalizers: [] } } });
    await api.delete(services, ref);
  });

  it('carries out a JSON patch only if its tests hold', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    await api.create(services, service(ref.name, { 'a/b': '1' }));
    const path = '/metadata/labels/a~1b';
    const change = (was: string) =>
      ({
        type: 'json',
        body: [
          { op: 'test', path, value: was },
          { op: 'replace', path, value: '2' },
        ],
      }) as const;
    await assert.rejects(
      api.patch(services, ref, change('9')),
      (error) => error instanceof ApiError && error.status === 422,
    );
    assert.equal((await api.patch(services, ref, change('1'))).metadata?.labels?.['a/b'], '2');
  });

  it('keeps the resourceVersion when a patch changes nothing', async () => {
    const { api } = await open();
    const made = await api.create(services, service(unique('svc'), { a: '1' }));
    const same = await patchFenced(api, services, made, { type: 'merge', metadata: { labels: { a: '1' } } });
    assert.equal(same.metadata?.resourceVersion, made.metadata?.resourceVersion);
  });
}

function describeApply(open: () => Promise<Subject>, unique: Unique): void {
  const own = (name: string, replica: string, reason: string) => ({
    ref: { namespace, name },
    replica,
    status: { conditions: [condition(`${replica}.example/Session`, reason)] },
  });

  it('lets each replica write its own entry and take it back', async () => {
    const { api } = await open();
    const name = unique('svc');
    await api.create(services, service(name));
    await applyOwnStatus(api, services, own(name, 'one', 'Up'));
    const both = await applyOwnStatus(api, services, own(name, 'two', 'Up'));
    assert.deepEqual(typesOf(both).sort(), ['one.example/Session', 'two.example/Session']);
    const changed = await applyOwnStatus(api, services, own(name, 'one', 'Down'));
    const reasons = conditionsOf(changed).map((entry) => (entry as Condition).reason);
    assert.deepEqual(reasons.sort(), ['Down', 'Up']);
    const pruned = await pruneOwnStatus(api, services, { ref: { namespace, name }, replica: 'one' });
    assert.deepEqual(typesOf(pruned), ['two.example/Session']);
  });

  it('creates nothing through a subresource', async () => {
    const { api } = await open();
    // Not a Service: they alone are created by any update (strategy.go: AllowCreateOnUpdate).
    const none = { ...own(unique('none'), 'one', 'Up'), ref: { name: unique('none') } };
    await assert.rejects(applyOwnStatus(api, nodes, none), (error) => isNotFound(error));
    await assert.rejects(api.get(nodes, none.ref), (error) => isNotFound(error));
  });

  it('reports a field that somebody else owns, unless it is forced', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('lease') };
    const change = (fieldManager: string, force: boolean) => {
      const body: Lease = { metadata: ref, spec: { holderIdentity: fieldManager } };
      return { type: 'apply', body, fieldManager, force } as const;
    };
    const created = await api.patch(leases, ref, change('one', false));
    assert.equal(created.spec?.holderIdentity, 'one');
    await assert.rejects(api.patch(leases, ref, change('two', false)), (error) => isConflict(error));
    assert.equal((await api.patch(leases, ref, change('two', true))).spec?.holderIdentity, 'two');
    await api.delete(leases, ref);
  });
}

function describeLists(open: () => Promise<Subject>, unique: Unique): void {
  const make = async (api: Kube, label: string, names: readonly string[]): Promise<void> => {
    for (const name of names)
      await api.create(services, service(name, { set: label, odd: String(names.indexOf(name) % 2) }));
  };

  it('comes in pages of one moment', async () => {
    const { api } = await open();
    const label = unique('set');
    await make(api, label, ['a', 'b', 'c'].map(unique));
    const selection = { namespace, labelSelector: `set=${label}` };
    const first = await api.list(services, { ...selection, limit: 2 });
    assert.equal(first.items.length, 2);
    const rest = await api.list(services, { ...selection, limit: 2, continue: first.continue ?? '' });
    assert.equal(rest.items.length, 1);
    assert.equal(rest.continue, undefined);
    assert.equal(rest.resourceVersion, first.resourceVersion);
  });

  it('selects by labels and by name', async () => {
    const { api } = await open();
    const label = unique('set');
    const names = ['a', 'b', 'c'].map(unique);
    await make(api, label, names);
    const count = async (selection: Selection): Promise<number> => (await api.list(services, selection)).items.length;
    assert.equal(await count({ namespace, labelSelector: `set=${label},odd!=1` }), 2);
    assert.equal(await count({ labelSelector: `set in (${label},x),!none` }), 3);
    assert.equal(await count({ namespace, fieldSelector: `metadata.name=${names[1] ?? ''}` }), 1);
    assert.equal(await count({ namespace: 'kube-public', labelSelector: `set=${label}` }), 0);
  });

  it('lists a cluster-scoped kind', async () => {
    const { api } = await open();
    const node: Node = { metadata: { name: unique('node'), labels: { 'example/kind': 'test' } } };
    await api.create(nodes, node);
    const { items } = await api.list(nodes, { fieldSelector: `metadata.name=${node.metadata?.name ?? ''}` });
    assert.deepEqual(
      items.map((item) => item.metadata?.labels?.['example/kind']),
      ['test'],
    );
    await api.delete(nodes, { name: node.metadata?.name ?? '' });
  });
}

function describeWatches(open: () => Promise<Subject>, unique: Unique): void {
  it('tells what happened since the list, in order', async () => {
    const { api } = await open();
    const label = unique('set');
    const labelSelector = `set=${label}`;
    const { resourceVersion } = await api.list(services, { labelSelector });
    const name = unique('svc');
    const made = await api.create(services, service(name, { set: label }));
    const recording = new Recording(api, services, { labelSelector, resourceVersion });
    await recording.until(2);
    await patchFenced(api, services, made, { type: 'merge', metadata: { labels: { more: 'x' } } });
    await api.delete(services, { namespace, name });
    const told = await recording.until(4);
    recording.close();
    assert.deepEqual(told, ['OPEN', `ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
  });

  it('takes an object that leaves the selection for deleted', async () => {
    const { api } = await open();
    const label = unique('set');
    const made = await api.create(services, service(unique('svc'), { set: label }));
    const recording = new Recording(api, services, {
      labelSelector: `set=${label}`,
      resourceVersion: made.metadata?.resourceVersion ?? '',
    });
    await recording.until(1);
    await patchFenced(api, services, made, { type: 'merge', metadata: { labels: { set: 'other' } } });
    const told = await recording.until(2);
    recording.close();
    assert.deepEqual(told, ['OPEN', `DELETED ${made.metadata?.name ?? ''}`]);
  });

  it('answers 410 to a version that is forgotten', async () => {
    const { api, compact } = await open();
    const made = await api.create(services, service(unique('svc')));
    await patchFenced(api, services, made, { type: 'merge', metadata: { labels: { a: '1' } } });
    await compact();
    const recording = new Recording(api, services, { resourceVersion: made.metadata?.resourceVersion ?? '' });
    const told = await recording.untilClosed();
    recording.close();
    assert.ok(isExpired(recording.closed?.error), `told ${told.join(', ')}; ${String(recording.closed?.error)}`);
    assert.ok(!told.some((line) => line.startsWith('MODIFIED')), 'no event from a history with gaps');
  });

  it('is silent once it is closed', async () => {
    const { api } = await open();
    const label = unique('set');
    const { resourceVersion } = await api.list(services, { labelSelector: `set=${label}` });
    const closed = new Recording(api, services, { labelSelector: `set=${label}`, resourceVersion });
    const open_ = new Recording(api, services, { labelSelector: `set=${label}`, resourceVersion });
    await Promise.all([closed.until(1), open_.until(1)]);
    closed.close();
    await api.create(services, service(unique('svc'), { set: label }));
    await open_.until(2);
    open_.close();
    assert.deepEqual(closed.told, ['OPEN']);
    assert.equal(closed.closed, undefined);
  });
}
