import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildManagerImage } from '../../tools/image/build.ts';
import { executorObjects, executorRights, executorUser } from '../../tools/package/helm-executor.ts';
import { extensionLabeller, injectedNodeSelector, ksCoreHelm } from '../../tools/package/ks-core-helm.ts';
import { stageExtension, type StagedChart } from '../../tools/package/stage.ts';
import { tarball } from '../../tools/package/tarball.ts';
import { kubeSphereKinds } from '../kubesphere/kinds.ts';
import type { Lab } from '../lab.ts';
import { ensureControlPlane, type Progress } from '../toolchain/index.ts';

const root = join(import.meta.dirname, '../..');
const name = 'porterlb';

/** Where ks-core installs the extension. */
export const extensionNamespace = `extension-${name}`;

/**
 * The packaged extension in a lab, installed as ks-core does: by helm acting as the helm-executor, with the rights of permissions.yaml, in
 * one release for what each cluster gets (`porterlb-agent`) and one for the host (`porterlb`).
 */
export class InstalledExtension {
  readonly #lab: Lab;
  readonly #folder = mkdtempSync(join(tmpdir(), 'porterlb-extension-'));
  readonly #tag: string;
  readonly #postRenderer: string;

  private constructor(lab: Lab, tag: string, kubectl: string) {
    this.#lab = lab;
    this.#tag = tag;
    this.#postRenderer = extensionLabeller(join(this.#folder, 'labels'), name, kubectl);
  }

  /** Gets a cluster ready for it: KubeSphere's kinds, the namespace, the executor, the image on the nodes. */
  static async prepare(lab: Lab, progress: Progress): Promise<InstalledExtension> {
    const image = await buildManagerImage(progress);
    await lab.loadImage(image.tar);
    for (const kind of kubeSphereKinds) await lab.apply(kind);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    await lab.kubectl(['create', 'namespace', extensionNamespace]);
    const staged = stageExtension(root);
    const rights = executorRights(staged.files.get('permissions.yaml')?.toString() ?? '');
    for (const object of executorObjects(name, extensionNamespace, rights)) await lab.apply(object);
    const { kubectl } = await ensureControlPlane(progress);
    return new InstalledExtension(lab, staged.version, kubectl);
  }

  /**
   * Installs or upgrades both releases; returns when the managers are ready. `version` other than ours: the same with that number. `timeout`: of each
   * release, as helm reads it; ks-core leaves it at helm's five minutes.
   */
  async install(values: readonly string[] = [], version = this.#tag, timeout = '300s'): Promise<void> {
    const tgz = join(this.#folder, `${version}.tgz`);
    writeFileSync(tgz, tarball(name, renumbered(stageExtension(root), version).files));
    for (const pass of ['agent', 'extension']) {
      const tags = [`tags.extension=${pass === 'extension'}`, `tags.agent=${pass === 'agent'}`];
      const image = ['backend.image.pullPolicy=Never', `backend.image.tag=${this.#tag}`];
      const ours = [...image, 'backend.minReadySeconds=0'];
      const set = [...tags, ...injected, ...ours, ...values].flatMap((value) => ['--set', value]);
      const patience = ['--wait', '--wait-for-jobs', '--timeout', timeout];
      const labels = ['--post-renderer', this.#postRenderer];
      await this.#helm('upgrade', '--install', releaseOf(pass), tgz, ...set, ...labels, ...patience);
    }
    await this.#rolledOut(values.includes('backend.workload=DaemonSet') ? 'daemonset' : 'deployment');
  }

  async rollback(): Promise<void> {
    await this.#helm('rollback', releaseOf('agent'), '--wait', '--timeout', '300s');
    await this.#rolledOut('deployment');
  }

  /** Helm is content with one replica less than there should be. */
  async #rolledOut(workload: 'deployment' | 'daemonset'): Promise<void> {
    const managers = [`${workload}/porter-manager`, '--namespace', extensionNamespace];
    await this.#lab.kubectl(['rollout', 'status', ...managers, '--timeout=300s']);
  }

  async uninstall(): Promise<void> {
    for (const pass of ['extension', 'agent'])
      await this.#helm('uninstall', releaseOf(pass), '--wait', '--timeout', '180s');
  }

  /** What ks-core does when an InstallPlan is disabled: it marks what the console and ks-apiserver look at. */
  async disable(): Promise<void> {
    const base = '/apis/extensions.kubesphere.io/v1alpha1';
    for (const path of ['jsbundles/porterlb', 'apiservices/v1alpha1.porterlb.kubesphere.io'])
      await this.#lab.api.patch(`${base}/${path}`, { status: { state: 'Disabled' } });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #helm(...args: string[]): Promise<void> {
    const as = ['--namespace', extensionNamespace, '--kube-as-user', executorUser(name, extensionNamespace)];
    await this.#lab.helm([...as, ...args], ksCoreHelm);
  }
}

/** What ks-core sets besides what administrators do; the registry is the one that the lab's nodes have the image of. */
const injected = [
  'global.imageRegistry=docker.io',
  ...injectedNodeSelector({ 'kubernetes.io/os': 'linux' }),
  'global.clusterInfo.name=host',
  'global.clusterInfo.role=host',
];

function releaseOf(pass: string): string {
  return pass === 'agent' ? `${name}-agent` : name;
}

/** The same package as another version, in every chart. */
function renumbered(chart: StagedChart, version: string): StagedChart {
  const files = new Map(chart.files);
  for (const [path, content] of chart.files) {
    if (!/(^|\/)(Chart|extension)\.yaml$/.test(path)) continue;
    const text = content.toString().replaceAll(/^(\s*(?:version|appVersion): ).*$/gm, `$1${version}`);
    files.set(path, Buffer.from(text));
  }
  return { ...chart, version, files };
}
