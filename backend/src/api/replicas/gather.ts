import type { Replica } from '../../domain/replica.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import { tooMany } from '../errors.ts';
import type { Rate } from '../rate-limit.ts';
import type { ReplicaReport } from './facts.ts';
import { Patience } from './patience.ts';
import { Turns } from './turns.ts';
import type { Word } from './word.ts';

export type { Word };

export interface GatherDeps<Facts = ReplicaReport> {
  readonly clock: Clock;
  /** All replicas, this one among them or not. */
  readonly members: () => readonly Replica[];
  /** What this replica says. */
  readonly own: (ips: readonly string[]) => Promise<Facts>;
  readonly ask: (replica: Replica, ips: readonly string[], timeoutMs: number) => Promise<Facts>;
  /** Why a replica is not asked at all, where it is known to say nothing; undefined: it is asked. */
  readonly passedOver?: (replica: Replica) => string | undefined;
}

/** What asking may cost, by what is asked. */
export interface GatherLimits {
  /**
   * Somebody waits: one that takes longer is named, and the rest answered; the next time it is hardly waited for. In milliseconds, from the
   * beginning of a round.
   */
  readonly patienceMs: number;
  /** What replicas said may be so old, in milliseconds, when the next one asks; 0: only while it is being asked for. */
  readonly freshMs: number;
  /** Of one round. */
  readonly maxAddresses: number;
  /** However many ask, replicas are asked no more often: this many rounds in a row, and so many a second. */
  readonly rounds: Rate;
  /** Rounds under way, where a replica hangs, and those that wait. */
  readonly maxActive: number;
  readonly maxWaiting: number;
}

export interface GatherOptions extends Partial<GatherLimits> {
  readonly self: Replica;
}

/** Where each address costs an engine something. */
const LIMITS: GatherLimits = {
  patienceMs: 1_500,
  freshMs: 1_000,
  maxAddresses: 64,
  rounds: { burst: 50, perSecond: 100 },
  maxActive: 4,
  maxWaiting: 16,
};
/**
 * For questions about addresses alone, where each asks of others: as many addresses a second, and as many that wait, but hardly any has to wait for
 * a turn. Words are shared while they are asked for: what is kept outlives V8's young generation.
 */
export const ADDRESSES_LIMITS = {
  freshMs: 0,
  maxAddresses: 32,
  rounds: { burst: 100, perSecond: 200 },
  maxWaiting: 32,
};
/**
 * Where many ask of no address, the next words are asked for before those that there are count no more, so that nobody waits for them: so many
 * milliseconds before, as replicas answer within a few, when so many have had them.
 */
const AHEAD = { ms: 250, uses: 5 };

interface Round<Facts> {
  readonly ips: Set<string>;
  readonly words: Promise<readonly Word<Facts>[]>;
  readonly begin: () => void;
  until: number;
  /** How many have asked of no address, and had its words. */
  uses: number;
}

/**
 * Asks all replicas at once for what only each of them knows; whoever doesn't answer in time is named and never left out. Who asks while
 * there is no turn for another round shares the next one with others.
 */
export class Gather<Facts = ReplicaReport> {
  readonly #deps: GatherDeps<Facts>;
  readonly #self: Replica;
  readonly #limits: GatherLimits;
  /** Begun, or answered a moment ago. */
  #rounds: Round<Facts>[] = [];
  readonly #waiting: Round<Facts>[] = [];
  /** The round for who asks of no address: others don't replace it while it counts, so that what is made of it can be kept. */
  #general: Round<Facts> | undefined;
  /** The one that takes its place then. */
  #next: Round<Facts> | undefined;
  #active = 0;
  readonly #turns: Turns;
  readonly #patience: Patience;
  #timer: Timer | undefined;

  constructor(deps: GatherDeps<Facts>, { self, ...limits }: GatherOptions) {
    this.#deps = deps;
    this.#self = self;
    this.#limits = { ...LIMITS, ...limits };
    this.#turns = new Turns(deps, this.#limits.rounds);
    this.#patience = new Patience(deps, this.#limits.patienceMs);
  }

  /** Why a replica said nothing when it was asked last, for which others needn't wait, too; undefined: it doesn't hang. */
  hungFor(replica: Replica): string | undefined {
    return this.#patience.hungFor(replica);
  }

  /**
   * The word of each replica, sorted by name, of these addresses among others; without any address the same object for as long as it counts.
   * @throws {Problem} if too many wait already
   */
  async all(ips: readonly string[] = []): Promise<readonly Word<Facts>[]> {
    const now = this.#deps.clock.now();
    this.#rounds = this.#rounds.filter(({ until }) => until > now);
    const asked = ips.slice(0, this.#limits.maxAddresses);
    const known = this.#known(asked, now);
    if (known !== undefined) {
      if (asked.length === 0) this.#lookAhead(known, now);
      return await known.words;
    }
    const next = this.#waiting.find(({ ips: all }) => new Set([...all, ...asked]).size <= this.#limits.maxAddresses);
    for (const ip of asked) next?.ips.add(ip);
    const round = next ?? this.#add(asked);
    if (asked.length === 0) this.#general = round;
    this.#proceed();
    return await round.words;
  }

  #known(asked: readonly string[], now: number): Round<Facts> | undefined {
    if (asked.length > 0) return this.#rounds.findLast(({ ips }) => asked.every((ip) => ips.has(ip)));
    if ((this.#general?.until ?? 0) <= now) {
      const next = this.#next;
      this.#general = next !== undefined && next.until > now ? next : this.#rounds.at(-1);
      this.#next = undefined;
    }
    return this.#general;
  }

  #lookAhead(round: Round<Facts>, now: number): void {
    round.uses += 1;
    const isDue = round.until - now <= AHEAD.ms && round.uses > AHEAD.uses;
    if (!isDue || this.#next !== undefined || this.#waiting.length >= this.#limits.maxWaiting) return;
    this.#next = this.#add([]);
    this.#proceed();
  }

  #add(ips: readonly string[]): Round<Facts> {
    if (this.#waiting.length >= this.#limits.maxWaiting) throw tooMany(1);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Word<Facts>[]>();
    const all = new Set(ips);
    const begin = (): void => void this.#ask([...all]).then(resolve, reject);
    const round = { ips: all, words: promise, begin, until: Number.POSITIVE_INFINITY, uses: 0 };
    this.#waiting.push(round);
    return round;
  }

  #proceed(): void {
    if (this.#timer !== undefined || this.#active >= this.#limits.maxActive || this.#waiting.length === 0) return;
    const waitMs = this.#turns.take();
    if (waitMs > 0) {
      this.#timer = this.#deps.clock.setTimer(waitMs, () => {
        this.#timer = undefined;
        this.#proceed();
      });
      return;
    }
    const round = this.#waiting.shift();
    if (round !== undefined) this.#begin(round);
  }

  #begin(round: Round<Facts>): void {
    this.#active += 1;
    this.#rounds.push(round);
    const ended = (): void => {
      this.#active -= 1;
      round.until = this.#deps.clock.now() + this.#limits.freshMs;
      this.#proceed();
    };
    round.words.then(ended, ended);
    round.begin();
  }

  async #ask(ips: readonly string[]): Promise<readonly Word<Facts>[]> {
    const { members, own: ownWord, ask, passedOver } = this.#deps;
    const others = members().filter(({ name }) => name !== this.#self.name);
    this.#patience.retain([this.#self, ...others]);
    const own = this.#patience.word(this.#self, async () => await ownWord(ips));
    const theirs = others.map(async (replica): Promise<Word<Facts>> => {
      const problem = passedOver?.(replica);
      if (problem !== undefined) return { replica, problem };
      return await this.#patience.word(replica, async () => await ask(replica, ips, this.#limits.patienceMs));
    });
    const words = await Promise.all([own, ...theirs]);
    return words.sort((a, b) => (a.replica.name < b.replica.name ? -1 : 1));
  }
}
