import { linkOwner, type LinkOwner } from '../announce/link-owner.ts';
import type { Silence, Silences } from '../domain/replica.ts';
import type { AnsweringReplica } from '../health/tracked-replica.ts';
import type { Clock } from '../platform/ports.ts';
import type { StateObservation } from '../speakers/layer2/speaker.ts';
import type { LinkAddress } from './layer2-deps.ts';
import { LinkPlaces } from './link-places.ts';
import { silenceOf } from './link-view.ts';
import { OwnSilences } from './own-silences.ts';
import { SpokenFor } from './spoken-for.ts';

/** What is known of another replica that answers. */
export type Speaking = Pick<AnsweringReplica, 'name' | 'node' | 'stale' | 'place' | 'countsUs'>;

export interface WhoSpeaksDeps {
  readonly clock: Clock;
  /** What `ownSilences` returns is different now. */
  readonly onChange: () => void;
}

/**
 * Which addresses their owners do speak for, as far as replicas say. Each tells the others what it is silent about, so that who takes an
 * address over knows whether the link must be asked first, and the leader what to say of it.
 */
export class WhoSpeaks {
  readonly #replica: string;
  readonly #spokenFor: SpokenFor;
  readonly #own: OwnSilences;
  /** By address, what its owner says, which is another replica. */
  readonly #silences = new Map<string, Silence>();
  /** By address, `interface` of its pool. */
  readonly #selectors = new Map<string, string>();

  /** @param replica this one's name */
  constructor(deps: WhoSpeaksDeps, replica: string) {
    this.#replica = replica;
    this.#spokenFor = new SpokenFor(deps.clock);
    this.#own = new OwnSilences(deps);
  }

  stop(): void {
    this.#own.stop();
  }

  /** Some replica speaks for it, or did so just now: it can be taken over without asking the link. */
  isSpokenFor(ip: string): boolean {
    return this.#spokenFor.has(ip);
  }

  /** Why its owner, another replica, does not speak for it. */
  silenceOf(ip: string): Silence | undefined {
    return this.#silences.get(ip);
  }

  /** Undefined for none. */
  get ownSilences(): Silences | undefined {
    return this.#own.all;
  }

  /** The address is not wanted any more. */
  end(ip: string): void {
    this.#spokenFor.end(ip);
    this.#silences.delete(ip);
    this.#selectors.delete(ip);
    this.#own.set(ip, undefined);
  }

  /** On another interface somebody else may have it, whoever spoke for it so far. */
  setSelector(ip: string, selector: string): void {
    if ((this.#selectors.get(ip) ?? selector) !== selector) this.#spokenFor.delete(ip);
    this.#selectors.set(ip, selector);
  }

  /** What the owner says, if that is another replica; this one is told of by then. Returns whether that differs from what it said before. */
  hearOwner(ip: string, owner: LinkOwner | undefined, places: LinkPlaces): boolean {
    const before = this.#silences.get(ip);
    this.#silences.delete(ip);
    if (owner === undefined) this.#spokenFor.end(ip);
    else if (owner.replica !== this.#replica) this.#hear(ip, places.silenceOf(owner.replica, ip));
    return before !== this.#silences.get(ip);
  }

  #hear(ip: string, silence: Silence | undefined): void {
    if (silence !== undefined) this.#silences.set(ip, silence);
    this.#note(ip, silence);
  }

  /**
   * Some replicas hear of this one only now: until then they have spoken for all addresses as if it were not there, each for those that it
   * takes itself to own. What another one owns that has counted us all along it has left to us, or to an earlier container of ours, and
   * doesn't know whether that spoke for it.
   *
   * @param others all that answer
   * @param placed names of those that hear of us now; undefined as long as we have told nobody: then these are all that don't count us
   */
  hearOthers(
    wanted: ReadonlyMap<string, LinkAddress>,
    others: readonly Speaking[],
    placed: ReadonlySet<string> | undefined,
  ): void {
    const hearNow = others.filter(({ name, countsUs }) => placed?.has(name) ?? !countsUs);
    if (hearNow.length === 0) return;
    const names = new Set(hearNow.map(({ name }) => name));
    const places = new LinkPlaces(others);
    for (const [ip, { nodes, pool }] of wanted) {
      const owner = linkOwner(ip, nodes, places.speakersFor(ip, pool.interface));
      if (owner === undefined || !names.has(owner.replica)) continue;
      const silence = places.silenceOf(owner.replica, ip);
      if (silence === undefined || placed === undefined) this.#note(ip, silence);
    }
  }

  /** How this host's speaker fares with an address of ours. */
  note(observation: StateObservation): void {
    this.#note(observation.ip, silenceOf(observation));
  }

  /** @param silence undefined: we speak for it, or it is not ours */
  setOwn(ip: string, silence: Silence | undefined): void {
    if (silence === 'unmet') this.#note(ip, silence);
    this.#own.set(ip, silence);
  }

  /** What its owner says, whoever that is. */
  #note(ip: string, silence: Silence | undefined): void {
    if (silence === undefined) this.#spokenFor.add(ip);
    // Only who asks suspects somebody else there.
    else if (silence === 'asking') this.#spokenFor.delete(ip);
    else this.#spokenFor.end(ip);
  }
}
