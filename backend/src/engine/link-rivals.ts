import { mayYield, type LinkOwner } from '../announce/link-owner.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { RivalObservation } from '../speakers/layer2/speaker.ts';
import type { LinkAddress } from './layer2-deps.ts';
import type { LinkPlaces } from './link-places.ts';
import type { LinkYields } from './link-yields.ts';
import type { OwnNetwork } from './own-network.ts';
import type { ReplicasBehind } from './replicas-behind.ts';
import type { UnplacedReplicas } from './unplaced-replicas.ts';

export interface LinkRivalsDeps {
  readonly replicas: Pick<ReplicaProber, 'answering' | 'leavingNodes' | 'nodes'>;
  readonly yields: Pick<LinkYields, 'hear'>;
  readonly behind: Pick<ReplicasBehind, 'self'>;
  readonly ownNetwork: Pick<OwnNetwork, 'isDown'>;
  readonly unplaced: Pick<UnplacedReplicas, 'has' | 'mayYieldTo'>;
}

/** An address that a rival was heard to speak for, as this replica sees it. */
export interface Disputed {
  readonly owner: LinkOwner | undefined;
  readonly wanted: LinkAddress | undefined;
  readonly places: LinkPlaces;
}

/** Who speaks for an address of ours on its link, judged by all that is known of the replica there. */
export class LinkRivals {
  readonly #deps: LinkRivalsDeps;

  constructor(deps: LinkRivalsDeps) {
    this.#deps = deps;
  }

  /** Whether the address is better left to the rival. */
  mayYieldTo(rival: RivalObservation, { owner, wanted, places }: Disputed): boolean {
    const { ip, node } = rival;
    if (owner === undefined || wanted === undefined) return true;
    const { replicas, yields, behind, ownNetwork, unplaced } = this.#deps;
    const silence = places.silenceOn(node, ip);
    const heard = yields.hear(rival, silence === undefined);
    const isBehind = behind.self === true;
    if (unplaced.has(node)) return unplaced.mayYieldTo(rival, heard.announces, isBehind);
    const known = {
      node,
      answers: replicas.answering().some((replica) => replica.node === node),
      speakers: places.speakersOf({ ip, node, ...heard }, wanted.pool.interface),
      isMember: replicas.nodes().has(node),
      leaves: replicas.leavingNodes().has(node),
      asks: rival.heard === 'probe',
      announces: heard.announces,
      // One that has just heard what we know goes on only until it hears us.
      insistsMs: silence === 'this' ? 0 : heard.insistsMs,
    };
    const [spokenFor = owner.node] = owner.onBehalfOf ?? [];
    const ourselves = { node: spokenFor, stale: isBehind, isCutOff: ownNetwork.isDown };
    return mayYield(ip, known, ourselves, wanted.nodes);
  }
}
