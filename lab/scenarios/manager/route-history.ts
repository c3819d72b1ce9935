import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { followRoutes, type RouteChange } from '../../network/route-changes.ts';
import type { Router } from '../../network/router.ts';

type KernelOwner = Pick<Router, 'namespace' | 'exec'>;

/**
 * Every state that a router's kernel route to one address had, as the kernel itself told it (`ip monitor`): nothing that was
 * there only for a moment is missed.
 */
export class RouteHistory {
  readonly #router: KernelOwner;
  readonly #destination: string;
  readonly #process: ChildProcess;
  readonly #states: string[] = [];
  /** Destinations of the test's own routes that the kernel has told of. */
  readonly #marks = new Set<string>();

  private constructor(router: KernelOwner, destination: string) {
    this.#router = router;
    this.#destination = destination;
    this.#process = followRoutes(router.namespace, (change) => this.#change(change));
  }

  /** Follows an IPv4 address from now on. */
  static async start(router: KernelOwner, destination: string): Promise<RouteHistory> {
    const history = new RouteHistory(router, destination);
    await once(history.#process, 'spawn');
    await history.#hears('192.0.2.253');
    return history;
  }

  /** Ends it, and returns the gateways (sorted, joined by commas) of each state since the start; '' where there was no route. */
  async stop(): Promise<string[]> {
    // What the kernel has told by now may still be on its way through the pipe; it comes before what is told next.
    await this.#hears('192.0.2.254');
    const closed = once(this.#process, 'close');
    this.#process.kill();
    await closed;
    return this.#states;
  }

  /**
   * Returns when all that the kernel told before the call is in `#states`. `ip` subscribes a moment after it was started, so the
   * test's own route comes and goes until it is heard of.
   */
  async #hears(mark: string): Promise<void> {
    while (!this.#marks.has(mark)) {
      await this.#router.exec('ip', 'route', 'add', 'blackhole', mark);
      await this.#router.exec('ip', 'route', 'del', 'blackhole', mark);
      await sleep(20);
    }
  }

  #change({ destination, gateways, type }: RouteChange): void {
    if (type === 'blackhole') this.#marks.add(destination);
    if (destination === this.#destination) this.#states.push(gateways.join());
  }
}
