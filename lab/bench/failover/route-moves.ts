import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { followRoutes } from '../../network/route-changes.ts';
import type { Router } from '../../network/router.ts';

/** When a router's next hops to some addresses became others, by what its kernel tells; from then on until the end. */
export class RouteMoves {
  readonly #process: ChildProcess;
  readonly #nowMs: () => number;
  /** By address, what it had last; and when that changed, of those whose routes had been told before. */
  readonly #gateways: Map<string, string>;
  readonly #moves = new Map<string, number[]>();

  private constructor(router: Router, gateways: Map<string, string>, nowMs: () => number) {
    this.#gateways = gateways;
    this.#nowMs = nowMs;
    this.#process = followRoutes(router.namespace, ({ destination, gateways: now }) => {
      this.#heard(destination, now.join());
    });
  }

  /** @param routes what the router has now, by address */
  static async start(
    router: Router,
    routes: ReadonlyMap<string, readonly string[]>,
    nowMs: () => number,
  ): Promise<RouteMoves> {
    const known = new Map([...routes].map(([ip, gateways]) => [ip, [...gateways].sort().join()]));
    const moves = new RouteMoves(router, known, nowMs);
    await once(moves.#process, 'spawn');
    return moves;
  }

  of(ip: string): readonly number[] {
    return this.#moves.get(ip) ?? [];
  }

  stop(): void {
    this.#process.kill();
  }

  #heard(ip: string, gateways: string): void {
    const before = this.#gateways.get(ip);
    if (before === undefined || before === gateways) return;
    this.#gateways.set(ip, gateways);
    this.#moves.set(ip, [...this.of(ip), this.#nowMs()]);
  }
}
