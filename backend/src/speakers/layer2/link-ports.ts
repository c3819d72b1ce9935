import type { Link, Logger } from '../../platform/ports.ts';
import { LinkPort, type LinkPortDeps, type Resident } from './link-port.ts';
import { sameOctets } from './wire/mac.ts';

export interface LinkPortsDeps<R extends Resident> extends LinkPortDeps<R> {
  readonly logger: Logger;
}

export interface LinkChange<R extends Resident> {
  readonly port: LinkPort<R>;
  /** `gone`: it is closed, as the link is no more. `mac`: neighbours must hear of the new one. */
  readonly change: 'gone' | 'mac';
}

/** The links that are open: opened on demand, closed when nobody is present on them any more. */
export class LinkPorts<R extends Resident> {
  readonly #deps: LinkPortsDeps<R>;
  readonly #ports = new Map<number, LinkPort<R>>();
  readonly #problems = new Map<number, string>();

  constructor(deps: LinkPortsDeps<R>) {
    this.#deps = {
      ...deps,
      onGone: (port, reason) => {
        deps.logger.warn({ link: port.link.name, error: reason }, 'link lost');
        this.#ports.delete(port.link.index);
        deps.onGone(port, reason);
      },
    };
  }

  /** Undefined if it can't be opened: `problem` says why. */
  open(link: Link): LinkPort<R> | undefined {
    const known = this.#ports.get(link.index);
    if (known !== undefined) return known;
    try {
      const port = new LinkPort(this.#deps, link);
      this.#ports.set(link.index, port);
      this.#problems.delete(link.index);
      return port;
    } catch (error) {
      this.#fail(link, error);
      return undefined;
    }
  }

  /** Why the link couldn't be opened when it was last tried. */
  problem(index: number): string | undefined {
    return this.#problems.get(index);
  }

  /** Takes the links as they are now, and says what that means for the open ones. */
  follow(links: readonly Link[]): readonly LinkChange<R>[] {
    const byIndex = new Map(links.map((link) => [link.index, link]));
    for (const index of this.#problems.keys()) if (!byIndex.has(index)) this.#problems.delete(index);
    return [...this.#ports.values()].flatMap((port): LinkChange<R>[] => {
      const link = byIndex.get(port.link.index);
      if (link === undefined) {
        this.#close(port);
        return [{ port, change: 'gone' }];
      }
      const hasNewMac = !sameOctets(link.mac, port.link.mac);
      port.follow(link);
      return hasNewMac ? [{ port, change: 'mac' }] : [];
    });
  }

  /** Brings the counters of all up to date. */
  count(): void {
    for (const port of this.#ports.values()) port.count();
  }

  closeIdle(): void {
    for (const port of this.#ports.values()) if (port.addresses.size === 0) this.#close(port);
  }

  closeAll(): void {
    for (const port of this.#ports.values()) this.#close(port);
  }

  #close(port: LinkPort<R>): void {
    this.#ports.delete(port.link.index);
    port.close();
  }

  #fail(link: Link, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    // Tried again each second: told once.
    if (this.#problems.get(link.index) !== problem) {
      this.#deps.logger.error({ link: link.name, problem }, 'link cannot be opened');
    }
    this.#problems.set(link.index, problem);
  }
}
