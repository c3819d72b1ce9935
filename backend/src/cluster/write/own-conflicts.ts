import { isDeepStrictEqual } from 'node:util';
import type { ConflictReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { eipConflicts } from '../../report/own-conflicts.ts';
import type { EipConflict } from '../../resources/eip.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { OwnEntries } from './own-entries.ts';
import type { QueueLoad } from './queue.ts';

export interface OwnConflictsDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: Pick<ClusterView, 'poolObject' | 'poolObjects' | 'services' | 'replicas'>;
}

export interface OwnConflictsOptions {
  readonly replica: string;
}

/** Several addresses that are asked for at once become one write; the leader must hear of it before it says that all is well. */
const SETTLE_MS = 50;
/**
 * How long an address that was left to a stranger stays in the status, in milliseconds: nobody asks the link for what no Service has,
 * and two addresses that are both in use must not be given in turn for ever.
 */
const LEFT_MS = 300_000;

interface Left {
  readonly conflict: ConflictReport;
  readonly timer: Timer;
}

/** Keeps this replica's own entries of `conflicts` in each Eip's status as its engine has heard them. */
export class OwnConflicts {
  readonly #deps: OwnConflictsDeps;
  readonly #options: OwnConflictsOptions;
  readonly #entries: OwnEntries<Eip, EipConflict>;
  #heard: readonly ConflictReport[] = [];
  /** By pool and address, what was heard last of addresses that no Service has any more. */
  readonly #left = new Map<string, Left>();
  #stopped = false;

  constructor(deps: OwnConflictsDeps, options: OwnConflictsOptions) {
    const { view } = deps;
    const { replica } = options;
    this.#deps = deps;
    this.#options = options;
    this.#entries = new OwnEntries(
      { ...deps, view: { get: (name) => view.poolObject(name), values: () => view.poolObjects() } },
      {
        name: 'conflicts',
        kind: eips,
        replica,
        settleMs: SETTLE_MS,
        standing: ({ status }) => (status?.conflicts ?? []).filter((entry) => entry.replica === replica),
        status: (conflicts) => ({ conflicts }),
        saysTheSame: (standing, wanted) => isDeepStrictEqual(sorted(standing), sorted(wanted)),
      },
    );
  }

  /** All conflicts that this replica's engine knows of. */
  update(conflicts: readonly ConflictReport[]): void {
    if (this.#stopped) return;
    const before = this.#heard;
    this.#heard = conflicts;
    for (const conflict of conflicts) this.#forget(idOf(conflict));
    const now = new Set(conflicts.map(idOf));
    const ended = before.filter((conflict) => conflict.node === undefined && !now.has(idOf(conflict)));
    if (ended.length > 0) this.#leave(ended);
    this.#write();
  }

  /** Replicas came or went, and with them the share of each. */
  replicasChanged(): void {
    if (!this.#stopped && this.#heard.length + this.#left.size > 0) this.#write();
  }

  /** The Eip changed or went. */
  poolChanged(pool: string): void {
    this.#entries.objectChanged(pool);
  }

  get load(): QueueLoad {
    return this.#entries.load;
  }

  /** The API server answers again. */
  retryNow(): void {
    this.#entries.retryNow();
  }

  /** Takes this replica's entries back. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const id of [...this.#left.keys()]) this.#forget(id);
    await this.#entries.stop();
  }

  /** Of an address that a Service still has, its owner says whether the stranger is there; of the others nobody would. */
  #leave(ended: readonly ConflictReport[]): void {
    const services = [...this.#deps.view.services.values()].filter(({ claims }) => claims);
    const claimed = new Set(services.flatMap(({ recorded }) => recorded.map(({ ip }) => ip)));
    for (const conflict of ended) {
      if (claimed.has(conflict.ip)) continue;
      const id = idOf(conflict);
      const timer = this.#deps.clock.setTimer(LEFT_MS, () => {
        this.#left.delete(id);
        this.#write();
      });
      this.#left.set(id, { conflict, timer });
    }
  }

  #forget(id: string): void {
    this.#left.get(id)?.timer.cancel();
    this.#left.delete(id);
  }

  #write(): void {
    const newestLeft = [...this.#left.values()].map(({ conflict }) => conflict).reverse();
    const replicas = Math.max(1, this.#deps.view.replicas().length);
    this.#entries.update(
      eipConflicts(newestFirst(this.#heard), { replica: this.#options.replica, replicas }, newestLeft),
    );
  }
}

function idOf({ pool, ip }: ConflictReport): string {
  return `${pool} ${ip}`;
}

/** Of strangers; nodes stay in the order in which they were heard, so that the same ones are named. */
function newestFirst(heard: readonly ConflictReport[]): ConflictReport[] {
  const strangers = heard.filter(({ node }) => node === undefined);
  const byNodes = heard.filter(({ node }) => node !== undefined);
  return [...strangers.sort((a, b) => (a.since > b.since ? -1 : Number(a.since < b.since))), ...byNodes];
}

/** The API server keeps the order in which entries came. */
function sorted(entries: readonly EipConflict[]): EipConflict[] {
  return [...entries].sort((a, b) => (a.ip < b.ip ? -1 : 1));
}
