import type { Router } from '../network/router.ts';
import { usage } from '../bench/usage.ts';
import { until } from '../state/until.ts';
import { Contention } from './contention.ts';
import type { Batch, ServicePlan } from './faults.ts';
import { kept, toBeKept } from './kept.ts';
import { judgedDeath, momentsWithout, routedWhileDead, steadyRouters, steadyServices, type Span } from './judge.ts';
import { addressesOf, doubleAddresses, expectedRoutes, keyOf } from './model.ts';
import type { ApiObjects, NodeObject, ServiceObject, SliceObject } from './model.ts';
import { differences, heardByRouter, kernelRoutes, withoutLeftovers } from './observe.ts';
import { RouteWatch } from './watch.ts';
import { size, type ChaosWorld } from './world.ts';

/** The promise: no flow enters through a dead node after so many milliseconds, on a machine that has time for it. */
const deadForMs = 3_000;
/** However busy the machine: less than it takes Kubernetes, or a BGP session, to notice a dead node. */
const mostFactor = 5;
/** Most memory of one replica, in MiB: three times what one takes at rest. */
const mostMiB = 300;
/** A node that died again and again has to answer for up to a minute before it is trusted. */
const settleMs = 150_000;
const lookEveryMs = 1_000;

/** The worst that was seen, for the report. */
export interface Worst {
  /** For how long a route led to a dead node, in milliseconds, and what was allowed on a machine as busy as it was. */
  deadMs: number;
  allowedMs: number;
  settleMs: number;
  memoryMiB: number;
}

/**
 * Looks at the lab from outside (kernels and tables of the routers, the API, processes) and says what is wrong. It asks the product
 * nothing and shares no code with it.
 */
export class Checker {
  readonly worst: Worst = { deadMs: 0, allowedMs: deadForMs, settleMs: 0, memoryMiB: 0 };
  readonly #world: ChaosWorld;
  readonly #watches: ReadonlyMap<string, RouteWatch>;
  readonly #contention = new Contention();
  /** Addresses by the uid of their Service: they never change. */
  readonly #given = new Map<string, string>();
  /** Router and address, of which the router kept paths of an earlier session: what it does with those is its own affair. */
  readonly #leftovers = new Set<string>();
  /** What was wrong between two comparisons. */
  readonly #seen = new Set<string>();
  #stopped = false;
  #looking: Promise<void> = Promise.resolve();

  private constructor(world: ChaosWorld, watches: ReadonlyMap<string, RouteWatch>) {
    this.#world = world;
    this.#watches = watches;
  }

  /** To be started before there are Services. */
  static async start(world: ChaosWorld): Promise<Checker> {
    const watches = new Map<string, RouteWatch>();
    for (const router of world.manager.lab.routers) watches.set(router.name, await RouteWatch.start(router));
    const checker = new Checker(world, watches);
    checker.#looking = checker.#look();
    return checker;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    this.#contention.stop();
    for (const watch of this.#watches.values()) watch.stop();
  }

  /** Waits until everything is as the objects in the API say: kernels, what every replica tells every router, what is kept. */
  async settled(): Promise<void> {
    const start = performance.now();
    let found: string[] = [];
    const compare = async (): Promise<boolean> => {
      found = await this.differences();
      return found.length === 0;
    };
    const due = { what: 'the lab to be as its objects say', timeoutMs: settleMs, intervalMs: 200 };
    await until(compare, { ...due, explain: () => found.join('\n') });
    this.worst.settleMs = Math.max(this.worst.settleMs, performance.now() - start);
  }

  /** What is not as the objects in the API say, in lines. */
  async differences(): Promise<string[]> {
    const objects = await this.#objects();
    const wanted = expectedRoutes(objects);
    const without = objects.services.filter((service) => addressesOf(service).length !== 2);
    const lines = without.map((service) => `${keyOf(service)} has ${addressesOf(service).join() || 'no address'}`);
    for (const router of this.#world.manager.lab.routers) lines.push(...(await this.#untrue(router, wanted)));
    return [...lines, ...(await this.#unsaved(objects))];
  }

  /** What was wrong while a batch went on, in lines, and since the last call. */
  async broken(batch: Batch, services: readonly ServicePlan[], span: Span): Promise<string[]> {
    for (const watch of this.#watches.values()) await watch.caughtUp();
    await this.#lookAtServices();
    const seen = [...this.#seen];
    this.#seen.clear();
    return [...seen, ...this.#throughDeadNodes(span), ...(await this.#withdrawn(batch, services, span))];
  }

  /** The kernel has the routes, and every replica has a session and tells the router what the others tell it. */
  async #untrue(router: Router, wanted: ReadonlyMap<string, string[]>): Promise<string[]> {
    const heard = await heardByRouter(router);
    const family = size.routers.indexOf(router.name) % 2 === 0 ? 'ipv4' : 'ipv6';
    const replicas = this.#world.manager.lab.nodes.map(({ addresses }) => addresses[family]).sort();
    const sessions = await router.establishedPeers();
    const lines = sessions.join() === replicas.join() ? [] : [`${router.name} has sessions with ${sessions.join(' ')}`];
    for (const replica of replicas) {
      lines.push(...differences(`${router.name} from ${replica}`, heard.told.get(replica) ?? new Map(), wanted));
    }
    const kernel = withoutLeftovers(await kernelRoutes(router), heard, wanted);
    for (const ip of heard.retained.keys()) this.#leftovers.add(`${router.name} ${ip}`);
    return [...lines, ...differences(`${router.name}'s kernel`, kernel, wanted)];
  }

  #throughDeadNodes(span: Span): string[] {
    const lines: string[] = [];
    const { deaths, beginnings, manager } = this.#world;
    for (const death of deaths.filter(({ to }) => to > span.from)) {
      const until = judgedDeath({ from: death.from, to: Math.min(death.to, span.to) }, beginnings);
      if (until === undefined) continue;
      const factor = Math.min(mostFactor, this.#contention.factor(until.from, until.from + 2 * deadForMs));
      const allowed = deadForMs * factor;
      for (const [name, { events }] of this.#watches) {
        const own = events.filter(({ destination }) => !this.#leftovers.has(`${name} ${destination}`));
        const ms = routedWhileDead(own, manager.lab.node(death.node).addresses.ipv4, until);
        if (ms > this.worst.deadMs) Object.assign(this.worst, { deadMs: ms, allowedMs: allowed });
        if (ms <= allowed) continue;
        lines.push(
          `${name} led to ${death.node} for ${ms.toFixed(0)} ms of its death; allowed: ${allowed.toFixed(0)} ms`,
        );
      }
    }
    return lines;
  }

  async #withdrawn(batch: Batch, services: readonly ServicePlan[], span: Span): Promise<string[]> {
    const names = steadyServices(services, batch, size.nodes);
    const objects = await this.#objects();
    const steady = objects.services.filter(({ metadata }) => names.includes(metadata.name));
    const ips = steady.flatMap(addressesOf).filter((ip) => !ip.includes(':'));
    return steadyRouters(size.routers, batch).flatMap((name) =>
      ips.flatMap((ip) =>
        momentsWithout(this.#watches.get(name)?.events ?? [], ip, span).map(
          (at) => `${name} had no route to ${ip} ${((at - span.from) / 1000).toFixed(2)} s after the batch began`,
        ),
      ),
    );
  }

  async #objects(): Promise<ApiObjects> {
    const { api } = this.#world.manager.lab;
    const [services, slices, nodes] = await Promise.all([
      api.list<ServiceObject>('/api/v1/namespaces/default/services'),
      api.list<SliceObject>('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'),
      api.list<NodeObject>('/api/v1/nodes'),
    ]);
    return { services: services.filter(({ metadata }) => metadata.name !== 'kubernetes'), slices, nodes };
  }

  /** Whether each replica has kept the objects for its next container: only so that a fault finds the lab at rest. */
  async #unsaved(objects: ApiObjects): Promise<string[]> {
    const wanted = toBeKept(objects);
    const found = await Promise.all(
      size.nodes.map(async (node) => ({ node, has: await kept(this.#world.manager.replicas.stateDir(node)) })),
    );
    return found.filter(({ has }) => has !== wanted).map(({ node, has }) => `${node} has kept ${has}, not ${wanted}`);
  }

  /** What holds at any time, once a second. */
  async #look(): Promise<void> {
    while (!this.#stopped) {
      // The API server is down at times, on purpose; at the end of each batch it has to answer.
      await this.#lookAtServices().catch(() => undefined);
      await this.#lookAtMemory();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async #lookAtServices(): Promise<void> {
    const { services } = await this.#objects();
    for (const double of doubleAddresses(services)) this.#seen.add(`two Services have one address: ${double}`);
    for (const service of services) {
      const { uid = '' } = service.metadata;
      const now = addressesOf(service).sort().join(' ');
      const before = this.#given.get(uid) ?? now;
      if (before !== '' && before !== now)
        this.#seen.add(`${keyOf(service)} had ${before} and has ${now || 'nothing'}`);
      this.#given.set(uid, now);
    }
  }

  async #lookAtMemory(): Promise<void> {
    for (const node of size.nodes) {
      const pid = await this.#world.manager.replicas.pid(node);
      if (pid === undefined) continue;
      const { rssMiB } = await usage([pid]);
      this.worst.memoryMiB = Math.max(this.worst.memoryMiB, rssMiB);
      if (rssMiB > mostMiB) this.#seen.add(`the replica on ${node} took more than ${mostMiB} MiB`);
    }
  }
}
