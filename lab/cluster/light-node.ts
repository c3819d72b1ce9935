import { isIPv6 } from 'node:net';
import { ensureWhoami } from '../images/images.ts';
import type { Addresses, NetworkPlan, NodePlan } from '../network/plan.ts';
import { cablesOf, inNamespace, ip, macOf, setCables } from '../network/topology.ts';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import { noProgress } from '../toolchain/index.ts';
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
  /** Of its link on the nodes' network. */
  readonly mac: string;
  /** Its link `eth1` on the second LAN, if it has one. */
  readonly second?: { readonly addresses: Addresses; readonly mac: string };
  readonly #processes: Processes;
  readonly #network: NetworkPlan;
  readonly #plan: NodePlan;
  readonly #served = new Set<string>();
  #strictArp: boolean | undefined;

  constructor(processes: Processes, network: NetworkPlan, plan: NodePlan) {
    this.#processes = processes;
    this.#network = network;
    this.#plan = plan;
    this.name = plan.name;
    this.namespace = plan.namespace;
    this.addresses = plan.addresses;
    this.mac = macOf(plan.addresses.ipv4);
    if (plan.second !== undefined) this.second = { addresses: plan.second, mac: macOf(plan.second.ipv4) };
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

  /** The pid, on the host, of a process that `spawn` started; undefined if it has ended. */
  async pid(name: string): Promise<number | undefined> {
    return (await this.#processes.find(`${this.name}.${name}`))?.pid;
  }

  /** Ends a process that `spawn` started; returns when it is gone. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#processes.stop(`${this.name}.${name}`, signal);
  }

  /**
   * Takes part in serving these Service addresses, as kube-proxy and a Pod would: the node takes packets to them, and answers HTTP
   * on port 80 as `whoami` does. The addresses are on its loopback and, unless `setStrictArp` says otherwise, its kernel
   * answers no ARP for them.
   */
  async serve(...ips: string[]): Promise<void> {
    if (this.#strictArp === undefined) await this.setStrictArp(true);
    const addresses = ips.map((address) => (isIPv6(address) ? `${address}/128 nodad` : `${address}/32`));
    await ip(
      this.namespace,
      addresses.map((address) => `address replace ${address} dev lo`),
    );
    for (const address of ips) this.#served.add(address);
    const program = await ensureWhoami(noProgress);
    await this.spawn('whoami', [program], { PORT: '80', NODE_NAME: this.name, POD_NAME: `whoami-${this.name}` });
    const listens = async (): Promise<boolean> => (await this.exec('ss', '-Hltn', 'sport = :80')) !== '';
    await until(listens, { what: `whoami on ${this.name}`, signal: this.#processes.signal });
  }

  /**
   * As kube-proxy's `ipvs.strictARP`. False: the kernel answers ARP for every address of the machine on any link, those of
   * Services too, and asks its neighbours from them.
   */
  async setStrictArp(strict: boolean): Promise<void> {
    this.#strictArp = strict;
    const settings = { arp_ignore: strict ? 1 : 0, arp_announce: strict ? 2 : 0 };
    const assignments = Object.entries(settings).map(([key, value]) => `net.ipv4.conf.all.${key}=${value}`);
    await this.exec('sysctl', '-q', '-w', ...assignments);
  }

  /**
   * As a power failure: its cables are dead, and then all that `spawn` and `serve` started is gone, without a word to anybody.
   * What its kernel knew of neighbours and what it served are gone too.
   */
  async powerOff(): Promise<void> {
    await this.disconnect();
    await this.#processes.stopThose(`${this.name}.`);
    const served = [...this.#served].map((address) => `address del ${address}/${isIPv6(address) ? 128 : 32} dev lo`);
    const links = this.second === undefined ? ['eth0'] : ['eth0', 'eth1'];
    await ip(this.namespace, [...served, ...links.map((link) => `neigh flush dev ${link}`)]);
  }

  /** It serves again what it served, as kube-proxy would see to; whatever else ran there is for the test to start. */
  async powerOn(): Promise<void> {
    await this.reconnect();
    if (this.#served.size > 0) await this.serve(...this.#served);
  }

  /** Pulls its cables; what runs there goes on. */
  async disconnect(): Promise<void> {
    await setCables(this.#network, cablesOf(this.#plan), 'down');
  }

  async reconnect(): Promise<void> {
    await setCables(this.#network, cablesOf(this.#plan), 'up');
  }
}
