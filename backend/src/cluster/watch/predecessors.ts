import type { Clock, Logger, Timer } from '../../platform/ports.ts';
import { errorFields, isForbidden, isNotFound } from '../errors.ts';
import { clusterRoleBindings, daemonSets, deployments } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import { graceMs, lifeOf, PREDECESSORS, type Workload, type WorkloadKind } from './domain/predecessor.ts';

export interface PredecessorsDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PredecessorsOptions {
  /** Where this program runs: what has this namespace is none of the old ones. */
  readonly namespace: string;
  /** Nobody else speaks, so that this replica may begin. Called once. */
  readonly onClear: () => void;
}

/** How often it is looked while one of them keeps us waiting, in milliseconds: nobody announces once it is gone. */
const WAITING_MS = 500;
/** How often later, when it is only told and nothing depends on it. */
const LATER_MS = 60_000;
/** How long an API server may leave the first question unanswered that answers others: addresses are worth more than the doubt. */
const PATIENCE_MS = 10_000;

const WORKLOADS: Readonly<Record<WorkloadKind, ResourceKind<Workload>>> = {
  Deployment: deployments,
  DaemonSet: daemonSets,
};

interface Binding extends KubeObject {
  readonly subjects?: readonly { readonly kind: string; readonly namespace?: string }[];
}

/**
 * Whether OpenELB, or the PorterLB that it was once, is alive in this cluster. It serves the same Services by the same objects and announces the
 * same addresses, so a replica doesn't begin beside it. One that has begun goes on whatever comes later, and says so.
 */
export class Predecessors {
  readonly #deps: PredecessorsDeps;
  readonly #options: PredecessorsOptions;
  readonly #stop = new AbortController();
  /** Those that speak, in words, sorted. */
  #alive: readonly string[] = [];
  /** Until when whoever was seen to run and is deleted may still be ending, by `Clock.now()`. */
  readonly #endsBy = new Map<string, number>();
  #isClear = false;
  #since = 0;
  #timer: Timer | undefined;

  constructor(deps: PredecessorsDeps, options: PredecessorsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Nobody keeps this replica from beginning, or it has begun. */
  get isClear(): boolean {
    return this.#isClear;
  }

  /** Workloads of theirs that run, in words. */
  alive(): readonly string[] {
    return this.#alive;
  }

  start(): void {
    this.#since = this.#deps.clock.now();
    void this.#look();
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#deps;
    try {
      this.#found((await this.#search()).sort());
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logger.debug(errorFields(error), 'it can not be found out whether another load balancer of this kind runs');
      if (clock.now() - this.#since >= PATIENCE_MS) this.#clear();
    }
    if (this.#stop.signal.aborted) return;
    this.#timer = clock.setTimer(this.#isClear ? LATER_MS : WAITING_MS, () => void this.#look());
  }

  #found(alive: readonly string[]): void {
    const isNews = alive.join() !== this.#alive.join();
    this.#alive = alive;
    if (this.#stop.signal.aborted) return;
    if (alive.length > 0 && isNews) {
      const what = this.#isClear
        ? 'another load balancer of this kind runs in this cluster and may announce the same addresses'
        : 'not announcing: another load balancer of this kind runs in this cluster';
      this.#deps.logger.warn({ beside: alive }, what);
    }
    if (alive.length === 0) this.#clear();
  }

  #clear(): void {
    if (this.#isClear) return;
    this.#isClear = true;
    this.#options.onClear();
  }

  async #search(): Promise<string[]> {
    const found = PREDECESSORS.map(async ({ binding, workloads }) => {
      const namespaces = await this.#namespacesOf(binding);
      const lives = namespaces.flatMap((namespace) =>
        workloads.map(async ([kind, name]) => await this.#life(kind, { namespace, name })),
      );
      return (await Promise.all(lives)).flat();
    });
    return (await Promise.all(found)).flat();
  }

  /** Where its ServiceAccounts are. */
  async #namespacesOf(name: string): Promise<string[]> {
    const binding = await this.#known<Binding>(clusterRoleBindings, { name });
    const namespaces = (binding?.subjects ?? []).flatMap(({ kind, namespace }) =>
      kind === 'ServiceAccount' ? (namespace ?? []) : [],
    );
    return [...new Set(namespaces)].filter((namespace) => namespace !== this.#options.namespace);
  }

  async #life(kind: WorkloadKind, ref: ObjectRef): Promise<string[]> {
    const { clock } = this.#deps;
    const text = `${kind} ${ref.namespace}/${ref.name}`;
    const workload = await this.#known(WORKLOADS[kind], ref);
    if (workload === undefined) return clock.now() < (this.#endsBy.get(text) ?? 0) ? [`${text} is ending`] : [];
    const life = lifeOf(kind, workload, clock.wallTime().getTime());
    if (life === 'gone') return [];
    this.#endsBy.set(text, clock.now() + graceMs(workload));
    return [life === 'runs' ? `${text} runs` : `${text} is ending`];
  }

  /** Who may not look has the rights of an earlier version of the chart, which didn't look either. */
  async #known<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef): Promise<T | undefined> {
    try {
      return await this.#deps.api.get(kind, ref, { signal: this.#stop.signal });
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return undefined;
      throw error;
    }
  }
}
