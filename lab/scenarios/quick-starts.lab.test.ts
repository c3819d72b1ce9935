/** The quick starts, typed into a shell as their readers do, in a real cluster. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { wordOf } from '../../tools/docs/fences.ts';
import { buildManagerImage } from '../../tools/image/build.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import { images } from '../images/images.ts';
import { marketplaceKinds } from '../kubesphere/kinds.ts';
import { Lab } from '../lab.ts';
import { InstalledExtension } from '../story/extension.ts';
import { PageReader } from '../story/page-reader.ts';
import { progressToStderr } from '../toolchain/index.ts';

const self = 'lab/scenarios/quick-starts.lab.test.ts';
/** What the lab has in place of what readers have. */
const lan = { '192.168.1.200-192.168.1.220': '10.50.0.200-10.50.0.219', '192.168.1.200': '10.50.0.200' };
const app = { 'docker.io/nginxinc/nginx-unprivileged:stable': images.whoami };
const router = { '192.0.2.1': '10.50.0.1' };

type InstallPlan = KubeObject & {
  readonly spec: { readonly extension: { readonly name: string; readonly version: string } };
};

/** What stands in for KubeSphere: its kinds, its namespace, and one who installs as ks-core does. */
async function kubeSphereIsThere(lab: Lab): Promise<InstalledExtension> {
  for (const kind of marketplaceKinds) await lab.apply(kind);
  await lab.kubectl(['create', 'namespace', 'kubesphere-system']);
  return InstalledExtension.prepare(lab, progressToStderr);
}

suite('the quick starts', () => {
  let lab: Lab;
  let extension: InstalledExtension | undefined;

  before(async () => {
    lab = await Lab.up({ nodes: 2, routers: 1, clients: 1, progress: progressToStderr });
    await lab.loadImage((await buildManagerImage(progressToStderr)).tar);
  });
  after(async () => {
    extension?.close();
    await lab.down();
  });

  const kubernetes = new PageReader('docs/quick-start-kubernetes.md', self, { ...lan, ...app, ...router });
  for (const fence of kubernetes.commands) {
    test(`Kubernetes, ${PageReader.title(fence)}`, () => kubernetes.type(lab, fence));
  }

  const gitOps = new PageReader('docs/quick-start-gitops.md', self);
  for (const fence of gitOps.commands) {
    test(`GitOps, ${PageReader.title(fence)}`, () => gitOps.type(lab, fence));
  }

  const kubeSphere = new PageReader('docs/quick-start-kubesphere.md', self, { ...lan, ...app });
  for (const fence of kubeSphere.commands) {
    test(`KubeSphere, ${PageReader.title(fence)}`, async () => {
      if (fence === kubeSphere.commands[0]) extension = await kubeSphereIsThere(lab);
      // Here ks-core comes in, which sees the InstallPlan.
      if (wordOf(fence, 'after') === 'installation') await extension?.install();
      await kubeSphere.type(lab, fence);
    });
  }

  test('an InstallPlan names the extension and the version that the package has', async () => {
    const { metadata, spec } = await lab.api.get<InstallPlan>('/apis/kubesphere.io/v1alpha1/installplans/porterlb');
    assert.equal(spec.extension.name, metadata.name);
    const published = `/apis/kubesphere.io/v1alpha1/extensionversions/${spec.extension.name}-${spec.extension.version}`;
    assert.equal((await lab.api.get(published)).metadata.name, `porterlb-${spec.extension.version}`);
  });
});
