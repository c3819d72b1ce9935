import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceRange } from '../network/plan.ts';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import type { ControlPlanePrograms, KubernetesPrograms } from '../toolchain/index.ts';
import type { ApiClient } from './api-client.ts';
import type { Component, Credentials } from './credentials.ts';

export interface ControlPlaneDeps {
  readonly processes: Processes;
  readonly credentials: Credentials;
  readonly api: ApiClient;
}

export interface ControlPlaneOptions {
  /** Where its data and configuration go. */
  readonly folder: string;
  /** What leads into its network namespace; empty: the host's own. */
  readonly enter: readonly string[];
  readonly bindAddress: string;
  /** The endpoint of the `kubernetes` Service; `undefined` on loopback, which can't be one. */
  readonly advertiseAddress: string | undefined;
  /** Whether kubelets and a controller-manager belong to it. */
  readonly wholeCluster: boolean;
  readonly ports: ControlPlanePorts;
}

export interface ControlPlanePorts {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

export const defaultPorts: ControlPlanePorts = { api: 6443, etcd: 2379, etcdPeer: 2380 };

/** etcd, the API server and, for clusters with nodes, controller-manager and scheduler. */
export class ControlPlane {
  readonly #deps: ControlPlaneDeps;
  readonly #options: ControlPlaneOptions;

  constructor(deps: ControlPlaneDeps, options: ControlPlaneOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Starts etcd and the API server, and returns when it is ready for everything (2 to 4 s). */
  async startApi(programs: ControlPlanePrograms): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await this.#start('etcd', [programs.etcd, ...this.#etcdFlags()]);
    await this.startApiServer(programs);
  }

  /** Starts the API server alone, on the data that is there. */
  async startApiServer(programs: ControlPlanePrograms): Promise<void> {
    await this.#start('kube-apiserver', [programs.kubeApiserver, ...this.#apiServerFlags()]);
    await this.waitUntilReady();
  }

  /** Ends the API server alone: watches break, connections are refused. */
  async stopApiServer(): Promise<void> {
    await this.#deps.processes.stop('kube-apiserver', 'SIGKILL');
  }

  async waitUntilReady(): Promise<void> {
    const { processes, api } = this.#deps;
    await until(() => this.#isReadyOrDead(api), {
      what: 'the API server to be ready',
      timeoutMs: 120_000,
      explain: () => processes.lastWords('kube-apiserver'),
      signal: processes.signal,
    });
    if ((await processes.find('kube-apiserver')) !== undefined) return;
    const words = await Promise.all(['etcd', 'kube-apiserver'].map((name) => processes.lastWords(name)));
    throw new Error(`the API server ended instead of getting ready:\n${words.join('\n')}`);
  }

  /** Starts controller-manager and scheduler; they are ready when the first Pods run. */
  async startControllers(programs: KubernetesPrograms, server: string): Promise<void> {
    const { credentials } = this.#deps;
    const common = ['--leader-elect=false', '--secure-port=0'];
    await this.#startComponent('kube-controller-manager', server, [
      programs.kubeControllerManager,
      ...common,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${credentials.serviceAccountKeyFile}`,
      `--root-ca-file=${credentials.caFile}`,
      `--service-cluster-ip-range=${serviceRange.ipv4},${serviceRange.ipv6}`,
    ]);
    await this.#startComponent('kube-scheduler', server, [programs.kubeScheduler, ...common]);
  }

  async #isReadyOrDead(api: ApiClient): Promise<boolean> {
    if ((await this.#deps.processes.find('kube-apiserver')) === undefined) return true;
    return (await api.request('GET', '/readyz')).status === 200;
  }

  async #startComponent(component: Component, server: string, command: readonly string[]): Promise<void> {
    const kubeconfig = join(this.#options.folder, `${component}.kubeconfig`);
    await this.#deps.credentials.writeComponentKubeconfig(kubeconfig, server, component);
    await this.#start(component, [...command, `--kubeconfig=${kubeconfig}`]);
  }

  async #start(name: string, command: readonly string[]): Promise<void> {
    await this.#deps.processes.start({
      name,
      command: [...this.#options.enter, ...command],
      cwd: this.#options.folder,
    });
  }

  #etcdFlags(): string[] {
    const { ports, folder } = this.#options;
    const client = `http://127.0.0.1:${ports.etcd}`;
    const peer = `http://127.0.0.1:${ports.etcdPeer}`;
    return [
      `--data-dir=${join(folder, 'etcd')}`,
      // Nobody needs a lab's data after a power failure.
      '--unsafe-no-fsync',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=warn',
    ];
  }

  #apiServerFlags(): string[] {
    const { bindAddress, advertiseAddress, wholeCluster, ports, folder } = this.#options;
    const { credentials } = this.#deps;
    return [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      `--bind-address=${bindAddress}`,
      `--secure-port=${ports.api}`,
      `--tls-cert-file=${credentials.serverCertificateFile}`,
      `--tls-private-key-file=${credentials.serverKeyFile}`,
      `--cert-dir=${folder}`,
      `--client-ca-file=${credentials.caFile}`,
      `--token-auth-file=${credentials.tokenFile}`,
      '--authorization-mode=Node,RBAC',
      '--allow-privileged=true',
      `--service-cluster-ip-range=${serviceRange.ipv4},${serviceRange.ipv6}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${credentials.serviceAccountKeyFile}`,
      `--service-account-signing-key-file=${credentials.serviceAccountKeyFile}`,
      advertiseAddress === undefined ? '--endpoint-reconciler-type=none' : `--advertise-address=${advertiseAddress}`,
      ...(wholeCluster ? forNodes : withoutNodes),
    ];
  }
}

/** Without a controller-manager nobody makes ServiceAccounts or lifts a new node's taint. */
const withoutNodes: readonly string[] = ['--disable-admission-plugins=ServiceAccount,TaintNodesByCondition'];

const forNodes: readonly string[] = [
  '--enable-admission-plugins=NodeRestriction',
  // Node names have no DNS here: `kubectl logs` and `exec` go to the address.
  '--kubelet-preferred-address-types=InternalIP',
  '--enable-aggregator-routing=true',
];
