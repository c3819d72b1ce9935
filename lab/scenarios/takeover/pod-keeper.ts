import type { KubeObject } from '../../cluster/api-client.ts';
import type { KubeAccess } from '../../cluster/kube-access.ts';

interface Workload extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  };
}

const EVERY_MS = 100;

/** What Kubernetes' controllers and kubelets do about Deployments, as far as their Pods come, are Ready, and go; for an API server alone. */
export class PodKeeper {
  readonly #lab: KubeAccess;
  readonly #namespaces: readonly string[];
  #stopped = false;
  #work: Promise<void> | undefined;

  constructor(lab: KubeAccess, namespaces: readonly string[]) {
    this.#lab = lab;
    this.#namespaces = namespaces;
  }

  start(): void {
    this.#work = this.#keep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #keep(): Promise<void> {
    while (!this.#stopped) {
      for (const namespace of this.#namespaces) {
        const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
        for (const workload of await this.#lab.api.list<Workload>(path)) await this.#settle(workload);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #settle({ metadata: { name, namespace }, spec }: Workload): Promise<void> {
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const wanted = Array.from({ length: spec.replicas ?? 1 }, (_, i) => `${name}-abc-${i}`);
    const all = await this.#lab.api.list(pods);
    const there = all.map((pod) => pod.metadata.name).filter((each) => each.startsWith(`${name}-abc-`));
    for (const pod of there.filter((each) => !wanted.includes(each)))
      await this.#lab.api.delete(`${pods}/${pod}?gracePeriodSeconds=0`);
    for (const pod of wanted.filter((each) => !there.includes(each))) {
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-abc`, uid: 'none' };
      const metadata = { name: pod, namespace, labels: spec.selector.matchLabels, ownerReferences: [owner] };
      const containers = [{ name: 'main', image: 'none' }];
      await this.#lab.api.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: { nodeName: 'n1', containers },
      } as KubeObject);
      await this.#lab.api.patch(`${pods}/${pod}/status`, {
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      });
    }
  }
}
