import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../platform/ports.ts';
import type { ConflictReport } from './messages.ts';

export interface LinkConflictsDeps {
  readonly clock: Clock;
  readonly report: (conflicts: readonly ConflictReport[]) => void;
}

/** What is known of somebody who answers for an address that this host speaks for. */
export type Claimant = Omit<ConflictReport, 'ip' | 'since'>;

/** Who else answers for the addresses of this host: told whole, on each change. */
export class LinkConflicts {
  readonly #deps: LinkConflictsDeps;
  readonly #conflicts = new Map<string, ConflictReport>();

  constructor(deps: LinkConflictsDeps) {
    this.#deps = deps;
  }

  get(ip: string): ConflictReport | undefined {
    return this.#conflicts.get(ip);
  }

  set(ip: string, claimant: Claimant): void {
    const known = this.#conflicts.get(ip);
    const since = known?.mac === claimant.mac ? known.since : this.#deps.clock.wallTime().toISOString();
    const conflict = { ip, ...claimant, since };
    if (isDeepStrictEqual(known, conflict)) return;
    this.#conflicts.set(ip, conflict);
    this.#tell();
  }

  delete(ip: string): void {
    if (this.#conflicts.delete(ip)) this.#tell();
  }

  #tell(): void {
    this.#deps.report([...this.#conflicts.values()]);
  }
}
