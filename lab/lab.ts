import { join } from 'node:path';
import { ApiClient } from './cluster/api-client.ts';
import { ControlPlane, defaultPorts } from './cluster/control-plane.ts';
import { Credentials } from './cluster/credentials.ts';
import { KubeAccess } from './cluster/kube-access.ts';
import { NodeMachine } from './cluster/node-machine.ts';
import { ClusterNode } from './cluster/node.ts';
import { ensureImages } from './images/images.ts';
import { named } from './named.ts';
import { Client } from './network/client.ts';
import { Host } from './network/host.ts';
import { kubernetesService, planNetwork } from './network/plan.ts';
import type { NetworkPlan, NetworkSize } from './network/plan.ts';
import { Sniffer } from './lan/sniffer.ts';
import { Router } from './network/router.ts';
import { createNetwork, inNamespace } from './network/topology.ts';
import { randomLabName } from './state/lab-name.ts';
import { construct } from './state/construction.ts';
import { folderOf, readRecord, writeRecord } from './state/lab-registry.ts';
import type { LabRecord } from './state/lab-registry.ts';
import { Processes } from './state/processes.ts';
import { collectGarbage, teardown } from './state/teardown.ts';
import { together } from './state/together.ts';
import { until } from './state/until.ts';
import { clusterPrograms, ensureHelm, ensureKubernetes, ensurePrograms, noProgress } from './toolchain/index.ts';
import { requireRoot } from './toolchain/root.ts';
import type { KubernetesPrograms, Progress } from './toolchain/index.ts';
import { run } from './toolchain/run.ts';

export interface LabOptions {
  /** Default: 3. */
  readonly nodes?: number;
  /** Default: 2. */
  readonly routers?: number;
  /** Default: 1. Clients are behind r1, r2, ... in turn. */
  readonly clients?: number;
  /** On the nodes' network, of no cluster. Default: none. */
  readonly hosts?: number;
  /** 1 to 12 lower case letters and digits. Default: a name that no other lab has. */
  readonly name?: string;
  /** The lab outlives this process. Default: it is removed by the next `up` if this process dies without `down`. */
  readonly keep?: boolean;
  readonly progress?: Progress;
  /** Gives up and removes what is there. */
  readonly signal?: AbortSignal;
}

/** The nodes' network, as the switch names it. */
const NODES_LAN = 'nodes';

interface LabParts {
  readonly record: LabRecord;
  readonly network: NetworkPlan;
  readonly processes: Processes;
  readonly programs: KubernetesPrograms;
  readonly controlPlane: ControlPlane;
  readonly machines: readonly NodeMachine[];
}

/**
 * A real Kubernetes cluster and a real network on this machine: nodes n1, n2, ... with kubelets and Pods, routers r1, r2,
 * ..., clients c1, ... beyond them, and the API server reachable from here. Needs root on Linux.
 */
export class Lab extends KubeAccess {
  readonly name: string;
  readonly nodes: readonly ClusterNode[];
  readonly routers: readonly Router[];
  readonly clients: readonly Client[];
  readonly hosts: readonly Host[];
  /** Path of a kubeconfig (the administrator's) for processes in the lab's namespaces. */
  readonly insideKubeconfig: string;
  readonly #parts: LabParts;

  private constructor(parts: LabParts, api: ApiClient) {
    const folder = folderOf(parts.record.name);
    super(api, { kubectl: parts.programs.kubectl, kubeconfig: join(folder, 'kubeconfig') });
    const { network, processes } = parts;
    this.#parts = parts;
    this.name = parts.record.name;
    this.insideKubeconfig = join(folder, 'inside.kubeconfig');
    this.nodes = parts.machines.map((machine, i) => nodeHandle({ machine, network, api }, i));
    this.routers = network.routers.map((plan) => new Router({ processes, network }, plan, join(folder, plan.name)));
    this.clients = network.clients.map((plan) => new Client(processes, plan));
    this.hosts = network.hosts.map((plan) => new Host(processes, plan));
  }

  /** Installs and builds what a lab takes, so that `up` finds it: minutes at first, nothing later. */
  static async prepare(progress: Progress = noProgress): Promise<void> {
    requireRoot();
    await ensurePrograms(clusterPrograms, progress);
    await ensureKubernetes(progress);
    await ensureHelm(progress);
    await ensureImages(progress);
  }

  /** Builds a lab and returns when every node is Ready. On failure nothing is left of it. */
  static async up(options: LabOptions = {}): Promise<Lab> {
    const { progress = noProgress, keep = false, name = randomLabName() } = options;
    await Lab.prepare(progress);
    await collectGarbage(progress);
    const shape = {
      nodes: options.nodes ?? 3,
      routers: options.routers ?? 2,
      clients: options.clients ?? 1,
      hosts: options.hosts ?? 0,
    };
    return construct({ name, keep, kind: 'cluster' }, options.signal, (record, processes) =>
      Lab.#build({ record, shape, processes, progress }),
    );
  }

  /** A handle for a lab that another process built. @throws {Error} if there is none of this name. */
  static async attach(name: string): Promise<Lab> {
    const record = await readRecord(name);
    if (record?.shape === undefined || record.kind !== 'cluster') throw new Error(`there is no lab named "${name}"`);
    const api = await ApiClient.fromKubeconfig(join(folderOf(name), 'kubeconfig'));
    const processes = new Processes(folderOf(name));
    return new Lab(await assemble({ record, shape: record.shape, processes, progress: noProgress }, api), api);
  }

  static async #build(site: Site): Promise<Lab> {
    const { record, shape, processes, progress } = site;
    const { nodes, routers, clients } = shape;
    progress(`lab "${record.name}": network of ${nodes} nodes, ${routers} routers, ${clients} clients`);
    const network = planNetwork(record.name, record.index, shape);
    const credentials = credentialsOf(record.name);
    const nodeNames = network.nodes.map((node) => node.name);
    await together([createNetwork(network), credentials.create(apiAddresses(network), nodeNames)]);
    const kubeconfig = join(folderOf(record.name), 'kubeconfig');
    await credentials.writeAdminKubeconfig(kubeconfig, serverAt(network.hostLink.controlPlane));
    const api = await ApiClient.fromKubeconfig(kubeconfig);
    const lab = new Lab(await assemble(site, api), api);
    await credentials.writeAdminKubeconfig(lab.insideKubeconfig, insideServer(network));
    const giveUp = (error: unknown): void => processes.seal(error);
    await lab.#startInfrastructure(progress, giveUp);
    await lab.#startKubelets(progress, giveUp);
    await writeRecord({ ...record, shape });
    return lab;
  }

  node(name: string): ClusterNode {
    return named(this.nodes, name);
  }

  router(name: string): Router {
    return named(this.routers, name);
  }

  client(name: string): Client {
    return named(this.clients, name);
  }

  host(name: string): Host {
    return named(this.hosts, name);
  }

  /** What a user without a token shows to the API server: files with a client certificate and its key. */
  async clientCertificate(user: string): Promise<{ readonly certificateFile: string; readonly keyFile: string }> {
    return credentialsOf(this.name).clientCertificate(user);
  }

  /** Path of the helm program. */
  async helmProgram(): Promise<string> {
    return ensureHelm();
  }

  /** Runs helm as the administrator; returns its standard output. `by`: how the program is started. */
  async helm(args: readonly string[], by: typeof run = run): Promise<string> {
    const cache = join(folderOf(this.name), 'helm');
    const env = { HELM_CACHE_HOME: cache, HELM_CONFIG_HOME: cache, HELM_DATA_HOME: cache };
    return by(await this.helmProgram(), ['--kubeconfig', this.kubeconfig, ...args], { env });
  }

  /** Puts the images of an archive into every node. */
  async loadImage(archive: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.loadImage(archive)));
  }

  /** Ends the API server alone; everything else goes on without it. */
  async stopApiServer(): Promise<void> {
    await this.#parts.controlPlane.stopApiServer();
  }

  async startApiServer(): Promise<void> {
    await this.#parts.controlPlane.startApiServer(this.#parts.programs);
  }

  /** The last lines that a process of the lab wrote: `kube-apiserver`, `n1.kubelet`, `r1.bgpd`, ... */
  async log(process: string, lines = 50): Promise<string> {
    return this.#parts.processes.lastWords(process, lines);
  }

  /** Listens to ARP and neighbour discovery on the nodes' network from now on. */
  async sniff(): Promise<Sniffer> {
    const { network, processes } = this.#parts;
    return Sniffer.start(processes, { namespace: network.switchNamespace, device: NODES_LAN });
  }

  /** Closes this handle's connections and leaves the lab up. */
  async close(): Promise<void> {
    for (const client of [...this.clients, ...this.hosts]) client.close();
    await this.api.close();
  }

  /** Removes the lab: its processes, namespaces, cgroups and files. Safe to repeat. */
  async down(): Promise<void> {
    this.#parts.processes.seal(new Error(`lab "${this.name}" is down`));
    await this.close();
    await teardown(this.#parts.record);
  }

  async #startInfrastructure(progress: Progress, giveUp: (error: unknown) => void): Promise<void> {
    const { controlPlane, programs, machines } = this.#parts;
    progress('starting etcd, API server, routers and container runtimes (5 to 10 s)');
    const startControlPlane = async (): Promise<void> => {
      await controlPlane.startApi(programs);
      await controlPlane.startControllers(programs, serverAt('127.0.0.1'));
    };
    const others = [...machines.map((machine) => machine.boot()), ...this.routers.map((router) => router.start())];
    await together([startControlPlane(), ...others], giveUp);
  }

  async #startKubelets(progress: Progress, giveUp: (error: unknown) => void): Promise<void> {
    const { machines, processes } = this.#parts;
    const { signal } = processes;
    progress('starting kubelets and kube-proxies (5 to 10 s)');
    await together(
      machines.map((machine) => machine.join()),
      giveUp,
    );
    await together(
      this.nodes.map((node) => node.waitUntilReady({ signal })),
      giveUp,
    );
    // Without it no Pod can be created in the namespace; the controller-manager makes it.
    const serviceAccount = '/api/v1/namespaces/default/serviceaccounts/default';
    const exists = async (): Promise<boolean> => (await this.api.find(serviceAccount)) !== undefined;
    await until(exists, { what: 'the default ServiceAccount', signal });
    progress(`lab "${this.name}": ${machines.length} nodes Ready`);
  }
}

/** What a lab is put together from. */
interface Site {
  readonly record: LabRecord;
  readonly shape: NetworkSize;
  readonly processes: Processes;
  readonly progress: Progress;
}

async function assemble({ record, shape, processes, progress }: Site, api: ApiClient): Promise<LabParts> {
  const folder = folderOf(record.name);
  const network = planNetwork(record.name, record.index, shape);
  const credentials = credentialsOf(record.name);
  const programs = await ensureKubernetes(progress);
  const imageArchives = await ensureImages(progress);
  const controlPlane = new ControlPlane(
    { processes, credentials, api },
    {
      folder: join(folder, 'control-plane'),
      enter: inNamespace(network.controlPlane.namespace),
      bindAddress: '0.0.0.0',
      advertiseAddress: network.controlPlane.addresses.ipv4,
      wholeCluster: true,
      ports: defaultPorts,
    },
  );
  const server = insideServer(network);
  const machines = network.nodes.map((plan) => {
    const options = { lab: record.name, plan, folder: join(folder, plan.name), server, imageArchives };
    return new NodeMachine({ processes, credentials, programs }, options);
  });
  return { record, network, processes, programs, controlPlane, machines };
}

function nodeHandle(deps: ConstructorParameters<typeof ClusterNode>[0], index: number): ClusterNode {
  const plan = deps.network.nodes[index];
  if (plan === undefined) throw new RangeError(`no node ${index}`);
  return new ClusterNode(deps, plan);
}

function credentialsOf(name: string): Credentials {
  return new Credentials(join(folderOf(name), 'credentials'));
}

function apiAddresses({ controlPlane, hostLink }: NetworkPlan): string[] {
  const { ipv4, ipv6 } = controlPlane.addresses;
  return ['127.0.0.1', kubernetesService, ipv4, ipv6, hostLink.controlPlane];
}

function insideServer({ controlPlane }: NetworkPlan): string {
  return serverAt(controlPlane.addresses.ipv4);
}

function serverAt(address: string): string {
  return `https://${address}:${defaultPorts.api}`;
}
