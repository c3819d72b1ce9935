import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster, ServiceObject, Workload } from './cluster.ts';
import { takeoverPlan } from './plan.ts';
import { rollbackPlan } from './rollback.ts';
import type { Action, TakeoverPlan } from './step.ts';
import { applied } from './testing/applied.ts';
import { cluster, pool, workload } from './testing/clusters.ts';

const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';

/** A cluster that was taken over. */
function taken(before: Cluster): Cluster {
  let now = before;
  for (let round = 0; round < 5; round += 1) {
    const { steps } = takeoverPlan(now, '2026-01-01T12:00:00Z');
    const stop = steps.findIndex(({ lookAgain }) => lookAgain === true);
    now = applied(now, stop < 0 ? steps : steps.slice(0, stop + 1));
  }
  assert.deepEqual(takeoverPlan(now, '').steps, []);
  return now;
}

function actionsOf({ steps }: TakeoverPlan, step: string): readonly Action[] {
  return steps.find(({ id }) => id === step)?.actions ?? [];
}

/** One that PorterLB serves, and OpenELB would not. */
function since(name: string, ip: string, spec: ServiceObject['spec'] = {}): ServiceObject {
  return {
    metadata: {
      ...{ namespace: 'shop', name, finalizers: [CLEANUP] },
      annotations: { 'lb.kubesphere.io/assigned': `public=${ip}` },
    },
    spec: { type: 'LoadBalancer', ...spec },
    status: {
      loadBalancer: { ingress: [{ ip }] },
      conditions: [
        { type: 'network.kubesphere.io/Allocated', status: 'True' },
        { type: 'network.kubesphere.io/Announced', status: 'True' },
      ],
    },
  };
}

describe('a rollback', () => {
  it('says first that OpenELB is about to return, so that no replica begins that anybody starts meanwhile', () => {
    const after = taken(cluster('0.5'));
    const plan = rollbackPlan(after);
    assert.deepEqual(plan.steps.map(({ id }) => id).slice(0, 2), ['hold', 'stopOurs']);
    const [patch] = actionsOf(plan, 'hold');
    assert.deepEqual(patch, {
      ...{ do: 'patch', type: 'merge', path: '/apis/apps/v1/namespaces/openelb-system/deployments/openelb-manager' },
      body: { metadata: { annotations: { 'porterlb.kubesphere.io/takeover': 'returning' } } },
    });
    const held = applied(after, plan.steps.slice(0, 1));
    assert.deepEqual(actionsOf(rollbackPlan(held), 'hold'), []);
    const again = takeoverPlan(held, '');
    assert.deepEqual(
      again.steps.map(({ id }) => id),
      ['go', 'ready'],
      'whoever stays after all',
    );
  });

  it('names what OpenELB will not serve, keeps its addresses for it, and lets it be deleted', () => {
    const services = [
      since('by-class', '192.0.2.7', { loadBalancerClass: 'lb.kubesphere.io/porter' }),
      since('by-default', '192.0.2.8'),
    ];
    const before = taken(cluster('0.6'));
    const plan = rollbackPlan({ ...before, services: [...before.services, ...services] });
    const note = plan.findings.find(({ objects }) => objects.includes('shop/by-default'));
    assert.deepEqual([note?.kind, note?.objects], ['note', ['shop/by-class', 'shop/by-default']]);
    const [ledger] = actionsOf(plan, 'ledger');
    assert.deepEqual((ledger as { body: { status: { used: object } } }).body.status.used, {
      ...{ '192.0.2.1': 'shop/web', '192.0.2.2': 'shop/old' },
      ...{ '192.0.2.7': 'shop/by-class', '192.0.2.8': 'shop/by-default' },
    });
    const letGo = actionsOf(plan, 'letGo');
    assert.deepEqual(
      letGo.map((action) => 'path' in action && action.path),
      ['by-class', 'by-default'].map((name) => `/api/v1/namespaces/shop/services/${name}/status`),
    );
    const after = applied(
      { ...before, services },
      plan.steps.filter(({ id }) => id === 'letGo'),
    );
    assert.deepEqual(
      after.services.map(({ metadata, status }) => [metadata.finalizers, status?.conditions?.map(({ type }) => type)]),
      services.map(() => [[], ['network.kubesphere.io/Allocated']]),
    );
    assert.deepEqual(actionsOf(rollbackPlan(after), 'letGo'), []);
  });

  it('does not miss the DaemonSet that openelb-manager makes and deletes itself', () => {
    const [manager = workload('Deployment', 'none/none', [])] = cluster('0.5').workloads;
    const keepalived = workload('DaemonSet', 'openelb-system/openelb-keepalive-vip', ['n1']);
    const after = taken(cluster('0.5', { workloads: [manager, keepalived] }));
    const plan = rollbackPlan({ ...after, workloads: after.workloads.slice(0, 1) });
    assert.deepEqual(plan.findings, []);
  });

  it('that can not go on while nobody announces says that, too', () => {
    const after = taken(cluster('0.6'));
    const stopped = applied(after, rollbackPlan(after).steps.slice(0, 2));
    const [speaker] = stopped.workloads;
    const [finding] = rollbackPlan({ ...stopped, workloads: speaker === undefined ? [] : [speaker] }).findings;
    assert.match(finding?.text ?? '', /are gone/);
    assert.match(finding?.next ?? '', /PorterLB is stopped, and OpenELB waits/);
  });

  for (const kind of ['Deployment', 'DaemonSet'] as const) {
    it(`can be left at any moment by a takeover of a ${kind}, as whoever can not go on is told`, () => {
      const before = cluster('0.6', { manager: workload(kind, 'porterlb-system/porter-manager', ['n1', 'n2']) });
      const after = taken(before);
      const { steps } = rollbackPlan(after);
      const restart = steps.findIndex(({ id }) => id === 'restart');
      for (let done = 1; done <= restart; done += 1) {
        const between = applied(after, steps.slice(0, done));
        const back = takeoverPlan(between, '');
        assert.deepEqual(
          back.findings.filter(({ kind: of }) => of === 'obstacle'),
          [],
          steps[done - 1]?.id,
        );
        const ids = back.steps.map(({ id }) => id);
        assert.equal(ids.includes('start'), done > 1, ids.join());
        assert.ok(ids.includes('go') && !ids.includes('stop'), ids.join());
        const once = applied(between, back.steps);
        const again = applied(once, takeoverPlan(once, '').steps);
        assert.deepEqual(
          again.services.map(({ metadata }) => metadata.finalizers),
          [[CLEANUP], [CLEANUP]],
        );
        for (const { onFailure } of steps.slice(1, restart + 2)) assert.match(onFailure, /with --apply/);
      }
    });

    it(`does not stop a ${kind} of PorterLB that has a Pod on a dead node, which nobody could end`, () => {
      const after = taken(cluster('0.6', { manager: workload(kind, 'porterlb-system/porter-manager', ['n1', 'n2']) }));
      const pods = after.manager?.pods.map((pod) => ({ ...pod, isLost: pod.node === 'n2' })) ?? [];
      const lost = { ...after, manager: { ...after.manager, pods } as Workload };
      const [obstacle] = rollbackPlan(lost).findings;
      assert.deepEqual([obstacle?.kind, obstacle?.objects], ['obstacle', ['porterlb-system/porter-manager-n2 on n2']]);
      assert.match(obstacle?.next ?? '', /delete pod NAME --force/);
      const [held, stopped] = rollbackPlan(lost).steps;
      const between = applied(
        lost,
        [held, stopped].flatMap((step) => step ?? []),
      );
      const [note] = rollbackPlan({ ...between, manager: { ...between.manager, pods } as Workload }).findings;
      assert.equal(note?.kind, 'note', 'once it is stopped, its end is waited for');
    });
  }

  it('takes the right to look at workloads back that the takeover gave', () => {
    const speaker = workload('DaemonSet', 'lb/openelb-x7k2p-speaker', ['n1']);
    const strangers = [{ namespace: 'lb', names: ['openelb-x7k2p-speaker'], right: 'none' as const }];
    const before = cluster('0.6', { workloads: [speaker], strangers });
    const plan = takeoverPlan(before, '');
    const ids = plan.steps.map(({ id }) => id);
    assert.ok(ids.indexOf('allow') < ids.indexOf('stop'), ids.join());
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/lb';
    const [role, binding] = actionsOf(plan, 'allow') as readonly unknown[] as {
      path: string;
      body: { rules?: object[]; subjects?: object[] };
    }[];
    assert.deepEqual(
      [role?.path, role?.body.rules, binding?.path, binding?.body.subjects],
      [
        `${rbac}/roles`,
        [
          {
            apiGroups: ['apps'],
            resources: ['deployments', 'daemonsets'],
            ...{ resourceNames: ['openelb-x7k2p-speaker'], verbs: ['get'] },
          },
        ],
        `${rbac}/rolebindings`,
        [{ kind: 'ServiceAccount', name: 'porter-manager', namespace: 'porterlb-system' }],
      ],
    );
    const after = taken(before);
    assert.deepEqual(
      after.strangers.map(({ right }) => right),
      ['whole'],
    );
    // One of the two may have been deleted when it was interrupted.
    const half = after.strangers.map((stranger) => ({ ...stranger, right: 'half' as const }));
    assert.deepEqual(actionsOf(rollbackPlan({ ...after, strangers: half }), 'forget').length, 3);
    assert.deepEqual(actionsOf(takeoverPlan({ ...before, strangers: half }, ''), 'allow').length, 2);
    assert.deepEqual(
      actionsOf(rollbackPlan(after), 'forget').map((action) => 'path' in action && action.path),
      [
        `${rbac}/rolebindings/porter-manager-takeover`,
        `${rbac}/roles/porter-manager-takeover`,
        '/api/v1/namespaces/porterlb-system/configmaps/porterlb-takeover-openelb',
      ],
    );
  });

  it('has finalizers of the node proxy taken off before, which nobody would do later', () => {
    const key = 'node-proxy.openelb.kubesphere.io/finalizer';
    const proxied = {
      metadata: { namespace: 'shop', name: 'proxied', finalizers: [key] },
      spec: { type: 'LoadBalancer' },
    };
    const after = taken(cluster('0.6', { services: [proxied], pools: [pool('public', {})] }));
    assert.deepEqual(
      after.services.map(({ metadata }) => metadata.finalizers),
      [[]],
    );
  });
});
