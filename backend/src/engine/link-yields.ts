import type { Clock, Timer } from '../platform/ports.ts';
import type { RivalObservation } from '../speakers/layer2/speaker.ts';
import type { LinkPlaces } from './link-places.ts';

export interface LinkYieldsDeps {
  readonly clock: Clock;
  /** It has been long enough: whoever has the address will say so when the link is asked. */
  readonly onEnd: (ip: string) => void;
}

/** How long another replica is believed to be right that speaks for an address of ours, before we ask the link ourselves. */
const YIELD_MS = 3_000;
/** How long who has announced an address is believed to be a replica, if it only answers. */
const ANNOUNCED_MS = 30_000;
/** The same of one that the address was left to, and that has answered ever since: we don't listen between our questions. */
const LEFT_MS = 600_000;
/** A rival that doesn't announce it for so long has given up; longer than from one announcement of a burst to the next. */
const PEACE_MS = 10_000;
/** Who is contradicted, and goes on, has said so as often by then; who is mistaken now and then has not. */
const INSISTS_TIMES = 3;
/** One that did not give up is believed at once when it announces again: who yields finds out that often whether it still would. */
const REMEMBERED_MS = 60_000;

/** The node that an address was left to, who says so in its name, and whether that was silent about none at some time of our quarrel, or since. */
interface LeftTo {
  readonly node: string;
  readonly delegate: string | undefined;
  wasOutspoken: boolean;
}

interface Yield {
  readonly to: string;
  readonly timer: Timer;
}

/**
 * What a rival told everybody of its own accord, by the clock: the first and the last time of many, how many, and the longest that it went
 * on like that. What it merely answers says nothing, as its kernel may, and that never ends.
 */
interface Quarrel {
  readonly since: number;
  readonly announcedAt: number;
  readonly times: number;
  readonly insistsMs: number;
  /** It has done so more than once in a row, however long ago: in an ordinary handover the next owner knows only moments sooner than we. */
  readonly wentOn: boolean;
  /** It was not silent about any address at some time of it. */
  readonly wasOutspoken: boolean;
}

/** Quarrels about addresses of ours with other replicas, and the addresses that were left to these although they are ours by what we know. */
export class LinkYields {
  readonly #deps: LinkYieldsDeps;
  readonly #yields = new Map<string, Yield>();
  /** By address: the node that it was left to last, and that has not been found gone since. */
  readonly #leftTo = new Map<string, LeftTo>();
  /** By address and node. */
  readonly #quarrels = new Map<string, Map<string, Quarrel>>();

  constructor(deps: LinkYieldsDeps) {
    this.#deps = deps;
  }

  has(ip: string): boolean {
    return this.#yields.has(ip);
  }

  /** The node that the address was left to. */
  to(ip: string): string | undefined {
    return this.#yields.get(ip)?.to;
  }

  /** It was another replica's when we looked last: the link is asked before it is announced again. */
  isDoubtful(ip: string): boolean {
    return this.#leftTo.has(ip);
  }

  /** Somebody speaks for an address of ours: whether it announces it itself, and for how long it has gone on with that, in milliseconds. `isOutspoken`: its node is silent about none, by what it says now. */
  hear(
    { ip, node, heard }: RivalObservation,
    isOutspoken = true,
  ): { readonly announces: boolean; readonly insistsMs: number } {
    const now = this.#deps.clock.now();
    const quarrels = this.#quarrels.get(ip) ?? new Map<string, Quarrel>();
    const known = quarrels.get(node);
    const quarrel = heard === 'announcement' ? wentOn(known, now, isOutspoken) : known;
    if (quarrel === undefined) return { announces: false, insistsMs: 0 };
    this.#quarrels.set(ip, quarrels.set(node, quarrel));
    const believedMs = this.#leftTo.get(ip)?.node === node ? LEFT_MS : ANNOUNCED_MS;
    return { announces: now - quarrel.announcedAt < believedMs, insistsMs: quarrel.insistsMs };
  }

  /**
   * @param delegate the node that speaks in the name of that one
   * @returns whether it was not theirs already when we looked last
   */
  add(ip: string, to: string, delegate?: string): boolean {
    if (this.#yields.has(ip)) return false;
    const left = this.#leftTo.get(ip);
    const isNews = left?.node !== to || left.delegate !== delegate;
    const { wasOutspoken = false } = this.#quarrels.get(ip)?.get(to) ?? {};
    if (isNews) this.#leftTo.set(ip, { node: to, delegate, wasOutspoken });
    const timer = this.#deps.clock.setTimer(YIELD_MS, () => {
      this.#yields.delete(ip);
      this.#deps.onEnd(ip);
    });
    this.#yields.set(ip, { to, timer });
    return isNews;
  }

  /** Whether the node announced it while it was ours, and went on when we contradicted: it may have left it to us in the end. */
  isContestedBy(ip: string, node: string): boolean {
    return this.#quarrels.get(ip)?.get(node)?.wentOn === true;
  }

  /**
   * An address of ours may have been left to a node that is not eligible by what we know, and that did not know that. Once it
   * says that it is silent about it, it has heard as well: from then on it only goes on until we are heard. That there are many such addresses
   * says so only of one that didn't say so all along: it may have as many others for ever.
   */
  hearSilences(ip: string, eligible: readonly string[], places: Pick<LinkPlaces, 'silenceOn'>): void {
    const left = this.#leftTo.get(ip);
    if (left === undefined || (left.delegate === undefined && eligible.includes(left.node))) return;
    const silence = places.silenceOn(left.delegate ?? left.node, ip);
    if (silence === 'this' || (silence === 'many' && left.wasOutspoken)) return this.delete(ip);
    left.wasOutspoken ||= silence === undefined;
  }

  /** Nobody else had it when the link was asked. */
  proved(ip: string): void {
    this.#leftTo.delete(ip);
  }

  /** Whoever had these addresses may be gone; who is not will say so again. */
  endAll(): void {
    for (const { timer } of this.#yields.values()) timer.cancel();
    this.#yields.clear();
  }

  delete(ip: string): void {
    this.#yields.get(ip)?.timer.cancel();
    this.#yields.delete(ip);
    this.#leftTo.delete(ip);
    this.#quarrels.delete(ip);
  }
}

function wentOn(known: Quarrel | undefined, now: number, isOutspoken: boolean): Quarrel {
  if (known === undefined) {
    return { since: now, announcedAt: now, times: 1, insistsMs: 0, wentOn: false, wasOutspoken: isOutspoken };
  }
  const sinceLast = now - known.announcedAt;
  const goesOn = sinceLast < PEACE_MS;
  const { since, times } = goesOn ? known : { since: now, times: 0 };
  const before = sinceLast < REMEMBERED_MS ? known.insistsMs : 0;
  const insistsMs = times + 1 < INSISTS_TIMES ? 0 : now - since;
  return {
    ...{ since, announcedAt: now, times: times + 1, insistsMs: Math.max(insistsMs, before) },
    wentOn: goesOn || known.wentOn,
    wasOutspoken: isOutspoken || (goesOn && known.wasOutspoken),
  };
}
