import { usage } from '../bench/usage.ts';
import { Contention } from './contention.ts';
import type { RouteEvent } from './judge.ts';
import { kept } from './kept.ts';
import { LanWatch } from './lan-watch.ts';
import type { ApiObjects, NodeObject, ServiceObject, SliceObject } from './model.ts';
import { heardByRouter, kernelRoutes, sessionsOf } from './observe.ts';
import type { RouterSight } from './rest.ts';
import type { Sights } from './sights.ts';
import { RouteWatch } from './watch.ts';
import { peerAddress, size, type ChaosWorld, type Death } from './world.ts';
import { askZebra, withoutPath } from './zebra.ts';

/** The sights of a lab of chaos. */
export class LabSights implements Sights {
  readonly routers = size.routers;
  readonly nodes = size.nodes;
  readonly #world: ChaosWorld;
  readonly #watches: ReadonlyMap<string, RouteWatch>;
  readonly lan: LanWatch;
  readonly #contention = new Contention();

  private constructor(world: ChaosWorld, watches: ReadonlyMap<string, RouteWatch>, lan: LanWatch) {
    this.#world = world;
    this.#watches = watches;
    this.lan = lan;
  }

  /** To be opened before there are Services; close it. */
  static async open(world: ChaosWorld): Promise<LabSights> {
    const watches = new Map<string, RouteWatch>();
    for (const router of world.manager.lab.routers) watches.set(router.name, await RouteWatch.start(router));
    return new LabSights(world, watches, await LanWatch.start(world.manager.lab, world.lanAddresses));
  }

  async close(): Promise<void> {
    await this.lan.stop();
    this.#contention.stop();
    for (const watch of this.#watches.values()) watch.stop();
  }

  get deaths(): readonly Death[] {
    return this.#world.deaths;
  }

  gatewaysOf(node: string): readonly string[] {
    const { ipv4, ipv6 } = this.#world.manager.lab.node(node).addresses;
    return [ipv4, ipv6];
  }

  peerOf(router: string, node: string): string {
    return peerAddress(this.#world.manager.lab, router, node);
  }

  async objects(): Promise<ApiObjects> {
    const { api } = this.#world.manager.lab;
    const [services, slices, nodes] = await Promise.all([
      api.list<ServiceObject>('/api/v1/namespaces/default/services'),
      api.list<SliceObject>('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'),
      api.list<NodeObject>('/api/v1/nodes'),
    ]);
    return { services: services.filter(({ metadata }) => metadata.name !== 'kubernetes'), slices, nodes };
  }

  async router(name: string): Promise<RouterSight> {
    const router = this.#world.manager.lab.router(name);
    const sessions = await sessionsOf(router);
    const heard = await heardByRouter(router);
    const kernel = await kernelRoutes(router);
    const strange = withoutPath(heard, kernel);
    if (strange.length === 0) return { sessions, heard, kernel, zebra: new Map() };
    // The kernel once more, and last: what it still has when zebra has told is not on its way out.
    const zebra = await askZebra(router, strange);
    return { sessions, heard, zebra, kernel: await kernelRoutes(router) };
  }

  events(router: string): readonly RouteEvent[] {
    return this.#watches.get(router)?.events ?? [];
  }

  async caughtUp(): Promise<void> {
    for (const watch of this.#watches.values()) await watch.caughtUp();
  }

  async sessionSince(router: string, moment: number): Promise<number | undefined> {
    const at = await this.#world.manager.lab.router(router).sessionSince(performance.timeOrigin + moment);
    return at === undefined ? undefined : at - performance.timeOrigin;
  }

  async memory(): Promise<Map<string, { pid: number; rssMiB: number }>> {
    const found = new Map<string, { pid: number; rssMiB: number }>();
    for (const node of size.nodes) {
      const pid = await this.#world.manager.replicas.pid(node);
      if (pid !== undefined) found.set(node, { pid, rssMiB: (await usage([pid])).rssMiB });
    }
    return found;
  }

  async kept(node: string): Promise<string> {
    return kept(this.#world.manager.replicas.stateDir(node));
  }

  contention(from: number, to: number): number {
    return this.#contention.factor(from, to);
  }
}
