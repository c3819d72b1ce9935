import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { LightLab, run } from '../../lab/index.ts';
import type { KubeObject } from '../../lab/index.ts';
import { kubeSphereKinds } from '../../lab/kubesphere/kinds.ts';
import { ensureControlPlane, ensureHelm, noProgress } from '../../lab/toolchain/index.ts';
import { parseAllDocuments } from 'yaml';
import { fencesOf } from '../docs/fences.ts';
import { executorObjects, executorRights, executorUser } from './helm-executor.ts';
import { EXTENSION_LABEL, extensionLabeller, injectedNodeSelector, ksCoreHelm } from './ks-core-helm.ts';
import { findingsOf, subjectOf } from './lint.ts';
import { imagesOf, podSpecOf } from './lint/pods.ts';
import { MAX_RELEASE_BYTES, releaseBytes } from './size.ts';
import { stageExtension, stagePlainChart } from './stage.ts';
import { tarball } from './tarball.ts';

const root = join(import.meta.dirname, '../..');
const extension = stageExtension(root);
const namespace = 'extension-porterlb';

test('nothing is to be said against our own package', async () => {
  assert.deepEqual(findingsOf(await subjectOf(extension, await ensureHelm())), []);
});

test('sites without internet find all images that the charts render in the page that is for them, and no other', async () => {
  const { renderings } = await subjectOf(extension, await ensureHelm());
  const plain = renderings.filter(({ mirrored }) => !mirrored).flatMap(({ objects }) => objects);
  const rendered = new Set(plain.flatMap((object) => imagesOf(podSpecOf(object) ?? {})));
  const page = 'docs/how-to/air-gapped.md';
  const list = fencesOf(page, readFileSync(join(root, page), 'utf8')).find(({ words }) => words.includes('images'));
  assert.deepEqual(list?.text.trim().split('\n'), [...rendered].sort());
});

/** Sorted, as kustomize and helm have orders of their own. */
function objectsIn(text: string): KubeObject[] {
  const objects = parseAllDocuments(text).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
  const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;
  return objects.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** What ks-core sets. */
const injected = [
  'global.imageRegistry=mirror.example',
  ...injectedNodeSelector({ 'kubernetes.io/os': 'linux', zone: '1' }),
  'global.clusterInfo.name=host',
  'global.clusterInfo.role=host',
];

suite('helm as the helm-executor, with the rights of permissions.yaml and no others', () => {
  let lab: LightLab;
  let folder = '';
  let helm = '';
  let postRenderer = '';

  before(async () => {
    helm = await ensureHelm();
    folder = mkdtempSync(join(tmpdir(), 'porterlb-package-'));
    for (const chart of [extension, stagePlainChart(root)]) {
      const name = chart === extension ? 'extension.tgz' : 'plain.tgz';
      writeFileSync(join(folder, name), tarball(chart.name, chart.files));
    }
    const { kubectl } = await ensureControlPlane(noProgress);
    postRenderer = extensionLabeller(join(folder, 'labels'), 'porterlb', kubectl);
    lab = await LightLab.up();
    for (const kind of kubeSphereKinds) await lab.apply(kind);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    await lab.kubectl(['create', 'namespace', namespace]);
    const rights = executorRights(extension.files.get('permissions.yaml')?.toString() ?? '');
    for (const object of executorObjects('porterlb', namespace, rights)) await lab.apply(object);
  });
  after(async () => {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  });

  async function asExecutor(...args: string[]): Promise<string> {
    const as = ['--kubeconfig', lab.kubeconfig, '--namespace', namespace];
    const user = ['--kube-as-user', executorUser('porterlb', namespace)];
    return ksCoreHelm(helm, [...as, ...user, ...args], { env: { HELM_CACHE_HOME: folder } });
  }

  /** The release, the package and the values of a pass. */
  function what(pass: 'agent' | 'extension', values: readonly string[]): string[] {
    const release = pass === 'agent' ? 'porterlb-agent' : 'porterlb';
    const tags = [`tags.extension=${pass === 'extension'}`, `tags.agent=${pass === 'agent'}`];
    const set = [...tags, ...injected, ...values].flatMap((value) => ['--set', value]);
    return [release, join(folder, 'extension.tgz'), ...set];
  }

  /** There is no controller-manager here that would run Jobs. */
  const noHooks = '--no-hooks';

  async function install(pass: 'agent' | 'extension', ...values: string[]): Promise<void> {
    await asExecutor('upgrade', '--install', ...what(pass, values), '--post-renderer', postRenderer, noHooks);
  }

  async function exists(path: string): Promise<boolean> {
    return (await lab.api.find(path)) !== undefined;
  }

  const iam = '/apis/iam.kubesphere.io/v1beta1';
  const extensions = '/apis/extensions.kubesphere.io/v1alpha1';
  const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/porter-manager`;
  const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/eips.network.kubesphere.io';

  test('installs the pass of a cluster: the manager, its kinds, its API and its roles', async () => {
    await install('agent');
    const object = await lab.api.get<{ spec: { template: { spec: Record<string, unknown> } } }>(deployment);
    const { nodeSelector, containers } = object.spec.template.spec as {
      nodeSelector: object;
      containers: { image: string }[];
    };
    assert.deepEqual(nodeSelector, { 'kubernetes.io/os': 'linux', zone: '1' });
    assert.match(containers[0]?.image ?? '', /^mirror\.example\/porterlb\/porter-manager:/);
    for (const path of [
      crd,
      `${extensions}/apiservices/v1alpha1.porterlb.kubesphere.io`,
      ...['cluster-view', 'cluster-manage', 'namespace-view'].map((name) => `${iam}/roletemplates/${name}-porterlb`),
      ...['cluster', 'namespace'].map((scope) => `${iam}/categories/${scope}-porterlb`),
    ])
      assert.ok(await exists(path), path);
    assert.equal(await exists(`${extensions}/jsbundles/porterlb`), false);
  });

  test('installs the pass of the host beside it: the console’s bundle, and nothing else', async () => {
    await install('extension');
    const bundle = await lab.api.get<KubeObject & { spec: { rawFrom: { configMapKeyRef: object } }; status: object }>(
      `${extensions}/jsbundles/porterlb`,
    );
    assert.deepEqual(bundle.spec.rawFrom.configMapKeyRef, { namespace, name: 'porterlb-console', key: 'index.js' });
    assert.deepEqual(bundle.status, { state: 'Available', link: '/dist/porterlb/index.js' });
    const { data } = await lab.api.get<{ data: Record<string, string> }>(
      `/api/v1/namespaces/${namespace}/configmaps/porterlb-console`,
    );
    assert.match(data['index.js'] ?? '', /System\.register\(/);
    assert.ok(await exists(deployment));
  });

  for (const pass of ['agent', 'extension'] as const) {
    test(`${pass}: ks-core's label is on every object, and nothing else is other for that`, async () => {
      const [release = '', ...rest] = what(pass, []);
      const labelled = objectsIn(await asExecutor('get', 'manifest', release));
      const plain = objectsIn(await asExecutor('template', release, ...rest, '--validate', noHooks));
      for (const { kind, metadata } of labelled)
        assert.equal(metadata.labels?.[EXTENSION_LABEL], 'porterlb', `${kind} ${metadata.name}`);
      const labels = (object: KubeObject): object => ({ ...object.metadata.labels, [EXTENSION_LABEL]: 'porterlb' });
      const expected = plain.map((object) => ({ ...object, metadata: { ...object.metadata, labels: labels(object) } }));
      assert.deepEqual(labelled, expected);
    });
  }

  test('what helm keeps of each release fits into a Secret, and the next ones will', async () => {
    const secrets = await lab.api.list<KubeObject & { type: string; data: Record<string, string> }>(
      `/api/v1/namespaces/${namespace}/secrets`,
    );
    const releases = secrets.filter(({ type }) => type === 'helm.sh/release.v1');
    assert.deepEqual(releases.map((each) => each.metadata.name).sort(), [
      'sh.helm.release.v1.porterlb-agent.v1',
      'sh.helm.release.v1.porterlb.v1',
    ]);
    const { renderings } = await subjectOf(extension, helm);
    for (const pass of ['agent', 'extension'] as const) {
      const name = pass === 'agent' ? 'porterlb-agent' : 'porterlb';
      const secret = releases.find((each) => each.metadata.name.includes(`.${name}.`));
      const bytes = Buffer.from(secret?.data['release'] ?? '', 'base64').length;
      assert.ok(bytes > 0 && bytes < MAX_RELEASE_BYTES, `${name}: ${bytes} bytes`);
      // Which is what package:lint reckons.
      const objects = renderings.find((rendering) => rendering.pass === pass)?.objects ?? [];
      const ratio = releaseBytes(extension.files, objects) / bytes;
      assert.ok(ratio > 0.9 && ratio < 1.1, `${name}: ${ratio}`);
    }
  });

  test('upgrades with other values, rolls back, and takes all of it away but the kinds', async () => {
    await install('agent', 'backend.replicas=3', 'backend.api.enabled=false');
    assert.equal(await exists(`${extensions}/apiservices/v1alpha1.porterlb.kubesphere.io`), false);
    await asExecutor('rollback', 'porterlb-agent', '1', noHooks);
    const { spec } = await lab.api.get<{ spec: { replicas: number } }>(deployment);
    assert.equal(spec.replicas, 2);
    assert.ok(await exists(`${extensions}/apiservices/v1alpha1.porterlb.kubesphere.io`));
    await asExecutor('uninstall', 'porterlb-agent', noHooks);
    await asExecutor('uninstall', 'porterlb', noHooks);
    assert.equal(await exists(deployment), false);
    assert.equal(await exists(`${iam}/categories/cluster-porterlb`), false);
    assert.equal(await exists(`${extensions}/jsbundles/porterlb`), false);
    assert.ok(await exists(crd));
  });

  test('may do nothing beyond', async () => {
    const as = ['--as', executorUser('porterlb', namespace)];
    const may = async (...question: string[]): Promise<string> =>
      (await lab.kubectl(['auth', 'can-i', ...question, ...as]).catch(() => 'no')).trim();
    assert.equal(await may('create', 'clusterroles'), 'yes');
    for (const question of [
      ['update', 'clusterrole/cluster-admin'],
      ['get', 'secrets', '-n', 'kube-system'],
      ['delete', 'crd/eips.network.kubesphere.io'],
      ['delete', 'eips.network.kubesphere.io'],
      ['patch', 'services'],
      ['escalate', 'clusterroles'],
      ['delete', 'namespaces'],
    ])
      assert.equal(await may(...question), 'no', question.join(' '));
  });

  test('helm has nothing to say about the packages, neither faults nor what they lack', async () => {
    for (const name of ['extension.tgz', 'plain.tgz']) {
      const said = await run(helm, ['lint', '--strict', '--kube-version', '1.28.0', join(folder, name)]);
      assert.doesNotMatch(said, /\[(INFO|WARNING|ERROR)\]/, name);
    }
  });

  test('the plain chart needs no KubeSphere, and has nothing of it where there is none', async () => {
    const text = await run(helm, ['template', 'porterlb', join(folder, 'plain.tgz'), '--kube-version', '1.28.0']);
    assert.match(text, /kind: Deployment/);
    assert.doesNotMatch(text, /iam\.kubesphere\.io|extensions\.kubesphere\.io/);
  });
});
