import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isConflict, isNotFound } from './errors.ts';
import { deployments, services } from './kinds.ts';
import type { Service } from './kinds.ts';
import type { Kube } from './kube.ts';
import type { KubeObject } from './objects.ts';

const namespace = 'default';

function service(name: string): Service {
  return {
    metadata: { name, namespace },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], selector: { app: name } },
  };
}

function deployment(name: string): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } };
  return {
    metadata: { name, namespace },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  } as KubeObject;
}

/** Nobody collects garbage where this runs. */
export function describeDeletions(open: () => Promise<{ readonly api: Kube }>, unique: (name: string) => string): void {
  it('deletes only what meets the preconditions', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    const created = await api.create(services, service(ref.name));
    const wrong = { uid: '00000000-0000-0000-0000-000000000000' };
    await assert.rejects(api.delete(services, ref, { preconditions: wrong }), (error) => isConflict(error));
    await api.delete(services, ref, { preconditions: { uid: created.metadata?.uid ?? '' } });
    await assert.rejects(api.get(services, ref), (error) => isNotFound(error));
  });

  it('keeps an object until its last finalizer is gone', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
    const made = service(ref.name);
    await api.create(services, { ...made, metadata: { ...made.metadata, finalizers } });
    await api.delete(services, ref);
    assert.ok((await api.get(services, ref)).metadata?.deletionTimestamp);
    await api.patch(services, ref, { type: 'merge', body: { metadata: { finalizers: [] } } });
    await assert.rejects(api.get(services, ref), (error) => isNotFound(error));
  });

  it('keeps what is deleted in the foreground, marked, until somebody deletes it in the background', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('workload') };
    const kind = deployments;
    await api.create(kind, deployment(ref.name));
    for (let time = 0; time < 2; time += 1) {
      await api.delete(kind, ref, { propagationPolicy: 'Foreground' });
      const { metadata } = await api.get(kind, ref);
      assert.deepEqual(metadata?.finalizers, ['foregroundDeletion']);
      assert.ok(metadata?.deletionTimestamp);
    }
    await api.delete(kind, ref, { propagationPolicy: 'Background' });
    await assert.rejects(api.get(kind, ref), (error) => isNotFound(error));
  });
}
