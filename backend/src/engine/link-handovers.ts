import type { LinkOwner } from '../announce/link-owner.ts';
import type { Clock, Timer } from '../platform/ports.ts';
import type { Layer2Speaker, StateObservation } from '../speakers/layer2/speaker.ts';
import type { LinkYields } from './link-yields.ts';
import { ReturnedReplicas, type SeenReplica } from './returned-replicas.ts';

export interface LinkHandoversDeps {
  readonly clock: Clock;
  readonly speaker: Pick<Layer2Speaker, 'reassert'>;
  readonly yields: Pick<LinkYields, 'isContestedBy'>;
  /** The next owner has not been heard, and that was long enough; or it has been, and `isContested` returns something else now. */
  readonly onEnd: (ip: string) => void;
}

/** The owner hears of us within milliseconds if it hears this link at all. */
const PATIENCE_MS = 1_000;
/** An owner that has left the address to us at the last moment is told for longer than we go on. */
const CONTESTED_MS = 2_000;
const NONE: ReadonlySet<string> = new Set();

interface Handover {
  /** Name of the replica that owns the address. */
  readonly to: string;
  readonly timer: Timer;
}

/**
 * Addresses that this replica speaks for, and that are another one's by what we know now: they are spoken for until that one has been heard.
 * Where an object of the API says so, the other one may see that later than we do. Where it could not be reached for a while, neighbours have
 * heard us last, and it may not know that anybody took its addresses: then they are announced once more, which it contradicts.
 */
export class LinkHandovers {
  readonly #deps: LinkHandoversDeps;
  readonly #replica: string;
  readonly #replicas = new ReturnedReplicas();
  /** Names of those that are back since `hear` was called last. */
  #returned = NONE;
  readonly #handovers = new Map<string, Handover>();
  readonly #contested = new Map<string, Timer>();
  /** Those to be announced once more. */
  readonly #begun = new Set<string>();

  /** @param replica this one's name */
  constructor(deps: LinkHandoversDeps, replica: string) {
    this.#deps = deps;
    this.#replica = replica;
  }

  /** All other replicas that answer. */
  hear(others: readonly SeenReplica[]): void {
    this.#returned = this.#replicas.update(others);
  }

  has(ip: string): boolean {
    return this.#handovers.has(ip);
  }

  /** Its next owner knew sooner than we whose it is, was contradicted, and may have left it to us: it is told that we claim it no more. */
  isContested(ip: string): boolean {
    return this.#contested.has(ip);
  }

  /**
   * @param state how our speaker fares with it; undefined where it doesn't speak for it
   * @param byDecision if the owner is another one, it is by what is decided of the address (objects of the API, verdicts on nodes, drains) and by nobody's place
   */
  consider(ip: string, owner: LinkOwner | undefined, state: StateObservation | undefined, byDecision: boolean): void {
    if (this.#handovers.get(ip)?.to !== owner?.replica) this.delete(ip);
    const isTheirs = owner !== undefined && owner.replica !== this.#replica;
    if (!isTheirs) this.#calm(ip);
    else if (isAnnounced(state)) this.#handOver(ip, owner, byDecision);
  }

  #handOver(ip: string, { replica: to, node, onBehalfOf = [] }: LinkOwner, byDecision: boolean): void {
    const isBack = this.#returned.has(to);
    const isNew = byDecision && !this.#handovers.has(ip);
    const isContested = isNew && [node, ...onBehalfOf].some((each) => this.#deps.yields.isContestedBy(ip, each));
    if (isContested) this.#contest(ip);
    // One that has not left it to us says so at once.
    if (isBack || isContested) this.#begun.add(ip);
    if (isBack || isNew) this.#begin(ip, to);
  }

  #contest(ip: string): void {
    this.#calm(ip);
    const timer = this.#deps.clock.setTimer(CONTESTED_MS, () => {
      this.#contested.delete(ip);
      if (!this.#handovers.has(ip)) this.#deps.onEnd(ip);
    });
    this.#contested.set(ip, timer);
  }

  #calm(ip: string): void {
    this.#contested.get(ip)?.cancel();
    this.#contested.delete(ip);
  }

  #begin(ip: string, to: string): void {
    this.#handovers.get(ip)?.timer.cancel();
    const timer = this.#deps.clock.setTimer(PATIENCE_MS, () => {
      this.#handovers.delete(ip);
      this.#deps.onEnd(ip);
    });
    this.#handovers.set(ip, { to, timer });
  }

  /** Announces what is to be handed over since the last time. */
  speak(): void {
    const begun = [...this.#begun];
    this.#begun.clear();
    this.#returned = NONE;
    for (const ip of begun) this.#deps.speaker.reassert(ip);
  }

  delete(ip: string): void {
    this.#handovers.get(ip)?.timer.cancel();
    this.#handovers.delete(ip);
    this.#begun.delete(ip);
  }

  stop(): void {
    for (const ip of [...this.#handovers.keys()]) this.delete(ip);
    for (const ip of [...this.#contested.keys()]) this.#calm(ip);
  }
}

function isAnnounced(state: StateObservation | undefined): boolean {
  return state?.state === 'announcing' || state?.announced === true;
}
