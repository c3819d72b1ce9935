import type { Clock } from '../../platform/ports.ts';
import type { ClusterPicture } from '../model/picture.ts';
import type { LinkOwner } from '../replicas/facts.ts';
import type { Reported } from '../replicas/takers.ts';

export interface LinkOwnersDeps {
  readonly clock: Clock;
  readonly picture: Pick<ClusterPicture, 'index' | 'view'>;
  /** What the engine has told of each address. */
  readonly reports: ReadonlyMap<string, Pick<Reported, 'nodes'>>;
}

/** How old it may be, in milliseconds: it goes through all addresses on links, and replicas are asked again and again. */
const FRESH_MS = 1_000;

/** Which nodes answer for addresses of which pools on links, by what this replica's engine says. */
export class LinkOwners {
  readonly #deps: LinkOwnersDeps;
  #last: { readonly at: number; readonly owners: readonly LinkOwner[] } | undefined;

  constructor(deps: LinkOwnersDeps) {
    this.#deps = deps;
  }

  now(): readonly LinkOwner[] {
    const at = this.#deps.clock.now();
    if (this.#last === undefined || at - this.#last.at >= FRESH_MS) this.#last = { at, owners: this.#look() };
    return this.#last.owners;
  }

  #look(): LinkOwner[] {
    const { picture, reports } = this.#deps;
    const onLinks = [...picture.view.poolsInForce().values()].filter(({ protocol }) => protocol === 'layer2');
    return onLinks.flatMap(({ name: pool }) => {
      const byNode = new Map<string, LinkOwner>();
      for (const ip of picture.index.holders.get(pool)?.keys() ?? []) {
        const node = reports.get(ip)?.nodes[0];
        if (node !== undefined && !byNode.has(node)) byNode.set(node, { pool, node, ip });
      }
      return [...byNode.values()];
    });
  }
}
