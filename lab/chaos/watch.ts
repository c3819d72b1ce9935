import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { followRoutes, type RouteChange } from '../network/route-changes.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import type { RouteEvent } from './judge.ts';

/** Of no network: the watch's own routes, by which it knows that it hears the kernel. Another one each time, in turn. */
const marks = Array.from({ length: 200 }, (_, i) => `192.0.2.${i + 1}`);

/** All that a router's kernel tells of its routes, from before the first until the end. */
export class RouteWatch {
  readonly events: RouteEvent[] = [];
  readonly #router: Router;
  readonly #process: ChildProcess;
  readonly #heard = new Set<string>();
  #calls = 0;

  private constructor(router: Router) {
    this.#router = router;
    this.#process = followRoutes(router.namespace, (change) => this.#change(change));
  }

  /** To be started while the router has no routes to Services: what it has by then is not known. */
  static async start(router: Router): Promise<RouteWatch> {
    const watch = new RouteWatch(router);
    await once(watch.#process, 'spawn');
    await watch.caughtUp();
    return watch;
  }

  /** Returns once all that the kernel told before the call is in `events`. */
  async caughtUp(): Promise<void> {
    const mark = marks[this.#calls++ % marks.length] ?? '';
    this.#heard.clear();
    const told = async (): Promise<boolean> => {
      await this.#router.exec('ip', 'route', 'replace', 'blackhole', mark);
      await this.#router.exec('ip', 'route', 'del', 'blackhole', mark);
      return this.#heard.has(mark);
    };
    await until(told, { what: `the kernel of ${this.#router.name} to be heard`, intervalMs: 20 });
  }

  stop(): void {
    this.#process.kill();
  }

  #change({ destination, gateways, type }: RouteChange): void {
    if (type === 'blackhole') this.#heard.add(destination);
    else if (type === undefined) this.events.push({ at: performance.now(), destination, gateways });
  }
}
