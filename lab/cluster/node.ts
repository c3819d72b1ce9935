import type { Addresses, NetworkPlan, NodePlan, Ranges } from '../network/plan.ts';
import { cablesOf, createNode, removeNode, setCables } from '../network/topology.ts';
import { until } from '../state/until.ts';
import type { ApiClient, KubeObject } from './api-client.ts';
import type { NodeMachine } from './node-machine.ts';

export interface NodeDeps {
  readonly machine: NodeMachine;
  readonly network: NetworkPlan;
  readonly api: ApiClient;
}

interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly lastHeartbeatTime: string;
}

interface NodeStatus {
  readonly status: { readonly conditions?: readonly NodeCondition[] };
}

/** A node with a real kubelet. */
export class ClusterNode {
  readonly name: string;
  readonly namespace: string;
  readonly addresses: Addresses;
  readonly podRange: Ranges;
  readonly #deps: NodeDeps;
  readonly #plan: NodePlan;

  constructor(deps: NodeDeps, plan: NodePlan) {
    this.#deps = deps;
    this.#plan = plan;
    this.name = plan.name;
    this.namespace = plan.namespace;
    this.addresses = plan.addresses;
    this.podRange = plan.pods;
  }

  /** As if its plug were pulled: it is off the network, and every process on it is dead, within milliseconds. */
  async powerOff(): Promise<void> {
    await this.disconnect();
    await this.#deps.machine.halt();
  }

  /** Boots it anew with the disk it had; returns when it is Ready. Does nothing if it is on. */
  async powerOn(): Promise<void> {
    const { machine, network } = this.#deps;
    if (await machine.isOn()) return;
    await removeNode(network, this.#plan);
    await createNode(network, this.#plan);
    await machine.boot();
    const since = Date.now();
    await machine.join();
    await this.waitUntilReady({ reportedAfter: since });
  }

  /** Pulls its network cable; everything on it goes on. */
  async disconnect(): Promise<void> {
    await setCables(this.#deps.network, cablesOf(this.#plan), 'down');
  }

  async reconnect(): Promise<void> {
    await setCables(this.#deps.network, cablesOf(this.#plan), 'up');
  }

  /** The node gets NotReady 50 s later (Kubernetes' default); its Pods and kube-proxy go on. */
  async stopKubelet(): Promise<void> {
    await this.#deps.machine.stop('kubelet');
  }

  async startKubelet(): Promise<void> {
    await this.#deps.machine.start('kubelet');
  }

  async stopKubeProxy(): Promise<void> {
    await this.#deps.machine.stop('kube-proxy');
  }

  async startKubeProxy(): Promise<void> {
    await this.#deps.machine.start('kube-proxy');
  }

  /** Runs a program on the node (its network, processes and /run; the host's files) and returns its standard output. */
  async exec(...command: string[]): Promise<string> {
    return this.#deps.machine.exec(...command);
  }

  /** Starts a process on the node that ends with it; output goes to the lab's log `<node>.<name>`. */
  async spawn(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#deps.machine.spawn(name, command, env);
  }

  /** Ends a process that `spawn` started; returns when it is gone. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#deps.machine.stop(name, signal);
  }

  /** Puts the images of an archive (OCI layout or docker-archive tar) into the node. */
  async loadImage(archive: string): Promise<void> {
    await this.#deps.machine.loadImage(archive);
  }

  /** The Node object. */
  async object(): Promise<KubeObject> {
    return this.#deps.api.get(`/api/v1/nodes/${this.name}`);
  }

  /** The Pods that are bound to the node. */
  async pods(): Promise<KubeObject[]> {
    return this.#deps.api.list(`/api/v1/pods?fieldSelector=spec.nodeName=${this.name}`);
  }

  /** Returns once the Node object is Ready; with `reportedAfter` (ms since 1970), once a kubelet said so after that. */
  async waitUntilReady(
    options: { readonly reportedAfter?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { reportedAfter = 0, signal } = options;
    // Heartbeats are in whole seconds.
    const earliest = Math.floor(reportedAfter / 1000) * 1000;
    await until(async () => (await this.#lastReadyReport()) >= earliest, {
      what: `${this.name} to be Ready`,
      timeoutMs: 180_000,
      intervalMs: 100,
      explain: () => this.#deps.machine.lastWords('kubelet'),
      signal,
    });
  }

  /** When the kubelet last reported that it is Ready, in ms since 1970; -1 if its last word was another. */
  async #lastReadyReport(): Promise<number> {
    const node = await this.#deps.api.find<NodeStatus>(`/api/v1/nodes/${this.name}`);
    const ready = node?.status.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
    return ready === undefined ? -1 : Date.parse(ready.lastHeartbeatTime);
  }
}
