import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../cluster/api-client.ts';
import type { LightLab } from '../light-lab.ts';
import { folderOf } from '../state/lab-registry.ts';
import { until } from '../state/until.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'backend/src/main.ts');
/** The engine's thread gets it too. */
const olderProbes = new URL('older-probes.ts', import.meta.url).href;
const namespace = 'porterlb-system';
const name = 'porter-manager';

/** The port of /healthz and /readyz of a replica, on its machine's address. */
export const httpPort = 17980;

/** Command and environment of a replica of porter-manager from this checkout, to be run on a machine of a light lab. */
export function replicaCommand(lab: LightLab, node: string): { command: string[]; env: Record<string, string> } {
  return {
    command: [main, '--kubeconfig', lab.insideKubeconfig, '--log-level', 'debug'],
    env: {
      POD_NAME: podOn(node),
      POD_NAMESPACE: namespace,
      POD_IP: lab.node(node).addresses.ipv4,
      NODE_NAME: node,
    },
  };
}

/** Name that the replica on a machine goes by in leases, statuses and ranks: those of lower names rank first. */
export function podOn(node: string): string {
  return `${name}-${node}`;
}

/** The CRDs and the manager's namespace, as the chart makes them; returns when the new kinds can be used. */
export async function installObjects(lab: LightLab): Promise<void> {
  await lab.kubectl(['apply', '-f', join(root, 'charts/backend/crds')]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=120s', 'crd', '--all']);
  const api = '/apis/network.kubesphere.io/v1alpha2';
  // The API server's list of kinds and its handlers follow the condition a moment later.
  await until(
    async () => {
      const { resources } = await lab.api.get<{ resources: { kind: string }[] }>(api);
      for (const plural of ['eips', 'bgpconfs', 'bgppeers']) await lab.api.list(`${api}/${plural}`);
      return ['Eip', 'BgpConf', 'BgpPeer'].every((kind) => resources.some((resource) => resource.kind === kind));
    },
    { what: 'the kinds of the CRDs to be served' },
  );
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
}

/** The endpoints of the manager's headless Service: Kubernetes' view of which replicas there are. */
export function membership(lab: LightLab, nodes: readonly string[], podName = podOn): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: nodes.map((node) => ({
      addresses: [lab.node(node).addresses.ipv4],
      conditions: { ready: true },
      nodeName: node,
      targetRef: { kind: 'Pod', name: podName(node), namespace },
    })),
    ports: [],
  };
}

/** Replicas of porter-manager as processes on the machines of a light lab, one at most on each. */
export class LocalReplicas {
  readonly #lab: LightLab;
  readonly #environment: Readonly<Record<string, string>>;
  /** How many Pods a node has had before this one. */
  readonly #before = new Map<string, number>();
  #members: readonly string[] = [];

  /** @param environment options of the manager, for all of them */
  constructor(lab: LightLab, environment: Readonly<Record<string, string>> = {}) {
    this.#lab = lab;
    this.#environment = environment;
  }

  async start(...nodes: string[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.#start(node, [])));
  }

  /** The same, of a version whose datagrams to other replicas know the first three flags only: see `older-probes.ts`. */
  async startOlder(...nodes: string[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.#start(node, ['--import', olderProbes])));
  }

  async #start(node: string, nodeOptions: readonly string[]): Promise<void> {
    const { command, env } = replicaCommand(this.#lab, node);
    const stateDir = this.stateDir(node);
    await mkdir(stateDir, { recursive: true });
    const program = [process.execPath, ...nodeOptions, ...command];
    const own = { POD_NAME: this.#podName(node), STATE_DIR: stateDir };
    await this.#lab.node(node).spawn(name, program, { ...env, ...own, ...this.#environment });
  }

  #podName(node: string): string {
    const before = this.#before.get(node) ?? 0;
    return before === 0 ? podOn(node) : `${podOn(node)}-${before}`;
  }

  /** The folder that outlives the processes of a replica: they are as containers of one Pod, one after the other. */
  stateDir(node: string): string {
    return join(folderOf(this.#lab.name), `state-${node}`);
  }

  /** Forgets what outlived its processes, as the machine does when it loses power. */
  async loseState(node: string): Promise<void> {
    await rm(this.stateDir(node), { recursive: true, force: true });
  }

  /** The pid of a replica; undefined if it doesn't run. */
  async pid(node: string): Promise<number | undefined> {
    return this.#lab.node(node).pid(name);
  }

  /** From now on packets from this machine to the API server come to nothing. */
  async hideApiServer(node: string): Promise<void> {
    await this.#lab.node(node).exec('ip', 'route', 'add', 'blackhole', await this.#apiServer());
  }

  async showApiServer(node: string): Promise<void> {
    await this.#lab.node(node).exec('ip', 'route', 'del', 'blackhole', await this.#apiServer());
  }

  /** Where replicas reach the API server. */
  async #apiServer(): Promise<string> {
    const kubeconfig = await readFile(this.#lab.insideKubeconfig, 'utf8');
    const [, host = ''] = /https:\/\/([0-9.]+):/.exec(kubeconfig) ?? [];
    return host;
  }

  /** Returns when the process is gone. */
  async stop(node: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#lab.node(node).stop(name, signal);
  }

  /** Tells the manager, as Kubernetes does, which replicas there are. */
  async setMembers(...nodes: string[]): Promise<void> {
    this.#members = nodes;
    await this.#lab.apply(membership(this.#lab, nodes, (node) => this.#podName(node)));
  }

  /** Takes a node's Pod away, as Kubernetes does: it may end as it likes, and then it is a member no more. */
  async remove(node: string): Promise<void> {
    await this.stop(node);
    await this.setMembers(...this.#members.filter((other) => other !== node));
  }

  /** Gives a node that has none a Pod: of another name than any that was there, with nothing that outlived those, and a member at once. */
  async add(node: string): Promise<void> {
    this.#before.set(node, (this.#before.get(node) ?? 0) + 1);
    await this.loseState(node);
    await this.setMembers(...[...this.#members, node].sort());
    await this.start(node);
  }

  /** Identity of the leader, from the Lease; empty if nobody holds it. */
  async leader(): Promise<string> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const lease = await this.#lab.api.find<{ spec?: { holderIdentity?: string } }>(path);
    return lease?.spec?.holderIdentity ?? '';
  }

  /** All that a replica wrote since the lab came up. */
  async log(node: string): Promise<string> {
    return this.#lab.log(`${node}.${name}`, Number.POSITIVE_INFINITY);
  }
}
