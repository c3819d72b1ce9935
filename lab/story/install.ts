import { join } from 'node:path';
import { buildManagerImage } from '../../tools/image/build.ts';
import type { Lab } from '../lab.ts';
import type { Progress } from '../toolchain/index.ts';

export const managerNamespace = 'porterlb-system';
const chart = join(import.meta.dirname, '../../charts/backend');

/** Installs porter-manager as users do: its image on the nodes, its chart by helm; returns when every replica is of it, and Ready. */
export async function installManager(lab: Lab, progress: Progress, values: readonly string[] = []): Promise<void> {
  const image = await buildManagerImage(progress);
  progress('loading the image into the nodes and installing the chart (10 to 20 s)');
  await lab.loadImage(image.tar);
  // Nobody here has to wait for routers between two Pods.
  const set = ['image.pullPolicy=Never', 'minReadySeconds=0', ...values].flatMap((value) => ['--set', value]);
  const where = ['--namespace', managerNamespace, '--create-namespace'];
  await lab.helm(['upgrade', '--install', 'porterlb', chart, ...where, ...set, '--wait', '--timeout', '300s']);
  // Helm is content with one replica less than there should be.
  await lab.kubectl(['rollout', 'status', 'deployment/porter-manager', '-n', managerNamespace, '--timeout=300s']);
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
}

/** The manager's Pods that are to stay, with their nodes, sorted by name: the first one is the first-ranked replica. */
export async function managerPods(lab: Lab, namespace = managerNamespace): Promise<{ name: string; node: string }[]> {
  const selector = encodeURIComponent('app.kubernetes.io/name=porter-manager');
  const pods = await lab.api.list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec }) => ({ name: metadata.name, node: spec.nodeName ?? '' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
