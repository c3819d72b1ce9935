import { drainBegan, drainPhase, drainSignals, type DrainPhase, type DrainPolicy } from '../announce/drain.ts';
import type { Node } from '../domain/node.ts';
import type { Clock, Logger, Timer } from '../platform/ports.ts';
import type { Changes } from './messages.ts';

export interface DrainsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Grace times are over: `phases` and `gone` are different now. */
  readonly onChange: () => void;
}

/**
 * Which nodes are being drained, and since when: the memory that a decision needs and can't have. A node whose object is gone is kept as
 * it was last for as long as its drain lasts.
 */
export class Drains {
  readonly #deps: DrainsDeps;
  readonly #policy: DrainPolicy;
  readonly #phases = new Map<string, DrainPhase>();
  readonly #gone = new Map<string, Node>();
  /** By node, on our clock. */
  readonly #began = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(deps: DrainsDeps, policy: DrainPolicy) {
    this.#deps = deps;
    this.#policy = policy;
  }

  /** As `Snapshot.drains`, always as it is now. */
  get phases(): ReadonlyMap<string, DrainPhase> {
    return this.#phases;
  }

  /** As `Snapshot.gone`, always as it is now. */
  get gone(): ReadonlyMap<string, Node> {
    return this.#gone;
  }

  /** @param before the nodes as they were before these changes */
  update(changes: Changes<Node>, before: ReadonlyMap<string, Node>): void {
    for (const [name, node] of changes) {
      if (node === null) this.#vanished(before.get(name));
      else this.#seen(node);
    }
    this.#judge();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #seen(node: Node): void {
    this.#gone.delete(node.name);
    const signals = drainSignals(node, this.#policy);
    if (signals.length === 0) {
      if (this.#began.delete(node.name))
        this.#deps.logger.info({ node: node.name }, 'node is not being drained any more');
      return;
    }
    const { clock } = this.#deps;
    const at = { now: clock.now(), wall: clock.wallTime().getTime() };
    const known = this.#began.get(node.name);
    this.#began.set(node.name, drainBegan(signals, at, known));
    if (known === undefined)
      this.#tell(
        node.name,
        signals.map(({ kind }) => kind),
      );
  }

  /** One that is told of twice is gone already. */
  #vanished(node: Node | undefined): void {
    if (node === undefined) return;
    const began = this.#began.get(node.name);
    this.#gone.set(node.name, node);
    this.#began.set(node.name, began ?? this.#deps.clock.now());
    if (began === undefined) this.#tell(node.name, ['gone']);
  }

  #tell(node: string, why: readonly string[]): void {
    this.#deps.logger.info({ node, why, graceMs: this.#policy.graceMs }, 'node is being drained');
  }

  #judge(): void {
    const now = this.#deps.clock.now();
    this.#phases.clear();
    let next = Infinity;
    for (const [name, began] of this.#began) {
      const phase = drainPhase(began, now, this.#policy);
      if (phase === 'draining') next = Math.min(next, began + this.#policy.graceMs);
      else if (this.#gone.delete(name)) {
        this.#began.delete(name);
        continue;
      }
      this.#phases.set(name, phase);
    }
    this.#timer?.cancel();
    this.#timer = next === Infinity ? undefined : this.#deps.clock.setTimer(next - now, () => this.#over());
  }

  #over(): void {
    const draining = [...this.#phases].filter(([, phase]) => phase === 'draining').map(([name]) => name);
    this.#judge();
    const nodes = draining.filter((name) => this.#phases.get(name) !== 'draining');
    // Timers may come a moment early.
    if (nodes.length === 0) return;
    this.#deps.logger.info({ nodes }, 'grace time is over, next hops are withdrawn where others are left');
    this.#deps.onChange();
  }
}
