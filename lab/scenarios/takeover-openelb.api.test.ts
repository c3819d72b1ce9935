/** The takeover of an OpenELB 0.5 on a real API server: every request that it makes, there and back; nobody announces anything here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { LightLab } from '../light-lab.ts';
import { until } from '../state/until.ts';
import { managerNamespace } from '../story/install.ts';
import { progressToStderr } from '../toolchain/index.ts';
import * as openelb from './takeover/openelb.ts';
import { pluginPath, runPlugin, type Ended } from './takeover/plugin.ts';
import { PodKeeper } from './takeover/pod-keeper.ts';

const CRDS = join(import.meta.dirname, '../../charts/backend/crds');
const KINDS = 'services,eips.network.kubesphere.io,bgpconfs.network.kubesphere.io,bgppeers.network.kubesphere.io';
const ROUTER = { name: 'r1', asn: 65000, addresses: { ipv4: '10.50.0.1' } };

/** What a policy engine does: whoever writes to this kind is refused. */
const POLICY = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].map((kind) => {
  const rule = {
    ...{ apiGroups: ['network.kubesphere.io'], apiVersions: ['*'] },
    ...{ operations: ['UPDATE'], resources: ['bgppeers'] },
  };
  const spec =
    kind === 'ValidatingAdmissionPolicy'
      ? {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: 'false', message: 'frozen until Monday' }],
        }
      : { policyName: 'frozen', validationActions: ['Deny'] };
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'frozen' }, spec };
});

interface Kept extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly loadBalancer?: object; readonly conditions?: readonly object[]; readonly used?: object };
}

suite('the takeover of OpenELB, by its requests', () => {
  let lab: LightLab;
  let keeper: PodKeeper;
  let path: string;

  before(async () => {
    lab = await LightLab.up({ nodes: [{ name: 'n1', addresses: ['10.50.0.11'] }], progress: progressToStderr });
    path = await pluginPath(lab);
    await openelb.makeObjects(lab, '0.5', [ROUTER]);
    for (const [namespace, name, binding] of [
      [openelb.openelbNamespace, 'openelb-manager', 'openelb-manager-rolebinding'],
      [managerNamespace, 'porter-manager', 'porter-manager'],
    ] as const) {
      for (const object of openelb.deployed({ namespace, name, binding })) await lab.apply(object);
    }
    keeper = new PodKeeper(lab, [openelb.openelbNamespace, managerNamespace]);
    keeper.start();
    for (const object of openelb.webhooks('0.5')) await lab.apply(object);
  });
  after(async () => {
    await keeper.stop();
    await lab.down();
  });

  const takeover = async (...args: string[]): Promise<Ended> =>
    await runPlugin(path, lab.kubeconfig, ['takeover', 'openelb', ...args]);

  async function objects(): Promise<Kept[]> {
    const text = await lab.kubectl(['get', KINDS, '-o', 'json']);
    return (JSON.parse(text) as { items: Kept[] }).items.filter(({ metadata }) => metadata.name !== 'kubernetes');
  }

  /** What OpenELB reads of its objects, or of Services. */
  async function essence(): Promise<unknown[]> {
    return (await objects()).map(({ kind, metadata: { name, finalizers, annotations }, status }) => {
      return { kind, name, finalizers, annotations, ingress: status?.loadBalancer, used: status?.used };
    });
  }

  test('is refused as long as the kinds are OpenELB\u2019s, and says so', async () => {
    const { code, stderr, stdout } = await takeover('--apply');
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /still those of OpenELB[^]*eips\.network\.kubesphere\.io[^]*kubectl apply --server-side/);
    const half = await takeover('--apply', '--rollback');
    assert.equal(half.code, 2, half.stderr);
  });

  /** Of what has to be written while nobody announces, something would be refused. */
  async function isNotStoppedInVain(): Promise<void> {
    for (const object of POLICY) await lab.apply(object);
    const note = ['annotate', 'bgppeers.network.kubesphere.io', '--all', 'example.org/note=x', '--dry-run=server'];
    const isFrozen = async (): Promise<boolean> =>
      await lab.kubectl(note).then(
        () => false,
        () => true,
      );
    await until(isFrozen, { what: 'a policy that is in force', timeoutMs: 60_000 });
    const before = await essence();
    const { code, stderr } = await takeover('--rollback');
    assert.match(stderr, /"Swap the finalizers of Eips[^"]*" would fail: [^]*frozen until Monday/);
    assert.match(stderr, /Nothing was stopped/);
    assert.equal(code, 1);
    assert.deepEqual(await essence(), before);
    const ours = `/apis/apps/v1/namespaces/${managerNamespace}/deployments/porter-manager`;
    const theirs = '/apis/apps/v1/namespaces/openelb-system/deployments/openelb-manager';
    const { spec } = await lab.api.get<{ spec: { replicas: number } }>(ours);
    const { metadata } = await lab.api.get<Kept>(theirs);
    assert.deepEqual([spec.replicas > 0, metadata.annotations?.['porterlb.kubesphere.io/takeover']], [true, 'stopped']);
    for (const { kind } of POLICY) await lab.kubectl(['delete', kind, 'frozen']);
    const isFree = async (): Promise<boolean> => !(await isFrozen());
    await until(isFree, { what: 'no policy any more', timeoutMs: 60_000 });
  }

  test('goes there and back, twice, and leaves nothing behind', async () => {
    await lab.kubectl(['apply', '--server-side', '--force-conflicts', '-f', CRDS]);
    const before = await essence();
    const plan = await takeover('--dry-run', '-o', 'json');
    assert.equal(plan.code, 0, plan.stdout);
    assert.deepEqual(await essence(), before);
    for (let round = 0; round < 2; round += 1) {
      const there = await takeover('--apply');
      assert.equal(there.code, 0, there.stdout + there.stderr);
      assert.match(there.stdout, /Done\. 7 of 7 Services have the address that they had/);
      const finalizers = (await objects()).flatMap(({ metadata }) => metadata.finalizers ?? []);
      assert.deepEqual([...new Set(finalizers)], ['service.kubernetes.io/load-balancer-cleanup']);
      const said = (await objects()).flatMap(({ status }) => (status?.loadBalancer ? [status.conditions] : []));
      for (const conditions of said) assert.match(JSON.stringify(conditions), /Allocated[^]*Announced/);
      const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/eips.network.kubesphere.io';
      const { status } = await lab.api.get<{ status: { storedVersions: string[] } }>(crd);
      assert.deepEqual(status.storedVersions, ['v1alpha2']);
      const nothing = await takeover('--dry-run');
      assert.match(nothing.stdout, /^There is nothing to do\./, nothing.stdout);
      // With OpenELB's webhook still there this would be refused.
      await lab.kubectl(['annotate', 'service', 'web', 'example.org/note=x', '--overwrite']);
      await lab.kubectl(['annotate', 'service', 'web', 'example.org/note-']);
      if (round === 0) await isNotStoppedInVain();
      const back = await takeover('--rollback');
      assert.equal(back.code, 0, back.stdout + back.stderr);
      assert.deepEqual(await essence(), before);
      const webhooks = await lab.kubectl([
        'get',
        'mutatingwebhookconfigurations,validatingwebhookconfigurations',
        '-o',
        'name',
      ]);
      assert.equal(webhooks.trim().split('\n').length, 2, webhooks);
      const replicas = '/apis/apps/v1/namespaces/openelb-system/deployments/openelb-manager';
      assert.equal((await lab.api.get<{ spec: { replicas: number } }>(replicas)).spec.replicas, 2);
    }
    const nowhere = await takeover('--rollback');
    assert.deepEqual([nowhere.code, /no record of a takeover/.test(nowhere.stderr)], [1, true]);
  });
});
