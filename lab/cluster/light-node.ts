import type { Addresses, NetworkPlan, NodePlan } from '../network/plan.ts';
import { inNamespace, setCable } from '../network/topology.ts';
import type { Processes } from '../state/processes.ts';
import { run } from '../toolchain/run.ts';
import type { KubeObject } from './api-client.ts';

/** A Node object for tests without kubelets. */
export interface NodeSpec {
  readonly name: string;
  /** InternalIPs of either family, in the order that the Node lists them. */
  readonly addresses: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Default: true. */
  readonly ready?: boolean;
}

/** The object to create, and the status that a kubelet would report. */
export function nodeObject(spec: NodeSpec, time: string): { object: KubeObject; status: object } {
  const { name, labels = {}, annotations = {}, taints, addresses, ready = true } = spec;
  const condition = {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: ready ? 'KubeletReady' : 'KubeletNotReady',
  };
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels }, annotations },
      spec: taints === undefined ? {} : { taints },
    },
    status: {
      addresses: [
        ...addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
      conditions: [{ ...condition, lastHeartbeatTime: time, lastTransitionTime: time }],
    },
  };
}

/** A machine in the nodes' network with a Node object and no kubelet: for processes under test. */
export class LightNode {
  readonly name: string;
  readonly namespace: string;
  readonly addresses: Addresses;
  readonly #processes: Processes;
  readonly #network: NetworkPlan;

  constructor(processes: Processes, network: NetworkPlan, plan: NodePlan) {
    this.#processes = processes;
    this.#network = network;
    this.name = plan.name;
    this.namespace = plan.namespace;
    this.addresses = plan.addresses;
  }

  /** What to put before a command to run it on this machine, for callers that start processes themselves. */
  get enter(): readonly string[] {
    return inNamespace(this.namespace);
  }

  /** What to add to the environment of such a process, so that the lab ends it if its starter doesn't. */
  get environment(): Readonly<Record<string, string>> {
    return this.#processes.markedEnvironment();
  }

  async exec(...command: string[]): Promise<string> {
    const [program = '', ...args] = [...this.enter, ...command];
    return run(program, args);
  }

  /** Starts a process that ends with the lab; output goes to the lab's log `<node>.<name>`. */
  async spawn(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#processes.start({ name: `${this.name}.${name}`, command: [...this.enter, ...command], env });
  }

  /** Ends a process that `spawn` started; returns when it is gone. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#processes.stop(`${this.name}.${name}`, signal);
  }

  async disconnect(): Promise<void> {
    await setCable(this.#network, { machine: this.name, bridge: 'nodes' }, 'down');
  }

  async reconnect(): Promise<void> {
    await setCable(this.#network, { machine: this.name, bridge: 'nodes' }, 'up');
  }
}
