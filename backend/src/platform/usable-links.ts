import { NO_LINKS } from './no-links.ts';
import type { Clock, Link, LinkLayer, LinkSocket, LinkSocketEvents, Logger, Neighbour, Timer } from './ports.ts';

export interface UsableLinksDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reads the links of the host and follows them from then on. */
  readonly connect: () => Promise<LinkLayer>;
}

/** Between attempts, in milliseconds: twice as long each time. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const NOBODY: LinkSocketEvents = { onFrame: () => undefined, onGone: () => undefined };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The links of this host that can really be used. Where they can't be read (yet), there are none, and they are read again later; one that
 * can't be opened is none either until it can, so that other replicas don't leave addresses to this one that nobody would answer for.
 */
export class UsableLinks implements LinkLayer {
  readonly #deps: UsableLinksDeps;
  readonly #watchers = new Set<{ readonly onChange: () => void }>();
  /** The last failure of each link that can't be opened, by index. */
  readonly #refused = new Map<number, string>();
  #inner: LinkLayer | undefined;
  #named: ReadonlySet<string> = new Set();
  #retry: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #said = '';

  constructor(deps: UsableLinksDeps) {
    this.#deps = deps;
  }

  /** Returns after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    try {
      this.#inner = await this.#deps.connect();
    } catch (error) {
      this.#sayOnce(error);
      this.#retryLater(() => void this.start());
      return;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#inner.setNamed(this.#named);
    this.#inner.watch(() => this.#onChange());
    // What the first one says of missing rights holds for all; more would only cost time.
    for (const { index } of this.#inner.links()) if (this.#tries(index)) break;
    this.#tell();
  }

  links(): readonly Link[] {
    const links = this.#connected.links();
    return this.#refused.size === 0 ? links : links.filter(({ index }) => !this.#refused.has(index));
  }

  setNamed(names: ReadonlySet<string>): void {
    this.#named = names;
    this.#connected.setNamed(names);
  }

  linkTowards(address: string): Link | undefined {
    const link = this.#connected.linkTowards(address);
    return link === undefined || this.#refused.has(link.index) ? undefined : link;
  }

  solicit(index: number, address: string): void {
    this.#connected.solicit(index, address);
  }

  neighbours(): Promise<readonly Neighbour[]> {
    return this.#connected.neighbours();
  }

  watch(onChange: () => void): () => void {
    const watcher = { onChange };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  open(index: number, events: LinkSocketEvents): LinkSocket {
    try {
      return this.#connected.open(index, events);
    } catch (error) {
      // In a turn of its own: whoever opens is in the middle of something.
      if (this.#refuse(index, error)) this.#deps.clock.setTimer(0, () => this.#tell());
      throw error;
    }
  }

  get #connected(): LinkLayer {
    return this.#inner ?? NO_LINKS;
  }

  /** Whatever changed may be what was missing. */
  #onChange(): void {
    this.#tryRefused();
    this.#tell();
  }

  #tryRefused(): boolean {
    const before = this.#refused.size;
    const present = new Set(this.#connected.links().map(({ index }) => index));
    for (const index of [...this.#refused.keys()]) {
      if (!present.has(index) || this.#tries(index)) this.#refused.delete(index);
    }
    return this.#refused.size < before;
  }

  #tries(index: number): boolean {
    try {
      this.#connected.open(index, NOBODY).close();
      return true;
    } catch (error) {
      this.#refuse(index, error);
      return false;
    }
  }

  /** Returns whether that is news. A link that is gone is no link any more as soon as that is noticed. */
  #refuse(index: number, error: unknown): boolean {
    if (!this.#connected.links().some((link) => link.index === index)) return false;
    const isNew = !this.#refused.has(index);
    this.#refused.set(index, messageOf(error));
    this.#sayOnce(error);
    this.#retryLater(() => this.#tryAgain());
    return isNew;
  }

  #tryAgain(): void {
    const helped = this.#tryRefused();
    if (this.#refused.size === 0) this.#pauseMs = FIRST_PAUSE_MS;
    if (helped) this.#tell();
  }

  #retryLater(attempt: () => void): void {
    if (this.#retry !== undefined) return;
    this.#retry = this.#deps.clock.setTimer(this.#pauseMs, () => {
      this.#retry = undefined;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      attempt();
    });
  }

  /** The same failure comes again with each attempt and each link. */
  #sayOnce(error: unknown): void {
    const message = messageOf(error);
    if (message === this.#said) return;
    this.#said = message;
    this.#deps.logger.error(
      { err: error },
      'Layer 2 cannot use a link of this host, and tries again: it needs the capability NET_RAW; LAYER2=false turns Layer 2 off',
    );
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher.onChange();
  }
}
