import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { images } from '../images/images.ts';
import type { NodePlan } from '../network/plan.ts';
import { inNamespace } from '../network/topology.ts';
import { cgroupOf } from '../state/lab-name.ts';
import { childOf } from '../state/processes.ts';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import type { KubernetesPrograms } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { createCgroup, removeCgroup } from './cgroups.ts';
import type { Credentials } from './credentials.ts';
import {
  cniConfiguration,
  containerdConfiguration,
  kubeProxyConfiguration,
  kubeletConfiguration,
} from './node-configuration.ts';

export interface NodeMachineDeps {
  readonly processes: Processes;
  readonly credentials: Credentials;
  readonly programs: KubernetesPrograms;
}

export interface NodeMachineOptions {
  readonly lab: string;
  readonly plan: NodePlan;
  /** Its disk: survives its being powered off. */
  readonly folder: string;
  /** The API server as the node reaches it. */
  readonly server: string;
  /** Archives of the images that it has from the start. */
  readonly imageArchives: readonly string[];
}

export type NodeService = 'containerd' | 'kubelet' | 'kube-proxy';

/**
 * A node as a machine. Its first process has PID, mount and UTS namespaces of its own beside the network namespace, and
 * everything on the node runs below it: one SIGKILL ends containerd, kubelet, kube-proxy and every Pod at once, as a power
 * failure does, and their mounts vanish with them.
 */
export class NodeMachine {
  readonly #deps: NodeMachineDeps;
  readonly #options: NodeMachineOptions;
  readonly #name: string;

  constructor(deps: NodeMachineDeps, options: NodeMachineOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#name = options.plan.name;
  }

  /** Starts the machine, its container runtime and what needs no API server. */
  async boot(): Promise<void> {
    await this.#writeConfiguration();
    await createCgroup(this.#cgroup);
    await this.#startInit();
    await this.start('containerd');
    await this.#waitForFile('/run/containerd/containerd.sock', 'containerd');
    for (const archive of this.#options.imageArchives) await this.loadImage(archive);
  }

  /** Starts kubelet and kube-proxy; the node is ready when its Node object says so. */
  async join(): Promise<void> {
    await this.start('kube-proxy');
    await this.start('kubelet');
  }

  /** Ends everything on the machine at once. What is on its disk stays, what is in memory (/run) is gone. */
  async halt(): Promise<void> {
    await this.#deps.processes.stop(`${this.#name}.init`, 'SIGKILL');
    await removeCgroup(this.#cgroup);
  }

  async isOn(): Promise<boolean> {
    return (await this.#deps.processes.find(`${this.#name}.init`)) !== undefined;
  }

  async start(service: NodeService): Promise<void> {
    await this.spawn(service, this.#commandOf(service));
  }

  async stop(service: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#deps.processes.stop(`${this.#name}.${service}`, signal);
  }

  /** Starts a further process on the machine, which ends with it. */
  async spawn(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#deps.processes.start({
      name: `${this.#name}.${name}`,
      command: [...(await this.#enter()), ...command],
      env,
      cwd: '/',
    });
  }

  async exec(...command: string[]): Promise<string> {
    const [program = '', ...args] = [...(await this.#enter()), ...command];
    return run(program, args);
  }

  /** Imports an image archive (OCI layout or docker-archive). The machine sees the host's files but /run, /var/log, /proc. */
  async loadImage(archive: string): Promise<void> {
    await this.exec('ctr', '--namespace', 'k8s.io', 'images', 'import', archive);
  }

  async lastWords(service: string): Promise<string> {
    return this.#deps.processes.lastWords(`${this.#name}.${service}`);
  }

  get #cgroup(): string {
    return cgroupOf(this.#options.lab, this.#name);
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }

  async #startInit(): Promise<void> {
    const isolation = ['--mount', '--uts', '--pid', '--fork', '--kill-child=SIGKILL', '--propagation', 'private'];
    const init = ['sh', '-c', initScript, 'init', this.#options.folder, this.#name];
    await this.#deps.processes.start({
      name: `${this.#name}.init`,
      command: [...inNamespace(this.#options.plan.namespace), 'unshare', ...isolation, '--', ...init],
    });
    await this.#waitForFile('/run/booted', 'init');
  }

  /** Waits for a file in the machine's own view of the file system. */
  async #waitForFile(path: string, madeBy: string): Promise<void> {
    await until(async () => exists(`/proc/${await this.#initPid()}/root${path}`), {
      what: `${madeBy} on ${this.#name} to make ${path}`,
      explain: () => this.#deps.processes.lastWords(`${this.#name}.${madeBy}`),
      signal: this.#deps.processes.signal,
    });
  }

  /** The first process of the machine as the host sees it: the child that unshare made. */
  async #initPid(): Promise<number | undefined> {
    const parent = await this.#deps.processes.find(`${this.#name}.init`);
    return parent && childOf(parent.pid);
  }

  async #enter(): Promise<string[]> {
    const pid = await this.#initPid();
    if (pid === undefined) throw new Error(`${this.#name} is powered off`);
    return ['nsenter', '--target', String(pid), '--mount', '--uts', '--pid', '--net', '--'];
  }

  #commandOf(service: NodeService): string[] {
    const { programs } = this.#deps;
    const { plan } = this.#options;
    switch (service) {
      case 'containerd':
        return ['containerd', '--config', this.#file('containerd.toml')];
      case 'kubelet':
        return [
          programs.kubelet,
          `--config=${this.#file('kubelet.yaml')}`,
          `--kubeconfig=${this.#file('kubelet.kubeconfig')}`,
          `--hostname-override=${plan.name}`,
          `--node-ip=${plan.addresses.ipv4},${plan.addresses.ipv6}`,
          '--root-dir=/var/lib/kubelet',
          '--cert-dir=/var/lib/kubelet/pki',
        ];
      case 'kube-proxy':
        return [programs.kubeProxy, `--config=${this.#file('kube-proxy.yaml')}`];
    }
  }

  async #writeConfiguration(): Promise<void> {
    const { credentials } = this.#deps;
    const { plan, server } = this.#options;
    for (const folder of ['containerd', 'kubelet', 'log', 'cni', 'leases']) {
      await mkdir(this.#file(folder), { recursive: true });
    }
    // The kubelet has paths below it built in; the node's own disk is mounted there.
    await mkdir('/var/lib/kubelet', { recursive: true });
    const runtime = { root: this.#file('containerd'), cni: this.#file('cni') };
    await writeFile(this.#file('containerd.toml'), containerdConfiguration(runtime, images.pause));
    const cni = cniConfiguration(plan, this.#file('leases'));
    await writeFile(join(this.#file('cni'), '10-lab.conflist'), JSON.stringify(cni));
    // Pods have no names to look up outside the cluster.
    await writeFile(this.#file('resolv.conf'), '');
    const kubelet = kubeletConfiguration(this.#cgroup, this.#file('resolv.conf'));
    await writeFile(this.#file('kubelet.yaml'), stringify(kubelet));
    await credentials.writeNodeKubeconfig(this.#file('kubelet.kubeconfig'), server, plan.name);
    const proxyKubeconfig = this.#file('kube-proxy.kubeconfig');
    await credentials.writeComponentKubeconfig(proxyKubeconfig, server, 'kube-proxy');
    await writeFile(this.#file('kube-proxy.yaml'), stringify(kubeProxyConfiguration(plan, proxyKubeconfig)));
  }
}

/**
 * $1: the machine's disk, $2: its name. Everything is mounted shared within the machine, as containers with propagated
 * mounts want it; /run is memory. Then it reaps orphans, as the first process must.
 */
const initScript = `
set -e
mount --make-rshared /
mount -t proc proc /proc
mount --bind "$1/kubelet" /var/lib/kubelet
mount --bind "$1/log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
echo "$2" > /proc/sys/kernel/hostname
touch /run/booted
while :; do sleep 3600 & wait; done
`;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
