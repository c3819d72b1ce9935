import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { followRoutes, type RouteChange } from '../network/route-changes.ts';
import type { Router } from '../network/router.ts';

interface Waiting {
  readonly fulfilled: () => boolean;
  readonly resolve: (at: number) => void;
}

/** Follows a router's kernel routes by `ip monitor`, so that a change is seen when the kernel tells it, not when somebody looks. */
export class RouteMonitor {
  readonly #gateways = new Map<string, string>();
  readonly #process: ChildProcess;
  #waiting: Waiting[] = [];

  private constructor(router: Router) {
    this.#process = followRoutes(router.namespace, (change) => this.#change(change));
  }

  /** Starts following; what happened before is not known. */
  static async start(router: Router): Promise<RouteMonitor> {
    const monitor = new RouteMonitor(router);
    await once(monitor.#process, 'spawn');
    // `ip` subscribes a moment after it was started; a change in between would be missed.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return monitor;
  }

  /** Gateways of a destination, sorted and joined by commas; empty if it has no route. */
  gateways(destination: string): string {
    return this.#gateways.get(destination) ?? '';
  }

  /** `performance.now()` of the moment that `fulfilled` became true. */
  async when(fulfilled: () => boolean, timeoutMs = 60_000): Promise<number> {
    if (fulfilled()) return performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error(`no such route within ${timeoutMs / 1000} s`)), timeoutMs);
    this.#waiting.push({ fulfilled, resolve });
    return promise.finally(() => clearTimeout(timer));
  }

  stop(): void {
    this.#process.kill();
  }

  #change({ destination, gateways }: RouteChange): void {
    if (gateways.length === 0) this.#gateways.delete(destination);
    else this.#gateways.set(destination, gateways.join());
    const now = performance.now();
    this.#waiting = this.#waiting.filter(({ fulfilled, resolve }) => {
      if (!fulfilled()) return true;
      resolve(now);
      return false;
    });
  }
}
