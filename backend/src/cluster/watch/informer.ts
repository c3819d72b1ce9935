import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { backoffMs, jittered } from '../backoff.ts';
import { ApiError, errorFields, isExpired, isForbidden, isNotFound, NetworkError, retryAfterMsOf } from '../errors.ts';
import type { Kube, Selection, Watch, WatchEventType } from '../kube.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import { keyOf } from '../objects.ts';
import { listAll } from './list-all.ts';
import { Orphans, type KindStanding } from './orphans.ts';
import { trim } from './trim.ts';

/**
 * What the informer knows about its own knowledge. `since` is the `Clock.now()` of the last proof that the cache was current
 * (the start, if there never was one). In every state the cache keeps what it has: only the API saying that an object is gone,
 * by an event or by a complete list, removes one.
 */
export type InformerState =
  | { readonly name: 'unsynced'; readonly since: number }
  | { readonly name: 'synced' }
  /** The watch is broken and not yet restored. */
  | { readonly name: 'stale'; readonly since: number }
  /** 403: we may not read this kind. Asked again slowly. */
  | { readonly name: 'denied'; readonly since: number }
  /** 404: this kind doesn't exist (no CRD). Asked again slowly. */
  | { readonly name: 'absent'; readonly since: number };

export type Change<T> =
  | { readonly type: 'set'; readonly key: string; readonly object: T; readonly previous?: T }
  | { readonly type: 'delete'; readonly key: string; readonly previous: T };

export interface InformerDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface InformerOptions<T extends KubeObject> extends Selection {
  readonly kind: ResourceKind<T>;
  /** Makes an object smaller before it is kept; may change it in place. */
  readonly transform?: (object: T) => T;
  /** Called after the cache has changed. An object that was re-created under its name comes as `delete`, then `set`. */
  readonly onChange: (change: Change<T>) => void;
  readonly onState?: (state: InformerState) => void;
  /**
   * Asked before anything that the API says is gone is removed. Where the kind itself is going, as when its CRD is deleted, or is another
   * one, every object went with it; nobody asked for that, so that the cache keeps what it has.
   */
  readonly kindStands?: () => Promise<KindStanding>;
}

const retry = { baseMs: 100, maxMs: 30_000 };
/** For 403 and 404: nothing gets better by asking often. */
const slowRetry = { baseMs: 5_000, maxMs: 60_000 };
/** The server ends the stream after 5 to 10 minutes, as with client-go; spread, so that watches don't end together. */
const streamSeconds = 300;
/**
 * A watch of a quiet kind may rightly be silent: bookmarks are best effort, 1.35 was seen to send none for minutes. But one that hangs
 * looks the same, so that a silent watch is opened anew, from where it was, which brings whatever it kept back. Longer than the minute from
 * one bookmark to the next: who opens it sooner never gets one, and has a version that the server forgets.
 */
const silenceMs = 75_000;
/** A watch that lived this long was a good one: the backoff starts anew. */
const soundMs = 10_000;
/** After so many refusals of one resourceVersion in a row it is suspected, and a list asked for (etcd restored from a backup). */
const refusalsBeforeList = 3;
/** Time from one list to the next while objects are kept that went with their kind. */
const orphansMs = 30_000;

/** Keeps a copy of all objects of one kind, by list and watch. Stops for nothing but `stop`. */
export class Informer<T extends KubeObject> {
  readonly #deps: InformerDeps;
  readonly #options: InformerOptions<T>;
  readonly #transform: (object: T) => T;
  readonly #logger: Logger;
  readonly #objects = new Map<string, T>();
  #state: InformerState = { name: 'unsynced', since: 0 };
  #abort: AbortController | undefined;
  #watch: Watch | undefined;
  /** Where the next watch begins; undefined asks for a list first. */
  #resourceVersion: string | undefined;
  #hasSynced = false;
  #openedAt = 0;
  #accepted = false;
  #aliveAt = 0;
  #failures = 0;
  #refusals = 0;
  /** The last failure was a 410. */
  #expired = false;
  readonly #orphans = new Orphans();
  #orphansTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #silenceTimer: Timer | undefined;

  constructor(deps: InformerDeps, options: InformerOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.#transform = options.transform ?? trim;
    this.#logger = deps.logger.child({ resource: options.kind.plural });
  }

  /** Plural name of the kind. */
  get plural(): string {
    return this.#options.kind.plural;
  }

  get state(): InformerState {
    return this.#state;
  }

  /** True once a list was complete, and from then on: the cache is a world that existed, be it an old one. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** By `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  start(signal?: AbortSignal): void {
    if (this.#abort !== undefined || signal?.aborted === true) return;
    this.#abort = new AbortController();
    signal?.addEventListener('abort', () => this.stop(), { once: true, signal: this.#abort.signal });
    this.#aliveAt = this.#deps.clock.now();
    this.#state = { name: 'unsynced', since: this.#aliveAt };
    this.#proceed();
  }

  /** The cache stays readable. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#retryTimer?.cancel();
    this.#orphansTimer?.cancel();
    this.#closeWatch();
  }

  /**
   * Tries again now: to be called when the API server is known to be back. A watch that stands is opened anew from where it was,
   * because a path that was cut may have left it half open; until the server accepts that, the cache counts as stale.
   */
  revive(): void {
    if (this.#abort === undefined) return;
    const waiting = this.#retryTimer !== undefined;
    if (!waiting && this.#watch === undefined) return;
    this.#closeWatch();
    this.#failures = 0;
    if (this.#state.name === 'synced') this.#setState({ name: 'stale', since: this.#aliveAt });
    this.#proceedIn(jittered(50, 1, this.#deps.random));
  }

  /** Ends a backoff, if there is one: to be called when the API server answers again. A watch that stands is left alone. */
  retryNow(): void {
    if (this.#abort === undefined || this.#retryTimer === undefined) return;
    this.#failures = 0;
    this.#proceedIn(jittered(50, 1, this.#deps.random));
  }

  #proceedIn(delayMs: number): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = this.#deps.clock.setTimer(delayMs, () => this.#proceed());
  }

  #proceed(): void {
    this.#retryTimer = undefined;
    if (this.#resourceVersion === undefined) void this.#list();
    else this.#openWatch(this.#resourceVersion);
  }

  async #list(): Promise<void> {
    const abort = this.#abort;
    if (abort === undefined) return;
    const selection = { ...selectionOf(this.#options), signal: abort.signal };
    try {
      const { items, resourceVersion } = await listAll(this.#deps.api, this.#options.kind, selection, this.#transform);
      const { deleted, error } = await this.#judge(items);
      if (this.#abort !== abort) return;
      this.#replace(deleted, items);
      if (error !== undefined) throw error;
      this.#resourceVersion = resourceVersion;
      this.#refusals = 0;
      this.#hasSynced = true;
      this.#alive();
      this.#armOrphans();
      this.#openWatch(resourceVersion);
    } catch (error) {
      if (this.#abort === abort) this.#fail(error);
    }
  }

  /** What a complete list lacks because it was deleted, rather than having gone with its kind; `error` where nobody says which. */
  async #judge(items: readonly T[]): Promise<{ readonly deleted: readonly string[]; readonly error?: Error }> {
    const { kindStands } = this.#options;
    const listed = new Set(items.map(keyOf));
    const missing = (): string[] => [...this.#objects.keys()].filter((key) => !listed.has(key));
    if (kindStands === undefined) return { deleted: missing() };
    try {
      const standing = await kindStands();
      return { deleted: this.#orphans.deleted(missing(), listed.size, standing, this.#deps.clock.now()) };
    } catch (error) {
      return missing().length === 0 ? { deleted: [] } : { deleted: [], error: error as Error };
    }
  }

  /** Orphans don't stay for ever, and no event tells when they end. */
  #armOrphans(): void {
    this.#orphansTimer?.cancel();
    if (this.#orphans.size === 0) return;
    this.#logger.info({ orphans: this.#orphans.size }, 'objects that went with their kind are kept');
    this.#orphansTimer = this.#deps.clock.setTimer(orphansMs, () => this.#listAnew());
  }

  /** Unless a list is under way or to come, which tells the same. */
  #listAnew(): void {
    this.#resourceVersion = undefined;
    if (this.#watch === undefined) return;
    this.#closeWatch();
    this.#proceed();
  }

  #openWatch(resourceVersion: string): void {
    this.#openedAt = this.#deps.clock.now();
    this.#accepted = false;
    this.#armSilence(silenceMs);
    const timeoutSeconds = Math.round(streamSeconds * (1 + this.#deps.random.next()));
    const options = { ...selectionOf(this.#options), resourceVersion, timeoutSeconds };
    this.#watch = this.#deps.api.watch(this.#options.kind, options, {
      onOpen: () => {
        this.#accepted = true;
        this.#alive();
      },
      onEvent: (type, object) => this.#onEvent(type, object),
      onBookmark: (version) => {
        if (version !== '') this.#resourceVersion = version;
        this.#alive();
      },
      onClose: (error) => {
        // TCP keeps order: a stream that ends has delivered what came before. (One that falls silent proves nothing.)
        if (this.#accepted) this.#aliveAt = this.#deps.clock.now();
        this.#closeWatch();
        this.#onWatchEnd(error);
      },
    });
  }

  #onWatchEnd(error: unknown): void {
    const lasted = this.#deps.clock.now() - this.#openedAt;
    if (lasted >= soundMs) {
      this.#failures = 0;
      this.#expired = false;
    }
    if (error === undefined && lasted >= 1_000) {
      this.#proceed();
      return;
    }
    if (error instanceof ApiError) this.#refusals += 1;
    if (mustListAfter(error) || this.#refusals >= refusalsBeforeList) this.#resourceVersion = undefined;
    this.#fail(error ?? new NetworkError('protocol', 'the watch ended as soon as it had begun'));
  }

  #fail(error: unknown): void {
    // 410 says that the API server is well and only our place in its history is gone: what failed before is over.
    const firstExpired = isExpired(error) && !this.#expired;
    this.#expired = isExpired(error);
    this.#failures = firstExpired ? 1 : this.#failures + 1;
    const missing = isForbidden(error) || isNotFound(error);
    const wait = backoffMs(this.#failures, missing ? slowRetry : retry, this.#deps.random);
    const delayMs = firstExpired ? 0 : Math.max(wait, retryAfterMsOf(error));
    this.#logger.warn(
      { ...errorFields(error), failures: this.#failures, retryInMs: Math.round(delayMs) },
      'watch failed',
    );
    // 410 came from a server that answers: until it was asked, nothing was known to be missing.
    const since = firstExpired ? this.#openedAt : this.#aliveAt;
    if (isForbidden(error)) this.#setState({ name: 'denied', since });
    else if (isNotFound(error)) this.#setState({ name: 'absent', since });
    else this.#setState(this.#hasSynced ? { name: 'stale', since } : { name: 'unsynced', since });
    this.#proceedIn(delayMs);
  }

  #alive(): void {
    this.#aliveAt = this.#deps.clock.now();
    this.#setState({ name: 'synced' });
  }

  #armSilence(delayMs: number): void {
    this.#silenceTimer?.cancel();
    this.#silenceTimer = this.#deps.clock.setTimer(delayMs, () => {
      // Armed once per watch and moved on here, not with every event.
      const heard = Math.max(this.#aliveAt, this.#openedAt);
      const left = heard + silenceMs - this.#deps.clock.now();
      if (left > 0) {
        this.#armSilence(left);
        return;
      }
      this.#closeWatch();
      if (this.#accepted) this.#proceed();
      else this.#onWatchEnd(new NetworkError('timeout', 'the watch was not answered'));
    });
  }

  #closeWatch(): void {
    this.#silenceTimer?.cancel();
    this.#silenceTimer = undefined;
    this.#watch?.close();
    this.#watch = undefined;
  }

  #onEvent(type: WatchEventType, received: T): void {
    if (type === 'DELETED' && this.#options.kindStands !== undefined) {
      // A list tells it too, and can be doubted as a whole. These kinds have few objects.
      this.#listAnew();
      return;
    }
    const object = this.#transform(received);
    if (type === 'DELETED') this.#remove(keyOf(object));
    else this.#set(object);
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
    this.#refusals = 0;
    this.#alive();
  }

  /** Turns a complete list into changes: first what is gone, so that a name or an address is free before it is taken again. */
  #replace(deleted: readonly string[], items: readonly T[]): void {
    for (const key of deleted) this.#remove(key);
    for (const item of items) this.#set(item);
  }

  #set(object: T): void {
    const key = keyOf(object);
    this.#orphans.forget(key);
    if (isOther(this.#objects.get(key), object)) this.#remove(key);
    const previous = this.#objects.get(key);
    if (previous !== undefined && isSameVersion(previous, object)) return;
    this.#objects.set(key, object);
    this.#tell(previous === undefined ? { type: 'set', key, object } : { type: 'set', key, object, previous });
  }

  #remove(key: string): void {
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    this.#orphans.forget(key);
    this.#objects.delete(key);
    this.#tell({ type: 'delete', key, previous });
  }

  #tell(change: Change<T>): void {
    try {
      this.#options.onChange(change);
    } catch (error) {
      // A consumer's bug must not cost us the events behind this one.
      this.#logger.error({ key: change.key, ...errorFields(error) }, 'a consumer of changes threw');
    }
  }

  #setState(state: InformerState): void {
    if (this.#state.name === state.name) return;
    if (state.name === 'absent') this.#orphans.add(this.#objects.keys());
    this.#state = state;
    this.#logger.info({ state: state.name, objects: this.#objects.size }, 'informer changed state');
    this.#options.onState?.(state);
  }
}

function selectionOf({ namespace, labelSelector, fieldSelector }: Selection): Selection {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/** Whether the version from which we watched is of no use any more: 410, and any 4xx that is about the request itself. */
function mustListAfter(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 401 &&
    error.status !== 429
  );
}

/** Whether an object was deleted and created anew under its name. */
function isOther(known: KubeObject | undefined, object: KubeObject): boolean {
  return known !== undefined && known.metadata?.uid !== object.metadata?.uid;
}

function isSameVersion(known: KubeObject, object: KubeObject): boolean {
  const version = object.metadata?.resourceVersion;
  return version !== undefined && known.metadata?.resourceVersion === version;
}
