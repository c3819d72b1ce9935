import type { LinkOwner } from '../announce/link-owner.ts';
import type { Clock, Timer } from '../platform/ports.ts';
import type { Layer2Speaker, StateObservation } from '../speakers/layer2/speaker.ts';
import { ReturnedReplicas, type SeenReplica } from './returned-replicas.ts';

export interface LinkHandoversDeps {
  readonly clock: Clock;
  readonly speaker: Pick<Layer2Speaker, 'reassert'>;
  /** The next owner has not been heard, and that was long enough. */
  readonly onEnd: (ip: string) => void;
}

/** The owner hears of us within milliseconds if it hears this link at all. */
const PATIENCE_MS = 1_000;
const NONE: ReadonlySet<string> = new Set();

interface Handover {
  /** Name of the replica that owns the address. */
  readonly to: string;
  readonly timer: Timer;
}

/**
 * Addresses that this replica took while their owner could not be reached. Neighbours have heard us last, and the owner, which is back, may
 * not know that anybody took them: so they are announced once more, which it contradicts, and spoken for until it has been heard.
 */
export class LinkHandovers {
  readonly #deps: LinkHandoversDeps;
  readonly #replicas = new ReturnedReplicas();
  /** Names of those that are back since `hear` was called last. */
  #returned = NONE;
  readonly #handovers = new Map<string, Handover>();
  readonly #begun = new Set<string>();

  constructor(deps: LinkHandoversDeps) {
    this.#deps = deps;
  }

  /** All other replicas that answer. */
  hear(others: readonly SeenReplica[]): void {
    this.#returned = this.#replicas.update(others);
  }

  has(ip: string): boolean {
    return this.#handovers.has(ip);
  }

  /** @param state how our speaker fares with it; undefined where it doesn't speak for it */
  consider(ip: string, owner: LinkOwner | undefined, state: StateObservation | undefined): void {
    if (this.#handovers.get(ip)?.to !== owner?.replica) this.delete(ip);
    const isAnnounced = state?.state === 'announcing' || state?.announced === true;
    if (owner !== undefined && this.#returned.has(owner.replica) && isAnnounced) this.#begin(ip, owner.replica);
  }

  #begin(ip: string, to: string): void {
    this.delete(ip);
    const timer = this.#deps.clock.setTimer(PATIENCE_MS, () => {
      this.#handovers.delete(ip);
      this.#deps.onEnd(ip);
    });
    this.#handovers.set(ip, { to, timer });
    this.#begun.add(ip);
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
  }
}
