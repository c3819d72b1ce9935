import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { errorFields } from '../errors.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import { applyOwnStatus, pruneOwnStatus } from './apply-status.ts';
import type { QueueLoad } from './queue.ts';
import { StatusWriter } from './status-writer.ts';

export interface OwnEntriesDeps<T> {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The objects of the kind, as the watch shows them. */
  readonly view: { readonly get: (name: string) => T | undefined; readonly values: () => Iterable<T> };
}

export interface OwnEntriesOptions<T extends KubeObject, E> {
  /** For the log. */
  readonly name: string;
  /** Cluster-scoped. */
  readonly kind: ResourceKind<T>;
  readonly replica: string;
  /** Changes within this time become one write, in milliseconds. */
  readonly settleMs: number;
  /** The entries of this replica in a status. */
  readonly standing: (object: T) => readonly E[];
  /** A status of these entries and nothing else. */
  readonly status: (entries: readonly E[]) => object;
  /** Whether nothing new would be said by writing `wanted`. */
  readonly saysTheSame: (standing: readonly E[], wanted: readonly E[]) => boolean;
}

/** What a write returned, until the watch has brought something newer than what it was decided on. */
interface Written<T> {
  /** Version of the object as it was known when the write was decided. */
  readonly before: string | undefined;
  readonly object: T;
}

/**
 * Keeps this replica's own entries in the status of each object of a kind as they should be: compares the two whenever one of them
 * changes, and writes what differs. So an entry comes back that was taken away, or went with an object that was deleted and made anew.
 */
export class OwnEntries<T extends KubeObject, E> {
  readonly #deps: OwnEntriesDeps<T>;
  readonly #options: OwnEntriesOptions<T, E>;
  readonly #writer: StatusWriter;
  readonly #written = new Map<string, Written<T>>();
  /** Undefined until they are told: until then an entry of an earlier life is left alone. */
  #wanted: ReadonlyMap<string, readonly E[]> | undefined;

  constructor(deps: OwnEntriesDeps<T>, options: OwnEntriesOptions<T, E>) {
    this.#deps = deps;
    this.#options = options;
    const { name, settleMs } = options;
    this.#writer = new StatusWriter(deps, { name, settleMs: () => settleMs, write: (key) => this.#write(key) });
  }

  get load(): QueueLoad {
    return this.#writer.load;
  }

  /** All entries of this replica by name of the object; an object that is not among them (any more) has none. */
  update(wanted: ReadonlyMap<string, readonly E[]>): void {
    const names = new Set([...(this.#wanted?.keys() ?? this.#inView()), ...wanted.keys()]);
    this.#wanted = wanted;
    for (const name of names) this.#writer.changed(name);
  }

  /** The object changed or went. */
  objectChanged(name: string): void {
    if (this.#deps.view.get(name) === undefined) this.#written.delete(name);
    else if (this.#wanted !== undefined) this.#writer.changed(name);
  }

  /** The API server answers again. */
  retryNow(): void {
    this.#writer.retryNow();
  }

  /** Takes this replica's entries back: the leader would do so only much later. Never rejects. */
  async stop(): Promise<void> {
    await this.#writer.stop();
    const { api, view, logger } = this.#deps;
    const { kind, replica } = this.#options;
    const own = [...this.#inView()].filter((name) => {
      const seen = view.get(name);
      return seen !== undefined && this.#standing(name, seen).length > 0;
    });
    const taken = own.map(async (name) => await pruneOwnStatus(api, kind, { ref: { name }, replica }));
    for (const result of await Promise.allSettled(taken)) {
      if (result.status === 'rejected')
        logger.info(errorFields(result.reason), 'an entry of this replica stays behind');
    }
  }

  *#inView(): IterableIterator<string> {
    for (const { metadata } of this.#deps.view.values()) yield metadata?.name ?? '';
  }

  async #write(name: string): Promise<undefined> {
    const seen = this.#deps.view.get(name);
    // If it is made anew, `objectChanged` tells.
    if (seen === undefined) return;
    const { kind, replica, saysTheSame, status } = this.#options;
    const wanted = this.#wanted?.get(name) ?? [];
    if (saysTheSame(this.#standing(name, seen), wanted)) return;
    const own = { ref: { name }, replica, status: wanted.length === 0 ? {} : status(wanted) };
    const object = await applyOwnStatus(this.#deps.api, kind, own);
    this.#written.set(name, { before: seen.metadata?.resourceVersion, object });
  }

  #standing(name: string, seen: T): readonly E[] {
    return this.#options.standing(this.#current(name, seen));
  }

  /** The object as we know it best: our own write comes back by the watch a moment after it was answered. */
  #current(name: string, seen: T): T {
    const written = this.#written.get(name);
    if (written === undefined) return seen;
    if (seen.metadata?.resourceVersion === written.before) return written.object;
    this.#written.delete(name);
    return seen;
  }
}
