import { mayYield, type LinkOwner, type Ourselves } from '../announce/link-owner.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Desired, RivalObservation } from '../speakers/layer2/speaker.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';
import type { LinkAddress } from './layer2-deps.ts';
import type { LinkPlaces } from './link-places.ts';
import type { LinkYields } from './link-yields.ts';
import type { NodeMacs } from './node-macs.ts';
import type { OwnNetwork } from './own-network.ts';
import type { ReplicasBehind } from './replicas-behind.ts';
import type { UnplacedReplicas } from './unplaced-replicas.ts';

export interface LinkRivalsDeps {
  readonly replicas: Pick<ReplicaProber, 'answering' | 'leavingNodes' | 'nodes'>;
  readonly yields: Pick<LinkYields, 'hear'>;
  readonly macs: Pick<NodeMacs, 'nodeOf'>;
  readonly behind: Pick<ReplicasBehind, 'self'>;
  readonly ownNetwork: Pick<OwnNetwork, 'isDown'>;
  readonly unplaced: Pick<UnplacedReplicas, 'has' | 'mayYieldTo'>;
}

/** An address that a rival was heard to speak for, as this replica sees it. */
export interface Disputed {
  readonly owner: LinkOwner | undefined;
  readonly wanted: LinkAddress | undefined;
  readonly desired: Desired | undefined;
  readonly places: LinkPlaces;
}

/** Who speaks for an address of ours on its link, judged by all that is known of the replica there. */
export class LinkRivals {
  readonly #deps: LinkRivalsDeps;

  constructor(deps: LinkRivalsDeps) {
    this.#deps = deps;
  }

  /** Whether the address is better left to the rival. */
  mayYieldTo(rival: RivalObservation, { owner, wanted, desired, places }: Disputed): boolean {
    const { ip, node, delegate } = rival;
    const from = delegate ?? node;
    if (owner === undefined || wanted === undefined) return true;
    const { replicas, yields, behind, ownNetwork, unplaced } = this.#deps;
    const silence = places.silenceOn(from, ip);
    const heard = yields.hear(rival, silence === undefined);
    const isBehind = behind.self === true;
    if (unplaced.has(node)) return unplaced.mayYieldTo(rival, heard.announces, isBehind);
    const known = {
      ...{ node, ...(delegate !== undefined && { delegate }) },
      answers: replicas.answering().some((replica) => replica.node === from),
      speakers: places.speakersOf({ ip, node: from, ...heard }, wanted.pool.interface),
      isMember: replicas.nodes().has(from),
      leaves: replicas.leavingNodes().has(from),
      asks: rival.heard === 'probe',
      announces: heard.announces,
      // One that has just heard what we know goes on only until it hears us.
      insistsMs: silence === 'this' ? 0 : heard.insistsMs,
    };
    const ourselves = { ...this.#claim(owner, desired), stale: isBehind, isCutOff: ownNetwork.isDown };
    return mayYield(ip, known, ourselves, wanted.nodes);
  }

  /** What others hear of us: of several nodes we may speak in the name of one that is not the most preferred, as that has not been met. */
  #claim({ node, onBehalfOf }: LinkOwner, desired: Desired | undefined): Pick<Ourselves, 'node' | 'delegate'> {
    if (onBehalfOf === undefined) return { node };
    const named = desired?.mac && this.#deps.macs.nodeOf(macText(desired.mac));
    return { node: named ?? onBehalfOf[0] ?? node, delegate: node };
  }
}
