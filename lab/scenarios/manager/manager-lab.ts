import type { KubeObject } from '../../cluster/api-client.ts';
import { LightLab } from '../../light-lab.ts';
import type { NetworkSize } from '../../network/plan.ts';
import {
  bgpConf,
  bgpPeers,
  defaultPool,
  eip,
  ipv6Part,
  on,
  placeOf,
  service,
  slice,
  type ServiceWishes,
} from '../../local/objects.ts';
import { installObjects, LocalReplicas, podOn } from '../../local/replicas.ts';
import { until } from '../../state/until.ts';
import { progressToStderr } from '../../toolchain/index.ts';

export interface LiveService extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly resourceVersion: string;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly manager: string; readonly subresource?: string }[];
  };
  readonly status: {
    readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string; readonly ipMode?: string }[] };
    readonly conditions?: readonly Condition[];
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export const allocated = 'network.kubesphere.io/Allocated';
export const announced = 'network.kubesphere.io/Announced';

/** How a node's status is changed: as its kubelet or the node controller would. */
export interface NodeStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

export interface ManagerLabSize extends Partial<Omit<NetworkSize, 'nodes'>> {
  /** The machines that replicas run on. */
  readonly members?: readonly string[];
  /** Options of the manager. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A light lab with replicas of the manager, configured as users do it, and what the tests of the manager ask of it. */
export class ManagerLab {
  readonly lab: LightLab;
  readonly replicas: LocalReplicas;

  private constructor(lab: LightLab, environment: Readonly<Record<string, string>>) {
    this.lab = lab;
    this.replicas = new LocalReplicas(lab, environment);
  }

  /**
   * Three machines n1 to n3; returns when the replicas on `members` have a session with every router. The pool `public` is the
   * default one and has addresses of both families.
   */
  static async up({
    members = ['n1'],
    routers = 1,
    clients = 0,
    hosts = 0,
    secondLan,
    environment = {},
  }: ManagerLabSize = {}): Promise<ManagerLab> {
    const second = secondLan === undefined ? {} : { secondLan };
    const network = { nodes: 3, routers, clients, hosts, ...second };
    const lab = await LightLab.up({ network, progress: progressToStderr });
    try {
      return await ManagerLab.in(lab, members, environment);
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** The same in a lab that is up already. */
  static async in(
    lab: LightLab,
    members: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ManagerLab> {
    const manager = new ManagerLab(lab, environment);
    await installObjects(lab);
    await manager.replicas.setMembers(...members);
    const pool = eip('public', { addresses: ['172.30.0.0/24', 'fd30:1::/112'] }, defaultPool);
    for (const object of [pool, bgpConf(), ...bgpPeers(lab.routers)]) await lab.apply(object);
    await manager.replicas.start(...members);
    await manager.sessions(...members);
    return manager;
  }

  async down(): Promise<void> {
    await this.lab.down();
  }

  /** Waits until exactly the replicas on these machines have a session with every router. */
  async sessions(...members: string[]): Promise<void> {
    for (const [i, router] of this.lab.routers.entries()) {
      const family = i % 2 === 0 ? 'ipv4' : 'ipv6';
      const wanted = members.map((node) => this.lab.node(node).addresses[family]).sort();
      await until(async () => (await router.establishedPeers()).join() === wanted.join(), {
        what: `${router.name} to have sessions with ${wanted.join(', ')}`,
        explain: () => this.logTail(members[0] ?? 'n1'),
      });
    }
  }

  /** Creates a Service and, for it, a ready endpoint on each machine that is named (default: all). */
  async create(name: string, wishes: ServiceWishes = {}, nodes: readonly string[] = this.nodeNames): Promise<void> {
    if (nodes.length > 0) {
      await this.lab.api.apply(slice(name, on(nodes)));
      await this.lab.api.apply(slice(name, on(nodes), ipv6Part));
    }
    await this.lab.api.create(service(name, wishes));
  }

  get nodeNames(): string[] {
    return this.lab.nodes.map(({ name }) => name);
  }

  async service(name: string): Promise<LiveService> {
    return this.lab.api.get<LiveService>(pathOf(name));
  }

  /** The Service, once `fulfilled` by it. */
  async when(name: string, what: string, fulfilled: (service: LiveService) => boolean): Promise<LiveService> {
    const look = async (): Promise<LiveService | false> => {
      const service = await this.service(name);
      return fulfilled(service) && service;
    };
    const explain = async (): Promise<string> => JSON.stringify((await this.service(name)).status);
    return until(look, { what: `${name} ${what}`, explain });
  }

  /** The addresses of a Service, once it has any. */
  async addresses(name: string): Promise<string[]> {
    const service = await this.when(name, 'to have an address', (found) => ingressOf(found).length > 0);
    return ingressOf(service);
  }

  /** The first address of a Service, once it has one. */
  async address(name: string): Promise<string> {
    const [first = ''] = await this.addresses(name);
    return first;
  }

  /** The condition `Allocated`, once its reason is this. */
  async allocatedBecause(name: string, reason: string): Promise<Condition> {
    return this.#because(name, allocated, reason);
  }

  /** The condition `Announced`, once its reason is this. */
  async announcedBecause(name: string, reason: string): Promise<Condition> {
    return this.#because(name, announced, reason);
  }

  async #because(name: string, type: string, reason: string): Promise<Condition> {
    const wanted = (found: LiveService): Condition | undefined =>
      found.status.conditions?.find((condition) => condition.type === type && condition.reason === reason);
    const service = await this.when(name, `to have ${type} with ${reason}`, (found) => wanted(found) !== undefined);
    return wanted(service) ?? { type: '', status: '', reason: '', message: '' };
  }

  /** Waits until every router's kernel has exactly these machines as next hops; none: no route. */
  async routed(ip: string, nodes: readonly string[] = this.nodeNames, timeoutMs = 60_000): Promise<void> {
    const family = ip.includes(':') ? 'ipv6' : 'ipv4';
    const gateways = nodes.map((node) => this.lab.node(node).addresses[family]);
    await Promise.all(this.lab.routers.map((router) => router.waitForRoutes(ip, gateways, { timeoutMs })));
  }

  async patchService(name: string, body: object): Promise<void> {
    await this.lab.api.patch(pathOf(name), body);
  }

  async setEndpoints(endpointSlice: KubeObject): Promise<void> {
    await this.lab.apply(endpointSlice);
  }

  async deleteService(name: string): Promise<void> {
    await this.lab.api.delete(pathOf(name));
  }

  /** Waits until there is no such Service any more. */
  async gone(name: string): Promise<void> {
    const isGone = async (): Promise<boolean> => (await this.lab.api.find(pathOf(name))) === undefined;
    await until(isGone, { what: `the Service ${name} to be gone` });
  }

  /** Ends all replicas on these machines in order and starts them anew; returns when they have their sessions. */
  async restart(...members: string[]): Promise<void> {
    await Promise.all(members.map((node) => this.replicas.stop(node)));
    await this.replicas.start(...members);
    await this.sessions(...members);
  }

  /** Changes a Node's metadata or spec (a merge patch). */
  async patchNode(name: string, body: object): Promise<void> {
    await this.lab.api.patch(`/api/v1/nodes/${name}`, body);
  }

  async setNodeStatus(name: string, status: NodeStatus): Promise<void> {
    await this.lab.api.patch(`/api/v1/nodes/${name}/status`, { status });
  }

  /** All states of a Service since a version until now, oldest first, as every watching client got them. */
  async history(name: string, sinceVersion: string): Promise<LiveService[]> {
    const place = placeOf(name);
    const selector = `fieldSelector=metadata.name%3D${place.name}`;
    const query = `watch=true&resourceVersion=${sinceVersion}&timeoutSeconds=2&${selector}`;
    const now = (await this.service(name)).metadata.resourceVersion;
    const upToNow = async (): Promise<LiveService[] | false> => {
      const { body } = await this.lab.api.request('GET', `/api/v1/namespaces/${place.namespace}/services?${query}`);
      const lines = typeof body === 'string' ? body.trim().split('\n') : [JSON.stringify(body)];
      const states = lines.map((line) => (JSON.parse(line) as { object: LiveService }).object);
      // A slow API server ends the watch before it has told everything.
      return states.some(({ metadata }) => metadata.resourceVersion === now) && states;
    };
    return until(upToNow, { what: `the whole history of ${name}` });
  }

  async logTail(node: string): Promise<string> {
    return (await this.replicas.log(node)).split('\n').slice(-15).join('\n');
  }

  /** Waits until the replica on this machine leads. */
  async leads(node: string): Promise<void> {
    const isLeader = async (): Promise<boolean> => (await this.replicas.leader()) === podOn(node);
    await until(isLeader, { what: `${podOn(node)} to lead`, explain: () => this.logTail(node) });
  }
}

/** `service` is `namespace/name`, or a name in the namespace `default`. */
export function pathOf(service: string): string {
  const { namespace, name } = placeOf(service);
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}

export function ingressOf(service: LiveService): string[] {
  return (service.status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
}
