import type { Clock, Timer } from '../../platform/ports.ts';
import type { KubeError } from '../errors.ts';
import type { Watch, WatchEventType, WatchHandlers, WatchOptions } from '../kube.ts';
import type { KubeObject } from '../objects.ts';
import { copy } from './json.ts';
import { selects } from './selectors.ts';
import type { Entry } from './store.ts';

/** cacher.go: defaultBookmarkFrequency. */
const bookmarkMs = 60_000;

export interface FakeWatchDeps {
  readonly clock: Clock;
  /** The version of the store, for bookmarks. */
  readonly version: () => number;
  readonly frozen: () => boolean;
  readonly onOver: (watch: FakeWatch) => void;
}

/** One watch of the fake API server; tells its handlers later, never at once, and in order. */
export class FakeWatch implements Watch {
  readonly collection: string;
  readonly #deps: FakeWatchDeps;
  readonly #options: WatchOptions;
  readonly #handlers: WatchHandlers<KubeObject>;
  readonly #timers = new Set<Timer>();
  #held: (() => void)[] = [];
  #muted = false;
  #open = false;
  #over = false;

  constructor(deps: FakeWatchDeps, collection: string, options: WatchOptions, handlers: WatchHandlers<KubeObject>) {
    this.collection = collection;
    this.#deps = deps;
    this.#options = options;
    this.#handlers = handlers;
  }

  /** The server accepts the watch and sends what happened since its version. */
  accept(missed: readonly Entry[]): void {
    if (this.#over) return;
    this.#open = true;
    this.#tell(() => this.#handlers.onOpen());
    for (const entry of missed) this.offer(entry);
    this.#scheduleBookmark();
    this.#timers.add(this.#deps.clock.setTimer(this.#options.timeoutSeconds * 1000, () => this.end()));
  }

  /** Passes a change on, if it is one within the selection. */
  offer({ collection, type, object, previous }: Entry): void {
    if (!this.#open || collection !== this.collection) return;
    const seen = typeWithin(this.#options, type, object, previous);
    if (seen !== undefined) this.#tell(() => this.#handlers.onEvent(seen, copy(object)));
  }

  /** The server ends the stream. */
  end(error?: KubeError): void {
    this.#tell(() => {
      this.close();
      this.#handlers.onClose(error);
    });
  }

  /** From now on the watch hangs: nothing is sent and nothing ends, not even when the server is well. */
  mute(): void {
    this.#muted = true;
  }

  /** Sends what was held back while the server was frozen. */
  release(): void {
    for (const send of this.#held.splice(0)) this.#tell(send);
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) timer.cancel();
    this.#deps.onOver(this);
  }

  #tell(send: () => void): void {
    if (this.#muted) return;
    if (this.#deps.frozen()) {
      this.#held.push(send);
      return;
    }
    queueMicrotask(() => {
      if (!this.#over) send();
    });
  }

  #scheduleBookmark(): void {
    const timer = this.#deps.clock.setTimer(bookmarkMs, () => {
      this.#timers.delete(timer);
      const version = String(this.#deps.version());
      this.#tell(() => this.#handlers.onBookmark(version));
      this.#scheduleBookmark();
    });
    this.#timers.add(timer);
  }
}

/** An object that comes into or leaves the selection looks to the watcher as if it were created or deleted. */
function typeWithin(
  options: WatchOptions,
  type: WatchEventType,
  object: KubeObject,
  previous: KubeObject | undefined,
): WatchEventType | undefined {
  const was = previous !== undefined && selects(options, previous);
  if (type === 'DELETED') return was ? 'DELETED' : undefined;
  const is = selects(options, object);
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}
