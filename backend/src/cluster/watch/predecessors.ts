import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { errorFields, isForbidden, isNotFound } from '../errors.ts';
import { clusterRoleBindings, daemonSets, deployments, namespaces } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import type { ClusterView } from './cluster-view.ts';
import { graceMs, lifeOf, type Life, type Workload, type WorkloadKind } from './domain/predecessor.ts';
import { suspectsOf, type Suspect } from './domain/suspects.ts';
import { listAll } from './list-all.ts';

export interface PredecessorsDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly view: Pick<ClusterView, 'mayHaveOldPools'>;
}

export interface PredecessorsOptions {
  /** This program's own workload, which may have the name of an old one. */
  readonly own: ObjectRef;
  /** Nobody else speaks, so that this replica may begin. Called once. */
  readonly onClear: () => void;
}

/** How often it is looked while one of them keeps us waiting, in milliseconds: nobody announces once it is gone. */
const WAITING_MS = 500;
/** How often later, when it is only told and nothing depends on it. */
const LATER_MS = 60_000;
/** How often it is asked anew whom to look at, while one of those keeps us waiting. */
const SEARCH_MS = 10_000;
/** The same later, up to half as long again: every replica lists all bindings for it, of which a cluster may have thousands. */
const SEARCH_LATER_MS = 600_000;
/**
 * How long an API server may leave the first question unanswered that answers others: addresses are worth more than the doubt. Once it has
 * named anybody there is more than a doubt.
 */
const PATIENCE_MS = 10_000;

const WORKLOADS: Readonly<Record<WorkloadKind, ResourceKind<Workload>>> = {
  Deployment: deployments,
  DaemonSet: daemonSets,
};

/** `unseen`: it can't be known, as this program may not look at that name, which may be called so by chance. */
const WORDS: Readonly<Record<Exclude<Life, 'gone'> | 'unseen', string>> = {
  runs: 'runs',
  ending: 'is ending',
  returning: 'is about to return',
  unseen: 'may run, and may not be looked at',
};

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
  /** Until when whoever was there, or may have been, and is deleted may still be ending, by `Clock.now()`. */
  readonly #endsBy = new Map<string, { readonly at: number; readonly wasSeen: boolean }>();
  #suspects: readonly Suspect[] = [];
  #searchedAt = -Infinity;
  #searchLaterMs = SEARCH_LATER_MS;
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
      // It was named, or seen, or has been waited for: only what was never answered is a doubt.
      if (this.#searchedAt === -Infinity && clock.now() - this.#since >= PATIENCE_MS) this.#clear();
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
    const alive = await this.#lives();
    if (!this.#isSearchDue(alive)) return alive;
    const { namespace: own, name: ownName } = this.#options.own;
    const suspects = suspectsOf(await this.#bindings());
    this.#suspects = suspects.filter(({ namespace, name }) => namespace !== own || name !== ownName);
    this.#searchedAt = this.#deps.clock.now();
    this.#searchLaterMs = SEARCH_LATER_MS * (1 + this.#deps.random.next() / 2);
    return await this.#lives();
  }

  #isSearchDue(alive: readonly string[]): boolean {
    const sinceMs = this.#deps.clock.now() - this.#searchedAt;
    if (this.#isClear) return sinceMs >= this.#searchLaterMs;
    return alive.length === 0 || sinceMs >= SEARCH_MS;
  }

  /** Who may not look has the rights of an earlier version of the chart, which didn't look either. */
  async #bindings(): Promise<readonly KubeObject[]> {
    try {
      return (await listAll(this.#deps.api, clusterRoleBindings, { signal: this.#stop.signal })).items;
    } catch (error) {
      if (isForbidden(error)) return [];
      throw error;
    }
  }

  /** Those of the suspects that speak, and whoever was seen to and is gone with his binding. */
  async #lives(): Promise<string[]> {
    const found = await Promise.all(
      this.#suspects.map(async (suspect) => {
        const life = await this.#life(suspect);
        return [textOf(suspect), life, life === 'unseen' ? this.#remedy(suspect) : ''] as const;
      }),
    );
    const alive = found.flatMap(([text, life, remedy]) => (life === 'gone' ? [] : [`${text} ${WORDS[life]}${remedy}`]));
    const now = this.#deps.clock.now();
    const looked = new Set(found.map(([text]) => text));
    const ending = [...this.#endsBy].filter(([text, { at }]) => !looked.has(text) && now < at);
    return [...alive, ...ending.map(([text]) => `${text} ${WORDS.ending}`)];
  }

  /** What an administrator can do about one that may not be looked at. */
  #remedy({ binding }: Suspect): string {
    const { namespace = '', name } = this.#options.own;
    return `: let the ServiceAccount ${namespace}/${name} get it, or delete the ClusterRoleBinding ${binding}`;
  }

  async #life(suspect: Suspect): Promise<Life | 'unseen'> {
    const { clock } = this.#deps;
    const text = textOf(suspect);
    const workload = await this.#workload(suspect);
    if (workload === 'none') {
      const before = this.#endsBy.get(text);
      return before?.wasSeen === true && clock.now() < before.at ? 'ending' : 'gone';
    }
    const wasSeen = workload !== 'unseen';
    const life = wasSeen ? lifeOf(suspect.kind, workload, clock.wallTime().getTime()) : 'unseen';
    if (life === 'gone') this.#endsBy.delete(text);
    else this.#endsBy.set(text, { at: clock.now() + graceMs(wasSeen ? workload : undefined), wasSeen });
    return life;
  }

  async #workload(suspect: Suspect): Promise<Workload | 'none' | 'unseen'> {
    const { signal } = this.#stop;
    try {
      return await this.#deps.api.get(WORKLOADS[suspect.kind], suspect, { signal });
    } catch (error) {
      if (isNotFound(error)) return 'none';
      if (!isForbidden(error)) throw error;
      // Without a pool none of them announces anything.
      if (!this.#deps.view.mayHaveOldPools()) return 'none';
      return (await this.#isThere(suspect.namespace)) ? 'unseen' : 'none';
    }
  }

  /** What is left of a binding whose namespace is gone keeps nobody waiting. */
  async #isThere(namespace: string): Promise<boolean> {
    try {
      await this.#deps.api.get(namespaces, { name: namespace }, { signal: this.#stop.signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}

function textOf({ kind, namespace, name }: Suspect): string {
  return `${kind} ${namespace}/${name}`;
}
