import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { Router } from '../../network/router.ts';

type KernelOwner = Pick<Router, 'namespace' | 'exec'>;

/**
 * Every state that a router's kernel route to one address had, as the kernel itself told it (`ip monitor`): nothing that was
 * there only for a moment is missed.
 */
export class RouteHistory {
  readonly #router: KernelOwner;
  readonly #destination: string;
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #states: string[] = [];
  /** Destinations of the test's own routes that the kernel has told of. */
  readonly #marks = new Set<string>();

  private constructor(router: KernelOwner, destination: string) {
    this.#router = router;
    this.#destination = destination;
    const args = ['-n', router.namespace, '-o', 'monitor', 'route'];
    this.#process = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#line(line));
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

  #line(line: string): void {
    const deleted = line.startsWith('Deleted ');
    const [destination] = line
      .replace(/^Deleted /, '')
      .trim()
      .split(' ');
    const mark = /^(?:Deleted )?blackhole (\S+)/.exec(line)?.[1];
    if (mark !== undefined) this.#marks.add(mark);
    if (destination !== this.#destination) return;
    const gateways = [...line.matchAll(/ via ([0-9a-f.:]+)/g)].map(([, gateway]) => gateway ?? '').sort();
    this.#states.push(deleted ? '' : gateways.join());
  }
}
