import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type KubeObject } from '../cluster/api-client.ts';
import { LightLab } from '../light-lab.ts';
import { installObjects } from '../local/replicas.ts';
import { folderOf } from '../state/lab-registry.ts';
import { until } from '../state/until.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { ApiProxy } from './api-trouble.ts';
import { bgpPeer, bgpPeers, defaultPool, eip, ipv6Part, on, ours, slice } from '../local/objects.ts';
import { ManagerLab } from '../scenarios/manager/manager-lab.ts';
import { NodeVerdicts } from '../scenarios/manager/node-verdicts.ts';
import type { ChaosSize } from './plan.ts';
import type { Fault, InvalidEdit, OnNode, ServicePlan } from './faults.ts';
import { excludeLabel } from './model.ts';

const group = '/apis/network.kubesphere.io/v1alpha2';
const wholePool = ['172.30.0.0/24', 'fd30:1::/112'];
/** Without the addresses that are given first: those stay with their Services all the same. */
const rest = ['172.30.0.128/25', 'fd30:1::8000/113'];
const twin = 'twin';

/** Short, so that they are over while faults last. */
const timers = { config: { holdTime: '12', keepaliveInterval: '4' } };
const environment = {
  DRAIN_GRACE_SECONDS: '3',
  NODE_OPTIONS: `--import ${new URL('shifted-clock.ts', import.meta.url).href}`,
};
/** A watch that is silent for 75 s is opened anew; the rest is to spare. */
const noticedWithinMs = 100_000;
const crdOfPeers = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/bgppeers.network.kubesphere.io';

export const size: ChaosSize = {
  nodes: ['n1', 'n2', 'n3'],
  routers: ['r1', 'r2'],
  services: [
    { name: 'everywhere', policy: 'Cluster', nodes: ['n1', 'n2', 'n3'] },
    { name: 'local', policy: 'Local', nodes: ['n1', 'n3'] },
    { name: 'far', policy: 'Local', nodes: ['n2'] },
  ],
};

type AtNode = Exclude<Extract<Fault, { node: string }>, { router: string }>;
type AtReplica = Exclude<AtNode, { kind: OnNode }>;

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
  readonly lanAddresses = ['10.50.0.200', 'fd00:50::1:0'];
  readonly #nodes: NodeVerdicts;
  readonly #api: ApiProxy;
  readonly #clocks: string;

  private constructor(manager: ManagerLab, api: ApiProxy, clocks: string) {
    this.manager = manager;
    this.#nodes = new NodeVerdicts(manager);
    this.#api = api;
    this.#clocks = clocks;
  }

  static async up(): Promise<ChaosWorld> {
    const lab = await LightLab.up({
      network: { nodes: size.nodes.length, routers: size.routers.length, hosts: 1 },
      progress: progressToStderr,
    });
    try {
      const clocks = join(folderOf(lab.name), 'clocks');
      await mkdir(clocks);
      const api = await ApiProxy.start(lab);
      const manager = await ManagerLab.in(lab, size.nodes, { ...environment, CHAOS_CLOCKS: clocks });
      for (const peer of peersOf(lab)) await lab.apply(peer);
      const world = new ChaosWorld(manager, api, clocks);
      for (const router of manager.lab.routers) {
        router.replaceIpv6Routes();
        await router.restart();
      }
      await manager.sessions(...size.nodes);
      for (const node of size.nodes) await world.#nodes.serve(node);
      await world.#nodes.are('alive', size.nodes);
      await world.#serveOnLan();
      return world;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.manager.down();
  }

  /** Returns when every replica hears of all changes again, as those do of a watch that says nothing any more: what a batch did to them is over. */
  async heard(): Promise<void> {
    const due = { what: 'replicas to open a silent watch anew', timeoutMs: noticedWithinMs, intervalMs: 200 };
    await until(async () => this.#api.isHeard(), due);
  }

  /** A Service with an address of each family on the nodes' own network; nothing is done to it. */
  async #serveOnLan(): Promise<void> {
    await this.manager.lab.apply(eip('lan', { addresses: this.lanAddresses, protocol: 'layer2' }));
    const spec = { ...ours, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] };
    await this.manager.create('lan', { spec, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'lan' } });
    await this.manager.addresses('lan');
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
      case 'crd-deleted':
        return this.manager.lab.api.delete(crdOfPeers);
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
      case 'crd-deleted':
        return this.#makePeersAnew();
      case 'router-away':
        return this.manager.lab.router(fault.router).reconnect();
      case 'tcp-reset':
        return this.#resetConnections('-D', fault);
      default:
        if ('node' in fault && !('router' in fault)) await this.#healNode(fault);
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
        const peer = peerAddress(this.manager.lab, fault.router, fault.node);
        if ((await router.establishedPeers()).includes(peer)) await router.vtysh(`clear bgp ${peer}`);
        return;
      }
      case 'tcp-reset':
        return this.#resetConnections('-I', fault);
      case 'router-restarted':
        return router.restart();
      case 'router-away':
        return router.disconnect();
      case 'router-crashed':
        await router.crash();
        return router.start();
    }
  }

  async #beginAtNode(fault: AtNode | { kind: 'all-replicas-killed' }): Promise<void> {
    const { lab } = this.manager;
    switch (fault.kind) {
      case 'node-off':
        return this.#powerOff(fault.node);
      case 'node-apart':
        return lab.partition(
          [fault.node],
          size.nodes.filter((other) => other !== fault.node),
        );
      case 'packets-lost':
        return this.#losePackets('-I', fault.node);
      case 'node-excluded':
      case 'node-cordoned':
      case 'node-drained':
        return this.#mark(fault.node, fault.kind, true);
      default:
        return this.#beginAtReplica(fault);
    }
  }

  async #beginAtReplica(fault: AtReplica | { kind: 'all-replicas-killed' }): Promise<void> {
    const { replicas } = this.manager;
    switch (fault.kind) {
      case 'all-replicas-killed':
        await Promise.all(size.nodes.map((node) => replicas.stop(node, 'SIGKILL')));
        return replicas.start(...size.nodes);
      case 'replica-killed':
        return replicas.stop(fault.node, 'SIGKILL');
      case 'replica-stopped':
        return replicas.stop(fault.node);
      case 'replica-suspended':
        return this.#signal(fault.node, 'SIGSTOP');
      case 'replica-without-api':
        return replicas.hideApiServer(fault.node);
      case 'api-troubled':
        return this.#api.begin(fault.node, fault.trouble);
      case 'clock-set':
        return this.#setClock(fault.node, fault.byMs);
    }
  }

  async #healNode(fault: AtNode): Promise<void> {
    switch (fault.kind) {
      case 'node-off':
        return this.#powerOn(fault.node);
      case 'node-apart':
        return this.manager.lab.heal();
      case 'packets-lost':
        return this.#losePackets('-D', fault.node);
      case 'node-excluded':
      case 'node-cordoned':
      case 'node-drained':
        return this.#mark(fault.node, fault.kind, false);
      default:
        return this.#healReplica(fault);
    }
  }

  async #healReplica(fault: AtReplica): Promise<void> {
    const { replicas } = this.manager;
    switch (fault.kind) {
      case 'replica-killed':
      case 'replica-stopped':
        return replicas.start(fault.node);
      case 'replica-suspended':
        return this.#signal(fault.node, 'SIGCONT');
      case 'replica-without-api':
        return replicas.showApiServer(fault.node);
      case 'api-troubled':
        return this.#api.end(fault.node);
      case 'clock-set':
        return this.#setClock(fault.node, 0);
    }
  }

  async #signal(node: string, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await this.manager.replicas.pid(node);
    if (pid === undefined) throw new Error(`the replica on ${node} has ended by itself`);
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

  /** A cordon is no reason to take a node out; the label is, and the autoscaler's taint. */
  async #mark(node: string, kind: string, set: boolean): Promise<void> {
    const value = String(Math.floor(Date.now() / 1000));
    const taints = [{ key: 'ToBeDeletedByClusterAutoscaler', value, effect: 'NoSchedule' }];
    const marks: Readonly<Record<string, object>> = {
      'node-cordoned': { spec: { unschedulable: set || null } },
      'node-drained': { spec: { taints: set ? taints : null } },
      'node-excluded': { metadata: { labels: { [excludeLabel]: set ? 'true' : null } } },
    };
    await this.manager.patchNode(node, marks[kind] ?? {});
  }

  async #makePeersAnew(): Promise<void> {
    const { lab } = this.manager;
    const gone = async (): Promise<boolean> => (await lab.api.find(crdOfPeers)) === undefined;
    await until(gone, { what: 'the CRD of the peers to be gone' });
    await installObjects(lab);
    for (const peer of peersOf(lab)) await lab.apply(peer);
  }

  async #setClock(node: string, byMs: number): Promise<void> {
    await writeFile(join(this.#clocks, node), String(byMs));
  }

  async #losePackets(action: '-I' | '-D', node: string): Promise<void> {
    const rule = ['INPUT', '-i', 'eth0', '-m', 'statistic', '--mode', 'random', '--probability', '0.05', '-j', 'DROP'];
    for (const program of ['iptables', 'ip6tables']) await this.manager.lab.node(node).exec(program, action, ...rule);
  }

  async #resetConnections(action: '-I' | '-D', at: { readonly router: string; readonly node: string }): Promise<void> {
    const peer = peerAddress(this.manager.lab, at.router, at.node);
    const rule = ['INPUT', '-s', peer, '-p', 'tcp', '--dport', '179', '-j', 'REJECT', '--reject-with', 'tcp-reset'];
    const program = peer.includes(':') ? 'ip6tables' : 'iptables';
    await this.manager.lab.router(at.router).exec(program, action, ...rule);
  }
}

/** As the lab makes them, with our hold time. */
function peersOf(lab: LightLab): KubeObject[] {
  return bgpPeers(lab.routers).map((peer) => ({ ...peer, spec: { ...(peer['spec'] as object), timers } }));
}

/** Where a router has its session with a node's replica: r1 by IPv4, the next by IPv6, and so on, as the peers are made. */
export function peerAddress(lab: LightLab, router: string, node: string): string {
  return lab.node(node).addresses[size.routers.indexOf(router) % 2 === 0 ? 'ipv4' : 'ipv6'];
}
