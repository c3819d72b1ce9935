import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ApiClient } from './cluster/api-client.ts';
import { ControlPlane, defaultPorts } from './cluster/control-plane.ts';
import type { ControlPlaneOptions } from './cluster/control-plane.ts';
import { Credentials } from './cluster/credentials.ts';
import { KubeAccess } from './cluster/kube-access.ts';
import { LightNode, nodeObject } from './cluster/light-node.ts';
import type { NodeSpec } from './cluster/light-node.ts';
import { Sniffer } from './lan/sniffer.ts';
import { BirdRouter } from './network/bird-router.ts';
import type { BirdOptions } from './network/bird-router.ts';
import { Client } from './network/client.ts';
import { Host } from './network/host.ts';
import { kubernetesService, planNetwork } from './network/plan.ts';
import type { LanName, NetworkPlan, NetworkSize } from './network/plan.ts';
import { Router } from './network/router.ts';
import { createNetwork, inNamespace, partition, portOf, setSnooping } from './network/topology.ts';
import type { Cable } from './network/topology.ts';
import { named } from './named.ts';
import { randomLabName } from './state/lab-name.ts';
import { construct } from './state/construction.ts';
import { folderOf } from './state/lab-registry.ts';
import type { LabRecord } from './state/lab-registry.ts';
import type { Processes, ProcessSpec } from './state/processes.ts';
import { together } from './state/together.ts';
import { collectGarbage, teardown } from './state/teardown.ts';
import { ensureControlPlane, ensurePrograms, noProgress } from './toolchain/index.ts';
import type { ControlPlanePrograms, Program, Progress } from './toolchain/index.ts';
import { requireRoot } from './toolchain/root.ts';

export interface LightLabOptions {
  /** Node objects to create, with their status. */
  readonly nodes?: readonly NodeSpec[];
  /**
   * A network as in `Lab` (needs root): machines n1, n2, ... with Node objects and no kubelets, routers and clients. The
   * API server is then in that network. Default: none, and the API server listens on loopback.
   */
  readonly network?: Partial<NetworkSize>;
  readonly name?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface ControlPlaneMachine {
  /** For the lab's machines. */
  readonly address: string;
  /** For programs on the host. */
  readonly addressForHost: string;
  /** Starts a process that ends with the lab; output goes to the lab's log `cp.<name>`. */
  readonly spawn: (name: string, command: readonly string[], env?: Readonly<Record<string, string>>) => Promise<void>;
}

interface LightParts {
  readonly record: LabRecord;
  readonly processes: Processes;
  readonly credentials: Credentials;
  readonly programs: ControlPlanePrograms;
  readonly network: NetworkPlan | undefined;
  readonly place: Place;
}

/** Where the API server runs, and how it is reached. */
interface Place {
  readonly options: Pick<ControlPlaneOptions, 'enter' | 'bindAddress' | 'advertiseAddress' | 'ports'>;
  readonly addresses: readonly string[];
  readonly server: string;
  readonly insideServer: string;
}

const networkPrograms: readonly Program[] = ['ip', 'nsenter', 'sysctl', '/usr/lib/frr/bgpd', 'vtysh', 'openssl'];

/**
 * etcd and a real API server, with nodes that are objects only: ready in 3 to 5 s. On loopback it needs no root. There is
 * no controller-manager: endpoints, ServiceAccounts and garbage are the test's own business.
 */
export class LightLab extends KubeAccess {
  readonly name: string;
  /** The machines of the network; empty without one. */
  readonly nodes: readonly LightNode[];
  readonly routers: readonly Router[];
  readonly clients: readonly Client[];
  /** On the nodes' network (h1, ...) and the second LAN (s1, ...), of no cluster. */
  readonly hosts: readonly Host[];
  /** Path of a kubeconfig (the administrator's) for processes on the lab's machines. */
  readonly insideKubeconfig: string;
  readonly #parts: LightParts;
  readonly #controlPlane: ControlPlane;

  private constructor(parts: LightParts, api: ApiClient) {
    const folder = folderOf(parts.record.name);
    super(api, { kubectl: parts.programs.kubectl, kubeconfig: join(folder, 'kubeconfig') });
    const { processes, network, credentials, place } = parts;
    this.#parts = parts;
    this.name = parts.record.name;
    this.insideKubeconfig = join(folder, 'inside.kubeconfig');
    const options = { ...place.options, wholeCluster: false, folder: join(folder, 'control-plane') };
    this.#controlPlane = new ControlPlane({ processes, credentials, api }, options);
    this.nodes = network?.nodes.map((plan) => new LightNode(processes, network, plan)) ?? [];
    this.routers =
      network?.routers.map((plan) => new Router({ processes, network }, plan, join(folder, plan.name))) ?? [];
    this.clients = network?.clients.map((plan) => new Client(processes, plan)) ?? [];
    this.hosts = network?.hosts.map((plan) => new Host(processes, plan)) ?? [];
  }

  /** Returns when the API server and all routers are ready and the nodes are there. On failure nothing is left of it. */
  static async up(options: LightLabOptions = {}): Promise<LightLab> {
    const { progress = noProgress, name = randomLabName() } = options;
    if (options.network) requireRoot();
    await ensurePrograms(options.network ? networkPrograms : ['openssl'], progress);
    const programs = await ensureControlPlane(progress);
    await collectGarbage(progress);
    return construct({ name, keep: false, kind: 'light' }, options.signal, (record, processes) =>
      LightLab.#build({ record, processes, programs }, options),
    );
  }

  static async #build(
    site: Pick<LightParts, 'record' | 'processes' | 'programs'>,
    options: LightLabOptions,
  ): Promise<LightLab> {
    const { record, processes, programs } = site;
    const folder = folderOf(record.name);
    const network = options.network && (await buildNetwork(record, options.network));
    const place = network ? placeInNetwork(network) : await placeOnLoopback(record);
    const credentials = new Credentials(join(folder, 'credentials'));
    await credentials.create(place.addresses, []);
    const kubeconfig = join(folder, 'kubeconfig');
    await credentials.writeAdminKubeconfig(kubeconfig, place.server);
    await credentials.writeAdminKubeconfig(join(folder, 'inside.kubeconfig'), place.insideServer);
    const api = await ApiClient.fromKubeconfig(kubeconfig);
    const lab = new LightLab({ ...site, credentials, network, place }, api);
    const parts = [lab.#controlPlane.startApi(programs), ...lab.routers.map((router) => router.start())];
    await together(parts, (error) => processes.seal(error));
    await lab.addNodes([...lab.nodes.map(specOf), ...(options.nodes ?? [])]);
    return lab;
  }

  node(name: string): LightNode {
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

  /** Makes a host on the nodes' network a router of another make; returns when it takes sessions. */
  async startBird(host: Host, options: BirdOptions = {}): Promise<BirdRouter> {
    const folder = join(folderOf(this.name), `${host.name}.bird`);
    const router = new BirdRouter(this.#parts.processes, host, folder, options);
    await router.start();
    return router;
  }

  /** The node of which a link has this MAC, if one has. */
  nodeWith(mac: string): LightNode | undefined {
    return this.nodes.find((node) => node.mac === mac || node.second?.mac === mac);
  }

  /** Listens to ARP and neighbour discovery from now on: on a network, or what passes one cable. */
  async sniff(where: LanName | Cable = 'nodes'): Promise<Sniffer> {
    const { switchNamespace } = this.#networkPlan;
    const device = typeof where === 'string' ? where : portOf(where);
    return Sniffer.start(this.#parts.processes, { namespace: switchNamespace, device });
  }

  /** Has the nodes' network or the second LAN do MLD snooping, with a querier; in force within two seconds. */
  async setSnooping(lan: LanName, state: 'on' | 'off'): Promise<void> {
    await setSnooping(this.#networkPlan, lan, state);
  }

  /**
   * Nodes of different groups (lists of names) hear nothing of each other any more; all other machines, the API server's among
   * them, still meet all of them. Takes the place of an earlier partition.
   */
  async partition(...groups: readonly (readonly string[])[]): Promise<void> {
    await ensurePrograms(['ebtables'], noProgress);
    await partition(this.#networkPlan, groups);
  }

  /** Ends a partition. */
  async heal(): Promise<void> {
    await this.partition();
  }

  /** Creates Node objects with their status. */
  async addNodes(specs: readonly NodeSpec[]): Promise<void> {
    const time = new Date().toISOString();
    await Promise.all(
      specs.map(async (spec) => {
        const { object, status } = nodeObject(spec, time);
        await this.api.create(object);
        await this.api.patch(`/api/v1/nodes/${spec.name}/status`, { status });
      }),
    );
  }

  /** The machine of the API server, for what runs beside it: it meets all machines of the lab, and the host meets it. */
  get controlPlane(): ControlPlaneMachine {
    const { controlPlane, hostLink } = this.#networkPlan;
    const enter = inNamespace(controlPlane.namespace);
    return {
      address: controlPlane.addresses.ipv4,
      addressForHost: hostLink.controlPlane,
      spawn: (name, command, env = {}) => this.spawn(`cp.${name}`, [...enter, ...command], { env }),
    };
  }

  /** Starts a process on the host itself that ends with the lab; output goes to the lab's log of that name. */
  async spawn(name: string, command: readonly string[], options: Pick<ProcessSpec, 'env' | 'cwd'> = {}): Promise<void> {
    await this.#parts.processes.start({ name, command, ...options });
  }

  /** Ends the API server: watches break, connections are refused, until `startApiServer`. The data stays. */
  async stopApiServer(): Promise<void> {
    await this.#controlPlane.stopApiServer();
  }

  async startApiServer(): Promise<void> {
    await this.#controlPlane.startApiServer(this.#parts.programs);
  }

  /** The last lines that a process of the lab wrote: `kube-apiserver`, `r1.bgpd`, `n1.<name given to spawn>`. */
  async log(process: string, lines = 50): Promise<string> {
    return this.#parts.processes.lastWords(process, lines);
  }

  get #networkPlan(): NetworkPlan {
    const { network } = this.#parts;
    if (network === undefined) throw new Error('a lab on loopback has no network');
    return network;
  }

  /** Removes the lab: its processes, namespaces and files. Safe to repeat. */
  async down(): Promise<void> {
    this.#parts.processes.seal(new Error(`lab "${this.name}" is down`));
    for (const client of [...this.clients, ...this.hosts]) client.close();
    await this.api.close();
    await teardown(this.#parts.record);
  }
}

async function buildNetwork(record: LabRecord, size: Partial<NetworkSize>): Promise<NetworkPlan> {
  const network = planNetwork(record.name, record.index, { nodes: 1, routers: 1, clients: 0, ...size });
  await createNetwork(network);
  return network;
}

function placeInNetwork({ controlPlane, hostLink }: NetworkPlan): Place {
  const { namespace, addresses } = controlPlane;
  return {
    options: {
      enter: inNamespace(namespace),
      bindAddress: '0.0.0.0',
      advertiseAddress: addresses.ipv4,
      ports: defaultPorts,
    },
    addresses: ['127.0.0.1', kubernetesService, addresses.ipv4, addresses.ipv6, hostLink.controlPlane],
    server: `https://${hostLink.controlPlane}:${defaultPorts.api}`,
    insideServer: `https://${addresses.ipv4}:${defaultPorts.api}`,
  };
}

async function placeOnLoopback({ index }: LabRecord): Promise<Place> {
  const [api = 0, etcd = 0, etcdPeer = 0] = await freePorts(3, index);
  const server = `https://127.0.0.1:${api}`;
  return {
    options: { enter: [], bindAddress: '127.0.0.1', advertiseAddress: undefined, ports: { api, etcd, etcdPeer } },
    addresses: ['127.0.0.1'],
    server,
    insideServer: server,
  };
}

/**
 * Ports that nobody on loopback has at this moment, all different. They lie below those that systems give to outgoing
 * connections: one of these would take a port from under us before its server starts. Each lab of a machine has a hundred of its own, by its index: those
 * that come up at once do not take each other's.
 */
async function freePorts(count: number, index: number): Promise<number[]> {
  const first = 20_000 + 100 * index;
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = first + randomInt(100);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const tried = Promise.withResolvers<boolean>();
  server.once('error', () => tried.resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => tried.resolve(true)));
  return tried.promise;
}

function specOf(node: LightNode): NodeSpec {
  return { name: node.name, addresses: [node.addresses.ipv4, node.addresses.ipv6] };
}
