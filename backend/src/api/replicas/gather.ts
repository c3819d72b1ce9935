import type { Replica } from '../../domain/replica.ts';
import type { Clock } from '../../platform/ports.ts';
import type { ReplicaFacts } from './facts.ts';

/** One replica with what it says, or why it says nothing. */
export type Word =
  { readonly replica: Replica; readonly facts: ReplicaFacts } | { readonly replica: Replica; readonly problem: string };

export interface GatherDeps {
  readonly clock: Clock;
  /** All replicas, this one among them or not. */
  readonly members: () => readonly Replica[];
  /** What this replica says. */
  readonly own: (ips: readonly string[]) => Promise<ReplicaFacts>;
  readonly ask: (replica: Replica, ips: readonly string[], timeoutMs: number) => Promise<ReplicaFacts>;
}

export interface GatherOptions {
  readonly self: Replica;
}

/** Somebody waits: one that takes longer is named, and the rest answered. */
const PATIENCE_MS = 1_500;
/** What replicas said may be so old, in milliseconds, when the next one asks. */
const FRESH_MS = 500;
const MAX_ADDRESSES = 64;

interface Round {
  readonly ips: ReadonlySet<string>;
  readonly words: Promise<readonly Word[]>;
  until: number;
}

/** Asks all replicas at once for what only each of them knows; whoever doesn't answer in time is named and never left out. */
export class Gather {
  readonly #deps: GatherDeps;
  readonly #self: Replica;
  #rounds: Round[] = [];

  constructor(deps: GatherDeps, { self }: GatherOptions) {
    this.#deps = deps;
    this.#self = self;
  }

  /** The word of each replica, sorted by name, of these addresses among others. */
  async all(ips: readonly string[] = []): Promise<readonly Word[]> {
    const now = this.#deps.clock.now();
    this.#rounds = this.#rounds.filter(({ until }) => until > now);
    const known = this.#rounds.find((round) => ips.every((ip) => round.ips.has(ip)));
    if (known !== undefined) return await known.words;
    const round = { ips: new Set(ips), words: this.#ask(ips), until: Number.POSITIVE_INFINITY };
    this.#rounds.push(round);
    const words = await round.words;
    round.until = this.#deps.clock.now() + FRESH_MS;
    return words;
  }

  async #ask(ips: readonly string[]): Promise<readonly Word[]> {
    const others = this.#deps.members().filter(({ name }) => name !== this.#self.name);
    const asked = ips.slice(0, MAX_ADDRESSES);
    const own = this.#word(this.#self, async () => await this.#deps.own(asked));
    const theirs = others.map(async (replica) => {
      return await this.#word(replica, async () => await this.#deps.ask(replica, asked, PATIENCE_MS));
    });
    const words = await Promise.all([own, ...theirs]);
    return words.sort((a, b) => (a.replica.name < b.replica.name ? -1 : 1));
  }

  async #word(replica: Replica, ask: () => Promise<ReplicaFacts>): Promise<Word> {
    const { clock } = this.#deps;
    return await new Promise((resolve) => {
      const late = clock.setTimer(PATIENCE_MS, () =>
        resolve({ replica, problem: `no answer within ${PATIENCE_MS} ms` }),
      );
      ask()
        .finally(() => late.cancel())
        .then(
          (facts) => resolve({ replica, facts }),
          (error: unknown) => resolve({ replica, problem: error instanceof Error ? error.message : String(error) }),
        );
    });
  }
}
