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
  /** Clock time of its first answer, of its last one, and of our last question. */
  readonly since: number;
  heardAt: number;
  askedAt: number;
}

/** After that a replica of lower rank has heard of us, and what answers still is its host's kernel. */
const KERNEL_MS = 3_000;
/** How long an answer to our question may take. */
const PATIENCE_MS = 1_000;

/**
 * Nodes that go on answering for an address that is not theirs: their kernel has it on some interface, as kube-proxy in IPVS mode puts
 * it there on every node, and answers for it unless it is told not to (strictARP).
 */
export class LinkSuspects {
  readonly #deps: LinkSuspectsDeps;
  /** By address and node. */
  readonly #suspects = new Map<string, Map<string, Suspect>>();

  constructor(deps: LinkSuspectsDeps) {
    this.#deps = deps;
  }

  /**
   * A node answered for an address that it has no right to.
   *
   * @returns whether that is known already, and it told us alone, as we asked: nobody else has heard it
   */
  hear({ ip, node, delegate = node, mac, link, toAll }: RivalObservation, pool: string): boolean {
    const { clock, conflicts, replicaNodes } = this.#deps;
    const now = clock.now();
    const suspects = this.#suspects.get(ip) ?? new Map<string, Suspect>();
    const suspect = suspects.get(node) ?? { since: now, heardAt: now, askedAt: -Infinity };
    suspect.heardAt = now;
    this.#suspects.set(ip, suspects.set(node, suspect));
    if (replicaNodes().has(delegate) && now - suspect.since < KERNEL_MS) return false;
    // One of several is enough to be named, and it stays the same one; a stranger (without a node) is worse, and stays as well.
    const known = conflicts.get(ip);
    if (known === undefined || known.node === node)
      conflicts.set(ip, { ...{ pool, link, mac, node }, announced: true });
    return !toAll && now - suspect.askedAt < PATIENCE_MS;
  }

  /** The link is about to be asked. Who didn't answer the last time is no suspect any more; returns whether there is any. */
  beforeAsking(ip: string): boolean {
    const suspects = this.#suspects.get(ip);
    if (suspects === undefined) return false;
    for (const [node, suspect] of suspects) {
      if (suspect.heardAt < suspect.askedAt) this.#acquit(ip, node, suspects);
      else suspect.askedAt = this.#deps.clock.now();
    }
    if (suspects.size === 0) this.#suspects.delete(ip);
    return suspects.size > 0;
  }

  delete(ip: string): void {
    const suspects = this.#suspects.get(ip);
    this.#suspects.delete(ip);
    for (const node of suspects?.keys() ?? []) this.#acquit(ip, node, new Map());
  }

  #acquit(ip: string, node: string, suspects: Map<string, Suspect>): void {
    const { conflicts } = this.#deps;
    suspects.delete(node);
    if (conflicts.get(ip)?.node === node) conflicts.delete(ip);
  }
}
