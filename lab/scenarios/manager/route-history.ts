import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { Router } from '../../network/router.ts';

/**
 * Every state that a router's kernel route to one address had, as the kernel itself told it (`ip monitor`): nothing that was
 * there only for a moment is missed.
 */
export class RouteHistory {
  readonly #destination: string;
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #states: string[] = [];

  private constructor(router: Router, destination: string) {
    this.#destination = destination;
    const args = ['-n', router.namespace, '-o', 'monitor', 'route'];
    this.#process = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#line(line));
  }

  /** Follows an IPv4 address from now on. */
  static async start(router: Router, destination: string): Promise<RouteHistory> {
    const history = new RouteHistory(router, destination);
    await once(history.#process, 'spawn');
    await history.#hears(router);
    return history;
  }

  /** Ends it, and returns the gateways (sorted, joined by commas) of each state since the start; '' where there was no route. */
  async stop(): Promise<string[]> {
    // What the kernel has told by now may still be on its way through the pipe.
    await sleep(100);
    const closed = once(this.#process, 'close');
    this.#process.kill();
    await closed;
    return this.#states;
  }

  /** `ip` subscribes a moment after it was started: routes of the test's own tell when it hears. */
  async #hears(router: Router): Promise<void> {
    const probe = '192.0.2.254';
    const heard = once(this.#process.stdout, 'data');
    let done = false;
    void heard.then(() => (done = true));
    while (!done) {
      await router.exec('ip', 'route', 'add', 'blackhole', probe);
      await router.exec('ip', 'route', 'del', 'blackhole', probe);
      await sleep(20);
    }
  }

  #line(line: string): void {
    const deleted = line.startsWith('Deleted ');
    const [destination] = line
      .replace(/^Deleted /, '')
      .trim()
      .split(' ');
    if (destination !== this.#destination) return;
    const gateways = [...line.matchAll(/ via ([0-9a-f.:]+)/g)].map(([, gateway]) => gateway ?? '').sort();
    this.#states.push(deleted ? '' : gateways.join());
  }
}
