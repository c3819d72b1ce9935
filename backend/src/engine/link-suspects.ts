import type { Clock } from '../platform/ports.ts';
import type { RivalObservation } from '../speakers/layer2/speaker.ts';
import type { LinkConflicts } from './link-conflicts.ts';

export interface LinkSuspectsDeps {
  readonly clock: Clock;
  readonly conflicts: Pick<LinkConflicts, 'get' | 'set' | 'delete'>;
  /** The nodes that run a replica. */
  readonly replicaNodes: () => ReadonlySet<string>;
}

interface Suspect {
  readonly node: string;
  /** Clock time of its first answer, of its last one, and of our last question. */
  readonly since: number;
  heardAt: number;
  askedAt: number;
}

/** After that a replica of lower rank has heard of us, and what answers still is its host's kernel. */
const KERNEL_MS = 3_000;

/**
 * Nodes that go on answering for an address that is not theirs: their kernel has it on some interface, as kube-proxy in IPVS mode puts
 * it there, and answers for it unless it is told not to (strictARP).
 */
export class LinkSuspects {
  readonly #deps: LinkSuspectsDeps;
  readonly #suspects = new Map<string, Suspect>();

  constructor(deps: LinkSuspectsDeps) {
    this.#deps = deps;
  }

  /** A node answered a question for an address that it has no right to. */
  hear({ ip, node, mac, link }: RivalObservation, pool: string): void {
    const { clock, conflicts, replicaNodes } = this.#deps;
    const now = clock.now();
    const known = this.#suspects.get(ip);
    const suspect = known?.node === node ? known : { node, since: now, heardAt: now, askedAt: -Infinity };
    suspect.heardAt = now;
    this.#suspects.set(ip, suspect);
    if (replicaNodes().has(node) && now - suspect.since < KERNEL_MS) return;
    conflicts.set(ip, { ...{ pool, link, mac, node }, announced: true });
  }

  /** The link is about to be asked. Who didn't answer the last time is no suspect any more; returns whether there is one. */
  beforeAsking(ip: string): boolean {
    const suspect = this.#suspects.get(ip);
    if (suspect === undefined) return false;
    if (suspect.heardAt < suspect.askedAt) {
      this.delete(ip);
      return false;
    }
    suspect.askedAt = this.#deps.clock.now();
    return true;
  }

  delete(ip: string): void {
    if (!this.#suspects.delete(ip)) return;
    const { conflicts } = this.#deps;
    if (conflicts.get(ip)?.node !== undefined) conflicts.delete(ip);
  }
}
