import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { NodeProber, type NodeTarget } from '../nodes.ts';
import { FakeNodes } from './fake-nodes.ts';

/** The address of node number i, from 1. */
export function addressOf(i: number): string {
  return `10.0.${Math.floor(i / 250)}.${(i % 250) + 1}`;
}

/** A replica on node n1 that asks nodes n1, n2, ..., which all work at first, and the router. */
export class ProbingBench {
  readonly clock = new FakeClock();
  readonly nodes = new FakeNodes(this.clock);
  readonly logger = new FakeLogger();
  readonly prober: NodeProber;
  readonly router = '10.255.0.1';
  /** What this host's interfaces have; without carrier they have nothing. */
  prefixes: string[] = [`${addressOf(1)}/16`];
  /** How often the engine was told to decide anew. */
  changes = 0;
  /** By node, each verdict with the time since the last `mark`, as it came. */
  readonly #history: { readonly node: string; readonly verdict: string; readonly at: number }[] = [];
  readonly #size: number;
  #before = new Map<string, string>();
  #marked = 0;
  #seed = 1;

  constructor(size: number) {
    this.#size = size;
    this.prober = new NodeProber(
      {
        clock: this.clock,
        random: { next: () => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647 },
        dialer: this.nodes.dialer,
        links: { connectedPrefixes: () => this.prefixes },
        logger: this.logger,
        onChange: () => this.#changed(),
      },
      { self: 'n1', host: addressOf(1) },
    );
    for (const { address } of this.targets) this.nodes.serve(address);
    this.prober.setNodes(this.targets);
    this.prober.setRouters([this.router]);
  }

  get targets(): NodeTarget[] {
    return Array.from({ length: this.#size }, (_, i) => ({ name: `n${i + 1}`, address: addressOf(i + 1) }));
  }

  /** Starts it and waits until it knows all nodes; what follows is timed from here. */
  started(): this {
    this.prober.start();
    this.clock.advance(30_000);
    return this.mark();
  }

  mark(): this {
    this.#history.length = 0;
    this.changes = 0;
    this.#marked = this.clock.now();
    this.logger.entries.length = 0;
    return this;
  }

  /** What is said of each node now: `n1 alive, n2 dead`. */
  get verdicts(): string {
    return [...this.prober.health()].map(([node, health]) => `${node} ${health}`).join(', ');
  }

  /** Every verdict since the mark, in order: `n2 dead`. */
  get history(): string[] {
    return this.#history.map(({ node, verdict }) => `${node} ${verdict}`);
  }

  /** Milliseconds from the mark to the last verdict. */
  get lastAt(): number {
    return this.#history.at(-1)?.at ?? Number.NaN;
  }

  /** Every address at once. */
  all(action: (address: string) => void): void {
    for (const { address } of this.targets) action(address);
  }

  #changed(): void {
    this.changes += 1;
    const now = new Map<string, string>(this.prober.health());
    for (const [node, verdict] of now) {
      if ((this.#before.get(node) ?? 'unknown') !== verdict) {
        this.#history.push({ node, verdict, at: this.clock.now() - this.#marked });
      }
    }
    this.#before = now;
  }
}
