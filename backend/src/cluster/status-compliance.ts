import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../platform/linux/clock.ts';
import { isNotFound } from './errors.ts';
import { customResourceDefinitions, services } from './kinds.ts';
import type { CustomResourceDefinition, Service } from './kinds.ts';
import type { Kube } from './kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from './objects.ts';
import { patchFenced } from './write/apply-status.ts';

const namespace = 'default';
const deadlineMs = 45_000;
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const foreign = 'foreign.example/finalizer';

interface Gadget extends KubeObject {
  readonly status?: { readonly phase?: string };
}

const gadgets: ResourceKind<Gadget> = {
  group: 'compliance.example',
  version: 'v1',
  kind: 'Gadget',
  plural: 'gadgets',
  namespaced: false,
};

const gadgetDefinition: CustomResourceDefinition = {
  metadata: { name: 'gadgets.compliance.example' },
  spec: {
    group: gadgets.group,
    scope: 'Cluster',
    names: { kind: gadgets.kind, plural: gadgets.plural, singular: 'gadget' },
    versions: [
      {
        name: gadgets.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { status: { type: 'object', properties: { phase: { type: 'string' } } } },
          },
        },
      },
    ],
  },
};

function condition(type: string, reason: string): object {
  return { type, status: 'True', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

function balanced(name: string): Service {
  return {
    metadata: { name, namespace, labels: { keep: 'x' }, annotations: { keep: 'x' }, finalizers: [foreign] },
    spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80, protocol: 'TCP' }] },
  };
}

/** As the leader gives an address: one patch of the status for all that it says. */
const given = {
  type: 'strategic',
  metadata: { finalizers: [finalizer], labels: { pool: 'a' }, annotations: { record: 'a=192.0.2.1' } },
  fields: {
    status: {
      loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] },
      conditions: [condition('a.example/Ours', 'Given')],
    },
  },
  subresource: 'status',
} as const;

/** As it takes the address back; types know nothing of directives and of null. */
const taken = {
  type: 'strategic',
  metadata: {
    '$deleteFromPrimitiveList/finalizers': [finalizer],
    labels: { pool: null },
    annotations: { record: null },
  } as unknown as NonNullable<KubeObject['metadata']>,
  fields: {
    status: { loadBalancer: { ingress: null }, conditions: [{ $patch: 'delete', type: 'a.example/Ours' }] },
  },
  subresource: 'status',
} as const;

interface Facts {
  readonly finalizers: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly ingress: readonly (string | undefined)[] | undefined;
  readonly conditions: readonly string[];
}

function factsOf({ metadata, status }: Service): Facts {
  return {
    finalizers: metadata?.finalizers,
    labels: metadata?.labels,
    annotations: metadata?.annotations,
    ingress: status?.loadBalancer?.ingress?.map(({ ip }) => ip),
    conditions: (status?.conditions ?? []).map(({ type }) => type).sort(),
  };
}

async function createdWith(api: Kube, ref: ObjectRef): Promise<Service> {
  const made = await api.create(services, balanced(ref.name));
  return await patchFenced(api, services, made, {
    type: 'strategic',
    fields: { status: { conditions: [condition('b.example/Theirs', 'Stays')] } },
    subresource: 'status',
  });
}

/** A definition is served a moment after it was created. */
async function createGadget(api: Kube, gadget: Gadget): Promise<Gadget> {
  const end = systemClock.now() + deadlineMs;
  for (;;) {
    try {
      return await api.create(gadgets, gadget);
    } catch (error) {
      if (!isNotFound(error) || systemClock.now() > end) throw error;
      await new Promise<void>((resolve) => systemClock.setTimer(50, resolve));
    }
  }
}

/**
 * What a patch of `/status` may change: of a Service also labels, annotations and finalizers (registry/core/service/strategy.go:
 * serviceStatusStrategy resets nothing but the spec), of a custom resource the status alone (apiextensions-apiserver,
 * status_strategy.go).
 */
export function describeStatusPatches(
  open: () => Promise<{ readonly api: Kube }>,
  unique: (name: string) => string,
): void {
  it("gives a Service's metadata and status in one patch of the status, and takes both back", async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    const made = await createdWith(api, ref);
    const held = await patchFenced(api, services, made, given);
    assert.deepEqual(factsOf(await api.get(services, ref)), factsOf(held));
    assert.deepEqual(
      { ...factsOf(held), finalizers: [...(held.metadata?.finalizers ?? [])].sort() },
      {
        finalizers: [foreign, finalizer],
        labels: { keep: 'x', pool: 'a' },
        annotations: { keep: 'x', record: 'a=192.0.2.1' },
        ingress: ['192.0.2.1'],
        conditions: ['a.example/Ours', 'b.example/Theirs'],
      },
    );
    const freed = await patchFenced(api, services, held, taken);
    assert.deepEqual(factsOf(freed), {
      finalizers: [foreign],
      labels: { keep: 'x' },
      annotations: { keep: 'x' },
      ingress: undefined,
      conditions: ['b.example/Theirs'],
    });
    await api.patch(services, ref, { type: 'merge', body: { metadata: { finalizers: [] } } });
    await api.delete(services, ref);
  });

  it('keeps the spec of a Service whatever a patch of its status says', async () => {
    const { api } = await open();
    const { spec } = balanced('');
    const bare: Service = { metadata: { name: unique('svc'), namespace }, ...(spec === undefined ? {} : { spec }) };
    const made = await api.create(services, bare);
    const fields = { spec: { externalTrafficPolicy: 'Local' } };
    const after = await patchFenced(api, services, made, { type: 'strategic', fields, subresource: 'status' });
    assert.notEqual(after.spec?.externalTrafficPolicy, 'Local');
    assert.equal(after.metadata?.generation, made.metadata?.generation);
  });

  it('ends a deleted Service whose last finalizer goes through the status', async () => {
    const { api } = await open();
    const ref = { namespace, name: unique('svc') };
    const { metadata, ...fields } = balanced(ref.name);
    const made = await api.create(services, { metadata: { ...metadata, finalizers: [] }, ...fields });
    await patchFenced(api, services, made, given);
    await api.delete(services, ref);
    const deleted = await api.get(services, ref);
    assert.ok(deleted.metadata?.deletionTimestamp);
    await patchFenced(api, services, deleted, taken);
    await assert.rejects(api.get(services, ref), (error) => isNotFound(error));
  });

  it('changes nothing but the status of a custom resource through the status', async () => {
    const { api } = await open();
    await api.create(customResourceDefinitions, gadgetDefinition);
    const ref = { name: unique('gadget') };
    const made = await createGadget(api, { metadata: { ...ref, labels: { keep: 'x' } } });
    const after = await patchFenced(api, gadgets, made, {
      type: 'merge',
      metadata: { labels: { more: 'x' }, annotations: { more: 'x' }, finalizers: [foreign] },
      fields: { status: { phase: 'On' } },
      subresource: 'status',
    });
    assert.equal(after.status?.phase, 'On');
    const { labels, annotations, finalizers } = after.metadata ?? {};
    assert.deepEqual([labels, annotations, finalizers], [{ keep: 'x' }, undefined, undefined]);
    await api.delete(customResourceDefinitions, { name: gadgetDefinition.metadata?.name ?? '' });
  });
}
