import { isDeepStrictEqual } from 'node:util';
import type { Observation, RivalObservation, StateObservation } from './model.ts';
import type { Presence } from './presence.ts';

/** An address as far as its state goes. */
interface Observed {
  readonly text: string;
  readonly presences: ReadonlyMap<number, Presence>;
  readonly problem?: string | undefined;
}

const WORST_FIRST = ['conflict', 'announcing', 'probing'] as const;

/** The state of an address over all its links. */
export function stateOf({ text, presences, problem }: Observed): StateObservation {
  const all = [...presences.values()];
  for (const state of WORST_FIRST) {
    const presence = all.find((candidate) => candidate.state === state);
    if (presence === undefined) continue;
    const { contender, port } = presence;
    const conflict = contender === undefined ? {} : { mac: contender, announced: presence.isAnnounced };
    return { ip: text, state, link: port.link.name, ...conflict };
  }
  return { ip: text, state: 'no-link', ...(problem === undefined ? {} : { problem }) };
}

function same(a: StateObservation | undefined, b: StateObservation): boolean {
  return isDeepStrictEqual(a, b);
}

/** Collects what changes, and tells it afterwards: whoever is told may change everything again. */
export class Observations<T extends Observed> {
  readonly #tell: (observation: Observation) => void;
  readonly #changed = new Set<T>();
  readonly #told = new Map<T, StateObservation>();
  #events: { readonly of: T; readonly rival: RivalObservation }[] = [];

  constructor(tell: (observation: Observation) => void) {
    this.#tell = tell;
  }

  get pending(): boolean {
    return this.#changed.size > 0 || this.#events.length > 0;
  }

  changed(of: T): void {
    this.#changed.add(of);
  }

  event(of: T, rival: RivalObservation): void {
    this.#events.push({ of, rival });
  }

  forget(of: T): void {
    this.#changed.delete(of);
    this.#told.delete(of);
    if (this.#events.length > 0) this.#events = this.#events.filter((event) => event.of !== of);
  }

  deliver(): void {
    // A set goes on with what is added meanwhile; an address that changes twice is told as it is now, not as it was.
    for (const of of this.#changed) {
      this.#changed.delete(of);
      const state = stateOf(of);
      if (same(this.#told.get(of), state)) continue;
      this.#told.set(of, state);
      this.#tell(state);
    }
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) this.#tell(event.rival);
  }
}
