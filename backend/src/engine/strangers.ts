import type { NodeHealth } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import type { Clock, Timer } from '../platform/ports.ts';
import { probeTargets } from './probe-targets.ts';

type Nodes = ReadonlyMap<string, Node>;

export interface StrangersDeps {
  readonly clock: Clock;
  /** None is left from now on, as the time is over. */
  readonly onGivenUp: () => void;
}

/**
 * How long a node stays a stranger, in milliseconds: Kubernetes has found by then that a dead one is not Ready
 * (`--node-monitor-grace-period`, 50 s by default, 40 s before 1.32; checked every 5 s).
 */
const ACQUAINT_MS = 60_000;

/**
 * The nodes that were there when this replica began, as far as it has not met them: Kubernetes calls them Ready, and they have not
 * answered a probe, so that they may be dead. Those that come later are as new to the other replicas; those that take no traffic, or
 * that nobody can probe, don't matter.
 */
export class Strangers {
  readonly #names: Set<string>;
  readonly #timer: Timer;

  constructor({ clock, onGivenUp }: StrangersDeps, nodes: Nodes) {
    this.#names = new Set(nodes.keys());
    this.#timer = clock.setTimer(ACQUAINT_MS, () => {
      this.#names.clear();
      onGivenUp();
    });
  }

  /** Whether any is left. */
  remain(nodes: Nodes, health: ReadonlyMap<string, NodeHealth>): boolean {
    for (const name of this.#names) {
      const met = (health.get(name) ?? 'unknown') !== 'unknown';
      if (met || !mayMatter(nodes.get(name))) this.#names.delete(name);
    }
    if (this.#names.size === 0) this.#timer.cancel();
    return this.#names.size > 0;
  }

  stop(): void {
    this.#timer.cancel();
  }
}

function mayMatter(node: Node | undefined): boolean {
  return node !== undefined && node.ready && !node.excluded && probeTargets([node]).length > 0;
}
