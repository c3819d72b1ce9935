import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster, ServiceObject } from './cluster.ts';
import { takeoverPlan } from './plan.ts';
import { rollbackPlan } from './rollback.ts';
import { planText } from './show.ts';
import type { Action, TakeoverPlan } from './step.ts';
import { applied } from './testing/applied.ts';
import { cluster, old, pool, workload } from './testing/clusters.ts';
import { view } from '../testing/answers.ts';

const NOW = '2026-01-01T12:00:00Z';

function ids({ steps }: TakeoverPlan): string[] {
  return steps.map(({ id }) => id);
}

function obstacles({ findings }: TakeoverPlan): string[] {
  return findings
    .filter(({ kind }) => kind === 'obstacle')
    .map(({ text, objects }) => [text.split(',')[0], ...objects].join(' | '));
}

/** As it is executed: planned anew wherever the plan says so. */
function through(before: Cluster, plan: (cluster: Cluster) => TakeoverPlan): { after: Cluster; rounds: string[][] } {
  const rounds: string[][] = [];
  let now = before;
  for (let round = 0; round < 10; round += 1) {
    const { steps } = plan(now);
    const last = steps.findIndex(({ lookAgain }) => lookAgain === true);
    const part = last < 0 ? steps : steps.slice(0, last + 1);
    if (part.length === 0) return { after: now, rounds };
    rounds.push(part.map(({ id }) => id));
    now = applied(now, part);
  }
  throw new Error('it never ends');
}

const take = (now: Cluster): TakeoverPlan => takeoverPlan(now, NOW);

function patchOf(plan: TakeoverPlan, path: string): unknown {
  const found = plan.steps
    .flatMap(({ actions }) => actions)
    .find((action: Action) => 'path' in action && action.path === path);
  return found !== undefined && 'body' in found ? found.body : undefined;
}

describe('a takeover', () => {
  for (const version of ['0.5', '0.6'] as const) {
    it(`of OpenELB ${version} stops it only when all else is prepared, and says so only when it is gone`, () => {
      const { rounds, after } = through(cluster(version), take);
      assert.deepEqual(rounds, [
        ['prepare', 'record', 'crds', 'adopt', 'webhooks', 'stop'],
        ['pools', 'go', 'finalizers', 'storage', 'ready'],
      ]);
      assert.deepEqual([ids(take(after)), after.webhooks], [[], []]);
      const left = [...after.services, ...after.pools, ...after.confs, ...after.peers].flatMap(
        ({ metadata }) => metadata.finalizers ?? [],
      );
      assert.deepEqual([...new Set(left)], ['service.kubernetes.io/load-balancer-cleanup']);
      assert.ok(after.workloads.every(({ pods }) => pods.length === 0));
      assert.deepEqual(
        after.crds.map(({ metadata, status }) => [metadata.labels, Object.keys(metadata.annotations ?? {}), status]),
        after.crds.map(() => [{}, ['porterlb.kubesphere.io/version'], { storedVersions: ['v1alpha2'] }]),
      );
    });
  }

  it('waits for Pods that are still there, and goes on with what changed meanwhile', () => {
    const stopping = { annotations: { 'porterlb.kubesphere.io/takeover': 'stopping' } };
    const there = workload('Deployment', 'openelb-system/openelb-manager', ['n1'], stopping);
    const ending = { ...there, object: { ...there.object, spec: { replicas: 0 } } };
    const [first] = take(cluster('0.5', { workloads: [ending], crds: [], webhooks: [] })).steps.filter(
      ({ lookAgain }) => lookAgain,
    );
    assert.deepEqual(first?.actions, [{ do: 'awaitEnd', kind: 'Deployment', key: 'openelb-system/openelb-manager' }]);
    const gone = cluster('0.5', { workloads: [{ ...ending, pods: [] }], crds: [], webhooks: [] });
    assert.deepEqual(ids(take(gone)), ['record', 'adopt', 'pools', 'go', 'finalizers', 'ready']);
  });

  it('writes addresses down as PorterLB does, of both eras', () => {
    const plan = take(cluster('0.6'));
    for (const [name, ip] of [
      ['web', '192.0.2.1'],
      ['old', '192.0.2.2'],
    ]) {
      assert.deepEqual(patchOf(plan, `/api/v1/namespaces/shop/services/${name}/status`), {
        metadata: {
          finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
          annotations: { 'lb.kubesphere.io/assigned': `public=${ip}` },
        },
        status: {
          conditions: [
            {
              ...{ type: 'network.kubesphere.io/Allocated', status: 'True', reason: 'Allocated' },
              ...{ lastTransitionTime: NOW, message: `${ip}, as OpenELB gave it.` },
            },
            {
              ...{ type: 'network.kubesphere.io/Announced', status: 'True', reason: 'Announced' },
              ...{ lastTransitionTime: NOW, message: `${ip}, by OpenELB so far.` },
            },
          ],
        },
      });
    }
    assert.deepEqual(patchOf(plan, '/apis/network.kubesphere.io/v1alpha2/eips/public/status'), {
      status: { namespaces: ['shop'] },
    });
  });

  it('has Services that share an address say so', () => {
    const other = { ports: [{ port: 443 }] };
    const services = [
      old('shop/a', '192.0.2.1'),
      old('shop/b', '192.0.2.1', { spec: { type: 'LoadBalancer', ...other } }),
    ];
    const plan = take(cluster('0.6', { services, pools: [pool('public', { '192.0.2.1': 'shop/a;shop/b' })] }));
    const share = plan.steps.find(({ id }) => id === 'share');
    assert.deepEqual(
      share?.actions.map((action) => ('body' in action ? action.body : undefined)),
      Array(2).fill({ metadata: { annotations: { 'lb.kubesphere.io/allow-shared-ip': 'openelb-192.0.2.1' } } }),
    );
    assert.deepEqual(obstacles(plan), []);
  });

  it('is refused where an address would be lost, by the Services that would lose it', () => {
    const cases: readonly (readonly [services: readonly ServiceObject[], why: RegExp])[] = [
      [
        [old('shop/a', '192.0.2.1'), old('bank/b', '192.0.2.1')],
        /share an address .* \| 192\.0\.2\.1: bank\/b shop\/a/,
      ],
      [
        [old('shop/a', '192.0.2.1'), old('shop/b', '192.0.2.1')],
        /share an address .* \| 192\.0\.2\.1: shop\/a shop\/b/,
      ],
      [[old('shop/a', '203.0.113.1', { pool: 'gone' })], /that no pool says is theirs \| shop\/a/],
      [
        [old('shop/a', '192.0.2.1', { spec: { type: 'LoadBalancer', loadBalancerClass: 'x/y' } })],
        /class of another .* \| shop\/a/,
      ],
      [
        [old('shop/a', '192.0.2.1', { more: { 'eip.openelb.kubesphere.io/v1alpha1': '192.0.2.9' } })],
        /ask for another address than they have \| shop\/a/,
      ],
    ];
    for (const [services, why] of cases) {
      const found = obstacles(take(cluster('0.6', { services, pools: [pool('public', {})] })));
      assert.equal(found.length, 1, why.source);
      assert.match(found[0] ?? '', why);
    }
  });

  it('is refused without PorterLB beside it, with kinds of old, and of workloads that PorterLB would not wait for', () => {
    const crd = { metadata: { name: 'eips.network.kubesphere.io' } };
    const strange = { ...workload('DaemonSet', 'lb/prod-openelb-speaker', ['n1']), isHidden: true };
    assert.match(
      obstacles(take(cluster('0.6', { manager: undefined, namespace: undefined })))[0] ?? '',
      /is not installed/,
    );
    assert.match(obstacles(take(cluster('0.6', { crds: [crd] })))[0] ?? '', /still those of OpenELB/);
    assert.match(obstacles(take(cluster('0.6', { workloads: [strange] })))[0] ?? '', /lb\/prod-openelb-speaker$/);
  });

  it('says what becomes of pools of protocol vip, of node proxies and of policies', () => {
    const { findings } = take(
      cluster('0.6', {
        pools: [pool('keepalived', {}, { protocol: 'vip' }), pool('public', { '192.0.2.1': 'shop/web' })],
        services: [old('shop/proxy', undefined, { more: { 'node-proxy.openelb.kubesphere.io/type': 'daemonset' } })],
        confs: [{ metadata: { name: 'default' }, spec: { policy: 'gobgp' } }],
        manager: workload('Deployment', 'porterlb-system/porter-manager', ['n1', 'n9']),
      }),
    );
    assert.deepEqual(
      findings.map(({ kind, text, objects }) => [kind, text.slice(0, 24), ...objects]),
      [
        ['note', 'Pools of protocol vip ar', 'keepalived'],
        ['note', 'Services use the node pr', 'shop/proxy'],
        ['note', 'Services have no address', 'shop/proxy'],
        ['note', 'A BgpConf names a policy', 'default'],
        ['note', 'Routers must accept BGP ', 'n9'],
      ],
    );
  });

  it('is shown with what is in the way first, then step by step', () => {
    const text = planText(take(cluster('0.6', { services: [old('shop/a', '203.0.113.1', { pool: 'gone' })] })), view);
    assert.match(text, /^\d+ steps; nothing was done\.\n\nIn the way:\n- Services have an address/);
    assert.match(text, / {4}shop\/a\n/);
    assert.match(text, /^STEP +OBJECTS +WHAT, AND WHY\n1 +1 +Wait until the replicas of PorterLB wait for nothing/m);
    assert.equal(planText({ findings: [], steps: [] }, view), 'There is nothing to do.\n');
  });
});

describe('a rollback', () => {
  it('puts back what was there, addresses and finalizers and webhooks and replicas', () => {
    for (const version of ['0.5', '0.6'] as const) {
      const before = cluster(version);
      const { after: taken } = through(before, take);
      const { after, rounds } = through(taken, rollbackPlan);
      assert.deepEqual(
        rounds.map(([first]) => first),
        ['hold', 'release', 'ready'],
      );
      assert.deepEqual(
        after.services.map(({ metadata, status }) => [metadata.finalizers, metadata.annotations, status?.loadBalancer]),
        before.services.map(({ metadata, status }) => [
          metadata.finalizers,
          metadata.annotations,
          status?.loadBalancer,
        ]),
      );
      assert.deepEqual(
        [...after.pools, ...after.confs, ...after.peers].map(({ metadata }) => metadata.finalizers),
        [...before.pools, ...before.confs, ...before.peers].map(({ metadata }) => metadata.finalizers),
      );
      assert.deepEqual(
        after.workloads.map(({ object }) => [object.spec?.replicas, object.metadata.annotations]),
        before.workloads.map(({ object }) => [object.spec?.replicas, {}]),
      );
      assert.deepEqual(
        after.webhooks.map(({ object }) => object.webhooks),
        before.webhooks.map(({ object }) => object.webhooks),
      );
      assert.deepEqual([after.record, after.manager?.object.spec?.replicas], [undefined, 0]);
      assert.deepEqual(ids(take(after)).slice(0, 2), ['start', 'prepare']);
    }
  });

  it('starts OpenELB only when no Pod of PorterLB is left', () => {
    const { after } = through(cluster('0.6'), take);
    const { object } = after.manager ?? workload('Deployment', 'porterlb-system/porter-manager', []);
    const manager = {
      ...workload('Deployment', 'porterlb-system/porter-manager', ['n2']),
      object: { ...object, spec: { replicas: 0 } },
    };
    const { steps } = rollbackPlan({ ...after, manager });
    assert.deepEqual(
      steps.slice(0, 2).map(({ id, lookAgain }) => [id, lookAgain]),
      [
        ['hold', undefined],
        ['end', true],
      ],
    );
  });

  it('tells OpenELB of every address, also of Services that came since, and of none that is gone', () => {
    const { after: taken } = through(cluster('0.6'), take);
    const since = old('bank/new', '192.0.2.7', { more: { 'lb.kubesphere.io/assigned': 'public=192.0.2.7' } });
    const services = [since, ...taken.services.slice(0, 1)];
    const plan = rollbackPlan({ ...taken, services });
    assert.deepEqual(patchOf(plan, '/apis/network.kubesphere.io/v1alpha2/eips/public/status'), {
      status: {
        used: { '192.0.2.1': 'shop/web', '192.0.2.2': null, '192.0.2.7': 'bank/new' },
        ...{ usage: 2, occupied: false },
      },
    });
  });

  it('is refused where nothing was taken over, and where there is nothing left to start', () => {
    assert.match(obstacles(rollbackPlan(cluster('0.6')))[0] ?? '', /no record of a takeover/);
    const { after } = through(cluster('0.6'), take);
    assert.match(
      obstacles(rollbackPlan({ ...after, workloads: [] }))[0] ?? '',
      /Workloads of OpenELB .* \| openelb-system\//,
    );
  });
});
