import { ApiError } from '../cluster/api-client.ts';
import { bgpPeer, defaultPool, eip, ipv6Part, on, ours, slice } from '../local/objects.ts';
import { ManagerLab } from '../scenarios/manager/manager-lab.ts';
import { NodeVerdicts } from '../scenarios/manager/node-verdicts.ts';
import type { ChaosSize } from './plan.ts';
import type { Fault, InvalidEdit, ServicePlan } from './faults.ts';
import { excludeLabel } from './model.ts';

const group = '/apis/network.kubesphere.io/v1alpha2';
const wholePool = ['172.30.0.0/24', 'fd30:1::/112'];
/** Without the addresses that are given first: those stay with their Services all the same. */
const rest = ['172.30.0.128/25', 'fd30:1::8000/113'];
const twin = 'twin';

export const size: ChaosSize = {
  nodes: ['n1', 'n2', 'n3'],
  routers: ['r1', 'r2'],
  services: [
    { name: 'everywhere', policy: 'Cluster', nodes: ['n1', 'n2', 'n3'] },
    { name: 'local', policy: 'Local', nodes: ['n1', 'n3'] },
    { name: 'far', policy: 'Local', nodes: ['n2'] },
  ],
};

/** When a node was without power, by `performance.now()`. */
export interface Death {
  readonly node: string;
  readonly from: number;
  /** Until its power came back; infinite as long as it has not. */
  to: number;
}

/** A lab of three nodes with a replica each, two routers and some Services, and how each fault is done to it and healed. */
export class ChaosWorld {
  readonly manager: ManagerLab;
  readonly deaths: Death[] = [];
  /**
   * When all replicas were started at once, or one went on after it was suspended, by `performance.now()`: what is known of nodes then is
   * nothing, or old.
   */
  readonly beginnings: number[] = [];
  readonly #nodes: NodeVerdicts;

  private constructor(manager: ManagerLab) {
    this.manager = manager;
    this.#nodes = new NodeVerdicts(manager);
  }

  static async up(): Promise<ChaosWorld> {
    const manager = await ManagerLab.up({ members: size.nodes, routers: size.routers.length });
    try {
      const world = new ChaosWorld(manager);
      for (const node of size.nodes) await world.#nodes.serve(node);
      await world.#nodes.are('alive', size.nodes);
      return world;
    } catch (error) {
      await manager.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.manager.down();
  }

  /** A Service of both families, as its plan says. */
  async createService({ name, policy, nodes }: ServicePlan): Promise<void> {
    const spec = { ...ours, externalTrafficPolicy: policy, ipFamilyPolicy: 'RequireDualStack' };
    await this.manager.create(name, { spec }, nodes);
  }

  async begin(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'service-created':
        return this.createService(fault.service);
      case 'service-deleted':
        return this.#deleteService(fault.name);
      case 'endpoints-moved':
        return this.#moveEndpoints(fault.service);
      case 'pool-shrunk':
        return this.#editPool(rest);
      case 'invalid-edit':
        return this.#editInvalidly(fault.of);
      case 'api-down':
        return this.manager.lab.stopApiServer();
      default:
        return 'router' in fault ? this.#beginAtRouter(fault) : this.#beginAtNode(fault);
    }
  }

  /** Ends a lasting fault. */
  async heal(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'pool-shrunk':
        return this.#editPool(wholePool);
      case 'invalid-edit':
        return this.#mend(fault.of);
      case 'api-down':
        return this.manager.lab.startApiServer();
      case 'tcp-reset':
        return this.#resetConnections('-D', fault);
      default:
        if ('node' in fault) await this.#healNode(fault);
    }
  }

  async #deleteService(name: string): Promise<void> {
    await this.manager.deleteService(name);
    for (const part of [1, ipv6Part]) {
      await this.manager.lab.api.delete(`/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${name}-${part}`);
    }
  }

  async #moveEndpoints({ name, nodes }: ServicePlan): Promise<void> {
    for (const part of [1, ipv6Part]) await this.manager.setEndpoints(slice(name, on(nodes), part));
  }

  async #editPool(addresses: readonly string[]): Promise<void> {
    await this.manager.lab.apply(eip('public', { addresses }, defaultPool));
  }

  async #editInvalidly(of: InvalidEdit): Promise<void> {
    const { lab } = this.manager;
    if (of === 'pool') return this.#editPool(['fd30:1::9-fd30:1::1']);
    // Of two peers that name one router the older counts.
    const [r1] = lab.routers;
    if (of === 'peer' && r1 !== undefined) {
      const { spec, ...rest } = bgpPeer(r1, r1.addresses.ipv4);
      await lab.apply({ ...rest, metadata: { name: twin }, spec });
      return;
    }
    const refused = await lab.api
      .patch(`${group}/bgpconfs/default`, { spec: { as: 0 } })
      .catch((error: unknown) => error);
    if (!(refused instanceof ApiError)) throw new Error('the API server took AS 0');
  }

  async #mend(of: InvalidEdit): Promise<void> {
    if (of === 'pool') await this.#editPool(wholePool);
    if (of === 'peer') await this.manager.lab.api.delete(`${group}/bgppeers/${twin}`);
  }

  async #beginAtRouter(fault: Extract<Fault, { router: string }>): Promise<void> {
    const router = this.manager.lab.router(fault.router);
    switch (fault.kind) {
      case 'session-reset': {
        const peer = this.#peerAddress(fault);
        if ((await router.establishedPeers()).includes(peer)) await router.vtysh(`clear bgp ${peer}`);
        return;
      }
      case 'tcp-reset':
        return this.#resetConnections('-I', fault);
      case 'router-restarted':
        return router.restart();
      case 'router-crashed':
        await router.crash();
        return router.start();
    }
  }

  async #beginAtNode(fault: Extract<Fault, { node: string }> | { kind: 'all-replicas-killed' }): Promise<void> {
    const { lab, replicas } = this.manager;
    switch (fault.kind) {
      case 'all-replicas-killed':
        await Promise.all(size.nodes.map((node) => replicas.stop(node, 'SIGKILL')));
        this.beginnings.push(performance.now());
        return replicas.start(...size.nodes);
      case 'replica-killed':
        return replicas.stop(fault.node, 'SIGKILL');
      case 'replica-stopped':
        return replicas.stop(fault.node);
      case 'replica-suspended':
        return this.#signal(fault.node, 'SIGSTOP');
      case 'replica-without-api':
        return replicas.hideApiServer(fault.node);
      case 'node-off':
        return this.#powerOff(fault.node);
      case 'node-apart':
        return lab.partition(
          [fault.node],
          size.nodes.filter((other) => other !== fault.node),
        );
      default:
        return this.#mark(fault.node, fault.kind, true);
    }
  }

  async #healNode(fault: Extract<Fault, { node: string }>): Promise<void> {
    const { lab, replicas } = this.manager;
    switch (fault.kind) {
      case 'replica-killed':
      case 'replica-stopped':
        return replicas.start(fault.node);
      case 'replica-suspended':
        return this.#signal(fault.node, 'SIGCONT');
      case 'replica-without-api':
        return replicas.showApiServer(fault.node);
      case 'node-off':
        return this.#powerOn(fault.node);
      case 'node-apart':
        return lab.heal();
      default:
        return this.#mark(fault.node, fault.kind, false);
    }
  }

  async #signal(node: string, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await this.manager.replicas.pid(node);
    if (pid === undefined) throw new Error(`the replica on ${node} has ended by itself`);
    if (signal === 'SIGCONT') this.beginnings.push(performance.now());
    process.kill(pid, signal);
  }

  async #powerOff(node: string): Promise<void> {
    // The cables first: nobody hears of it from then on.
    await this.manager.lab.node(node).disconnect();
    this.deaths.push({ node, from: performance.now(), to: Infinity });
    await this.manager.lab.node(node).powerOff();
    await this.manager.replicas.loseState(node);
  }

  async #powerOn(node: string): Promise<void> {
    const death = this.deaths.find((one) => one.node === node && one.to === Infinity);
    if (death !== undefined) death.to = performance.now();
    await this.manager.lab.node(node).powerOn();
    await this.#nodes.serve(node);
    await this.manager.replicas.start(node);
  }

  /** A cordon is no reason to take a node out; the label is. */
  async #mark(node: string, kind: string, set: boolean): Promise<void> {
    const labels = { [excludeLabel]: set ? 'true' : null };
    await this.manager.patchNode(
      node,
      kind === 'node-cordoned' ? { spec: { unschedulable: set || null } } : { metadata: { labels } },
    );
  }

  /** Where the router has its session with a node's replica: r1 by IPv4, the next by IPv6, and so on, as the peers are made. */
  #peerAddress({ router, node }: { readonly router: string; readonly node: string }): string {
    const family = size.routers.indexOf(router) % 2 === 0 ? 'ipv4' : 'ipv6';
    return this.manager.lab.node(node).addresses[family];
  }

  async #resetConnections(action: '-I' | '-D', at: { readonly router: string; readonly node: string }): Promise<void> {
    const peer = this.#peerAddress(at);
    const rule = ['INPUT', '-s', peer, '-p', 'tcp', '--dport', '179', '-j', 'REJECT', '--reject-with', 'tcp-reset'];
    const program = peer.includes(':') ? 'ip6tables' : 'iptables';
    await this.manager.lab.router(at.router).exec(program, action, ...rule);
  }
}
