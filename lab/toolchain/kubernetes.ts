import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureEtcd } from './etcd.ts';
import { goBuild, requiredVersion } from './go-build.ts';
import { findProgram } from './programs.ts';
import { noProgress } from './progress.ts';
import type { Progress } from './progress.ts';

/** What an API server without nodes takes; paths of programs. */
export interface ControlPlanePrograms {
  /** A folder that has the three under their usual names (the layout of envtest's `KUBEBUILDER_ASSETS`). */
  readonly dir: string;
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
}

/** What a whole cluster takes. */
export interface KubernetesPrograms extends ControlPlanePrograms {
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kubeProxy: string;
  readonly kubelet: string;
}

const lab = dirname(import.meta.dirname);
const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'];

/**
 * kube-apiserver, etcd and kubectl, for tests against a real API server: those in `KUBEBUILDER_ASSETS` where that is set,
 * else built and kept in the cache. Needs no root on a machine with Go, Python and pip.
 */
export async function ensureControlPlane(progress: Progress = noProgress): Promise<ControlPlanePrograms> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets === undefined || assets === '') return ensureKubernetes(progress);
  const found = controlPlaneIn(assets);
  const missing = [found.etcd, found.kubeApiserver, found.kubectl].filter((path) => findProgram(path) === undefined);
  if (missing.length > 0) throw new Error(`KUBEBUILDER_ASSETS is set, but there is no ${missing.join(', ')}`);
  return found;
}

/** Every Kubernetes program and etcd, built from source once and kept in the cache. */
export async function ensureKubernetes(progress: Progress = noProgress): Promise<KubernetesPrograms> {
  const module = join(lab, 'kubernetes');
  const version = await requiredVersion(module, 'k8s.io/kubernetes');
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamp = (name: string): string => `k8s.io/component-base/version.${name}`;
  const program = await goBuild(
    {
      name: 'kubernetes',
      module,
      sources: ['go.sum', 'main.go'],
      target: '.',
      stamps: {
        [stamp('gitVersion')]: version,
        [stamp('gitMajor')]: major ?? '',
        [stamp('gitMinor')]: minor ?? '',
        [stamp('gitTreeState')]: 'clean',
      },
      duration: '5 to 9 min on two cores',
    },
    progress,
  );
  const etcd = await ensureEtcd(progress);
  const dir = await linkByName(program, etcd);
  return {
    ...controlPlaneIn(dir),
    kubeControllerManager: join(dir, 'kube-controller-manager'),
    kubeScheduler: join(dir, 'kube-scheduler'),
    kubeProxy: join(dir, 'kube-proxy'),
    kubelet: join(dir, 'kubelet'),
  };
}

/** helm, built from source once and kept in the cache. Returns the program's path. */
export async function ensureHelm(progress: Progress = noProgress): Promise<string> {
  const module = join(lab, 'helm');
  const version = await requiredVersion(module, 'helm.sh/helm/v3');
  return goBuild(
    {
      name: 'helm',
      module,
      sources: ['go.sum'],
      target: 'helm.sh/helm/v3/cmd/helm',
      stamps: { 'helm.sh/helm/v3/internal/version.version': version },
      duration: 'about 2 min on two cores',
    },
    progress,
  );
}

function controlPlaneIn(dir: string): ControlPlanePrograms {
  return {
    dir,
    etcd: join(dir, 'etcd'),
    kubeApiserver: join(dir, 'kube-apiserver'),
    kubectl: join(dir, 'kubectl'),
  };
}

/** One folder with a symbolic link per program name, beside the build, replaced as a whole when one of the two changes. */
async function linkByName(kubernetes: string, etcd: string): Promise<string> {
  const key = `${dirname(kubernetes).slice(-16)}-${dirname(etcd).slice(-16)}`;
  const dir = join(dirname(dirname(kubernetes)), `bin-${key}`);
  if (existsSync(dir)) return dir;
  const temporary = `${dir}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  for (const name of names) await symlink(kubernetes, join(temporary, name));
  await symlink(etcd, join(temporary, 'etcd'));
  await rename(temporary, dir).catch(async (error: unknown) => {
    // Another process was faster: its folder is the same.
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  });
  return dir;
}
