/** What the charts render in KubeSphere, as a DaemonSet, and around an installation; needs helm, and no cluster. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ROUTES, type Route } from '../../backend/src/api/routes.ts';
import { run } from '../../lab/index.ts';
import type { KubeObject } from '../../lab/index.ts';
import { ensureHelm } from '../../lab/toolchain/index.ts';
import { covers, type PolicyRule } from '../package/helm-executor.ts';
import { KUBESPHERE_KINDS } from '../package/lint.ts';

const charts = join(import.meta.dirname, '../../charts');
let helm = '';

before(async () => {
  helm = await ensureHelm();
});

async function render(chart: string, ...values: string[]): Promise<KubeObject[]> {
  return renderWith(KUBESPHERE_KINDS, chart, ...values);
}

async function renderWith(has: readonly string[], chart: string, ...values: string[]): Promise<KubeObject[]> {
  const args = ['template', 'porterlb', join(charts, chart), '-n', 'system', '--kube-version', '1.28.0'];
  const kinds = has.flatMap((kind) => ['--api-versions', kind]);
  const text = await run(helm, [...args, ...kinds, ...values.flatMap((value) => ['--set', value])]);
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
}

function named(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found !== undefined, `${kind} ${name}`);
  return found;
}

const rulesOf = (object: KubeObject): PolicyRule[] => (object['spec'] as { rules: PolicyRule[] }).rules;

suite('in KubeSphere', () => {
  test('who may view a cluster may ask everything of the API, and change nothing', async () => {
    const rules = rulesOf(named(await render('backend'), 'RoleTemplate', 'cluster-view-porterlb'));
    for (const { resource, verb } of Object.values<Route>(ROUTES)) {
      const wish = { apiGroups: ['porterlb.kubesphere.io'], resources: [resource], verbs: [verb] };
      assert.ok(covers(rules, wish), JSON.stringify(wish));
    }
    const ours = { apiGroups: ['network.kubesphere.io'], resources: ['eips', 'bgpconfs', 'bgppeers'] };
    assert.ok(covers(rules, { ...ours, verbs: ['get', 'list', 'watch'] }));
    for (const verb of ['create', 'update', 'patch', 'delete'])
      assert.ok(!covers(rules, { ...ours, verbs: [verb] }), verb);
  });

  test('who may manage it may change our objects, and who may view a project asks about its Services only', async () => {
    const objects = await render('backend');
    const manage = rulesOf(named(objects, 'RoleTemplate', 'cluster-manage-porterlb'));
    const ours = { apiGroups: ['network.kubesphere.io'], resources: ['eips', 'bgpconfs', 'bgppeers'] };
    assert.ok(covers(manage, { ...ours, verbs: ['create', 'update', 'patch', 'delete'] }));
    assert.deepEqual(rulesOf(named(objects, 'RoleTemplate', 'namespace-view-porterlb')), [
      {
        apiGroups: ['porterlb.kubesphere.io'],
        resources: ['services', 'services/explanation'],
        verbs: ['get', 'list'],
      },
    ]);
  });

  test('every role is in a category that is there, and has texts in both languages', async () => {
    const objects = await render('backend');
    const categories = objects.filter(({ kind }) => kind === 'Category').map(({ metadata }) => metadata.name);
    for (const { kind, metadata, ...object } of objects) {
      if (kind !== 'RoleTemplate' && kind !== 'Category') continue;
      const { displayName } = object['spec'] as { displayName: object };
      assert.deepEqual(Object.keys(displayName).sort(), ['en', 'zh'], metadata.name);
      if (kind === 'Category') continue;
      assert.ok(categories.includes(metadata.labels?.['iam.kubesphere.io/category'] ?? ''), metadata.name);
      assert.doesNotThrow(() => JSON.parse(metadata.annotations?.['iam.kubesphere.io/role-template-rules'] ?? ''));
    }
  });

  test('ks-apiserver is told where the API is, and whom to trust where that is known', async () => {
    const spec = async (...values: string[]): Promise<Record<string, unknown>> => {
      const service = named(await render('backend', ...values), 'APIService', 'v1alpha1.porterlb.kubesphere.io');
      return service['spec'] as Record<string, unknown>;
    };
    const { service, group, version, insecureSkipVerify } = await spec();
    assert.deepEqual(service, { namespace: 'system', name: 'porter-manager-api', port: 443 });
    assert.deepEqual([group, version, insecureSkipVerify], ['porterlb.kubesphere.io', 'v1alpha1', true]);
    const trusted = await spec('api.tlsSecret=own', 'api.caBundle=PEM');
    assert.equal(trusted['insecureSkipVerify'], undefined);
    const once = Buffer.from(String(trusted['caBundle']), 'base64').toString();
    assert.equal(Buffer.from(once, 'base64').toString(), 'PEM');
  });

  test('ks-apiserver says who a caller is; without KubeSphere only one that was named on purpose', async () => {
    const judge = async (has: boolean, ...values: string[]): Promise<unknown> => {
      const manager = named(
        await renderWith(has ? KUBESPHERE_KINDS : [], 'backend', ...values),
        'Deployment',
        'porter-manager',
      );
      const { template } = manager['spec'] as {
        template: { spec: { containers: { env: { name: string; value?: string }[] }[] } };
      };
      return template.spec.containers[0]?.env.find(({ name }) => name === 'KUBESPHERE')?.value;
    };
    assert.equal(await judge(true), 'kubesphere-system/ks-apiserver');
    assert.equal(await judge(false), '');
    assert.equal(await judge(false, 'api.kubesphere=other/ks'), 'other/ks');
    assert.equal(await judge(true, 'api.kubesphere='), '');
  });

  test('another bundle is another JSBundle, so that browsers ask for it', async () => {
    const objects = await render('frontend');
    const bundle = named(objects, 'JSBundle', 'porterlb');
    const { data } = named(objects, 'ConfigMap', 'porterlb-console') as KubeObject & { data: Record<string, string> };
    const hash = createHash('sha256')
      .update(data['index.js'] ?? '')
      .digest('hex');
    assert.equal(bundle.metadata.annotations?.['porterlb.kubesphere.io/bundle'], hash);
  });
});

test('a Pod that is Ready has some time for its sessions, before the next one is replaced', async () => {
  for (const workload of ['Deployment', 'DaemonSet']) {
    const seconds = async (...values: string[]): Promise<unknown> => {
      const manager = named(await render('backend', `workload=${workload}`, ...values), workload, 'porter-manager');
      return (manager['spec'] as { minReadySeconds?: number }).minReadySeconds;
    };
    assert.equal(await seconds(), 10);
    assert.equal(await seconds('minReadySeconds=0'), 0);
  }
});

test('two servers are not told to listen at one port', async () => {
  await assert.rejects(render('backend', 'ports.http=17982'), /ports\.http and ports\.api .* can't be the same/);
  for (const values of [['ports.http=17982', 'api.enabled=false'], ['ports.probe=17982'], ['ports.api=443']])
    named(await render('backend', ...values), 'Deployment', 'porter-manager');
});

test('a DaemonSet has a replica on every node, replaced one by one, and nothing that is for counted ones', async () => {
  const objects = await render('backend', 'workload=DaemonSet');
  const { spec } = named(objects, 'DaemonSet', 'porter-manager') as KubeObject & {
    spec: Record<string, unknown> & { template: { spec: Record<string, unknown> } };
  };
  assert.equal(spec['replicas'], undefined);
  assert.deepEqual(spec['updateStrategy'], {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
  });
  assert.equal(spec.template.spec['affinity'], undefined);
  assert.deepEqual(
    objects.filter(({ kind }) => ['Deployment', 'PodDisruptionBudget'].includes(kind)),
    [],
  );
  await assert.rejects(render('backend', 'workload=StatefulSet'), /workload/);
});

suite('around an installation', () => {
  const jobs = async (...values: string[]): Promise<KubeObject[]> =>
    (await render('backend', ...values)).filter(({ kind }) => kind === 'Job');

  test('Jobs bring CRDs up to date before, and take finalizers off at the end', async () => {
    const hooks = (await jobs()).map(({ metadata }) => [metadata.name, metadata.annotations?.['helm.sh/hook']]);
    assert.deepEqual(hooks, [
      ['porter-manager-release-all', 'pre-delete'],
      ['porter-manager-upgrade-crds', 'pre-install,pre-upgrade'],
    ]);
    const left = (await jobs('crds.upgrade=false')).map(({ metadata }) => metadata.name);
    assert.deepEqual(left, ['porter-manager-release-all']);
  });

  test('each with rights of its own, in no other event', async () => {
    const objects = await render('backend');
    const rights = (command: string): object => {
      const own = objects.filter(({ metadata }) => metadata.name === `porter-manager-${command}`);
      const rules = own.flatMap((object) => (object['rules'] as PolicyRule[] | undefined) ?? []);
      return {
        events: [...new Set(own.map(({ metadata }) => metadata.annotations?.['helm.sh/hook']))],
        bound: own
          .filter(({ kind }) => kind.endsWith('Binding'))
          .map((object) => [object['roleRef'], object['subjects']]),
        may: rules.flatMap(({ resources = [], verbs }) => resources.map((name) => `${verbs.join()} ${name}`)).sort(),
        accounts: own.filter(({ kind }) => kind === 'Job').map(accountOf),
      };
    };
    const accountOf = (job: KubeObject): unknown =>
      (job['spec'] as { template: { spec: { serviceAccountName: string } } }).template.spec.serviceAccountName;
    const bound = (name: string, kind: string): object[] => [
      { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      [{ kind: 'ServiceAccount', name, namespace: 'system' }],
    ];
    assert.deepEqual(rights('upgrade-crds'), {
      events: ['pre-install,pre-upgrade'],
      bound: [bound('porter-manager-upgrade-crds', 'ClusterRole')],
      may: ['create customresourcedefinitions', 'get,patch customresourcedefinitions'],
      accounts: ['porter-manager-upgrade-crds'],
    });
    assert.deepEqual(rights('release-all'), {
      events: ['pre-delete'],
      bound: ['ClusterRole', 'Role'].map((kind) => bound('porter-manager-release-all', kind)),
      may: [
        'delete daemonsets',
        'delete deployments',
        'get,list services',
        'get,list,patch eips',
        'list pods',
        'patch services/status',
      ],
      accounts: ['porter-manager-release-all'],
    });
    const left = (await render('backend', 'crds.upgrade=false')).map(({ metadata }) => metadata.name);
    assert.ok(!left.includes('porter-manager-upgrade-crds'));
  });

  test('as nobody, with no capability, and are not taken for replicas', async () => {
    for (const job of await jobs()) {
      const { template } = job['spec'] as {
        template: {
          metadata: { labels: Record<string, string> };
          spec: { securityContext: Record<string, unknown>; containers: { securityContext: object }[] };
        };
      };
      assert.notEqual(template.metadata.labels['app.kubernetes.io/name'], 'porter-manager');
      assert.equal(template.spec.securityContext['runAsUser'], 65_534);
      assert.deepEqual(template.spec.containers[0]?.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });
});
