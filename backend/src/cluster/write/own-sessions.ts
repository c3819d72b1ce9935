import { isDeepStrictEqual } from 'node:util';
import type { SessionReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { replicaPeerStatus } from '../../report/peer-status.ts';
import type { ReplicaPeerStatus } from '../../resources/bgp-peer-status.ts';
import { bgpPeers, type BgpPeer } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { OwnEntries } from './own-entries.ts';
import type { QueueLoad } from './queue.ts';

export interface OwnSessionsDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: Pick<ClusterView, 'peerObject' | 'peerObjects'>;
}

export interface OwnSessionsOptions {
  readonly replica: string;
  readonly node: string;
}

/** A session that comes up passes four states within milliseconds: only where it settles is worth a write. */
const SETTLE_MS = 300;

/** Keeps this replica's own entry of each BgpPeer's status as the session is. */
export class OwnSessions {
  readonly #options: OwnSessionsOptions;
  readonly #entries: OwnEntries<BgpPeer, ReplicaPeerStatus>;

  constructor(deps: OwnSessionsDeps, options: OwnSessionsOptions) {
    const { view } = deps;
    const { replica } = options;
    this.#options = options;
    this.#entries = new OwnEntries(
      { ...deps, view: { get: (name) => view.peerObject(name), values: () => view.peerObjects() } },
      {
        name: 'sessions',
        kind: bgpPeers,
        replica,
        settleMs: SETTLE_MS,
        standing: ({ status }) => (status?.replicas ?? []).filter((entry) => entry.replica === replica),
        status: (replicas) => ({ replicas }),
        saysTheSame: ([standing], [wanted]) => saysTheSame(standing, wanted),
      },
    );
  }

  /** All sessions of this replica's engine; a peer that is not among them (any more) has no entry. */
  update(sessions: readonly SessionReport[]): void {
    const { replica, node } = this.#options;
    this.#entries.update(
      new Map(sessions.map((session) => [session.peer, [replicaPeerStatus(session, replica, node)]])),
    );
  }

  /** The BgpPeer changed or went. */
  peerChanged(peer: string): void {
    this.#entries.objectChanged(peer);
  }

  get load(): QueueLoad {
    return this.#entries.load;
  }

  /** The API server answers again. */
  retryNow(): void {
    this.#entries.retryNow();
  }

  /** Takes this replica's entries back, as its sessions have ended. Never rejects. */
  async stop(): Promise<void> {
    await this.#entries.stop();
  }
}

/** While a router is away the session tries again and again: as long as it fails for the same reason, nothing new is to be said. */
function saysTheSame(standing: ReplicaPeerStatus | undefined, wanted: ReplicaPeerStatus | undefined): boolean {
  if (standing === undefined || wanted === undefined) return standing === wanted;
  const up = [standing, wanted].map(({ sessionState }) => sessionState === 'Established');
  if (up.includes(true)) return isDeepStrictEqual(atRest(standing), atRest(wanted));
  return standing.node === wanted.node && standing.lastError === wanted.lastError;
}

/** BFD that does not come up may try for ever, between Down and Init. */
function atRest(entry: ReplicaPeerStatus): object {
  const { bfd, ...rest } = entry;
  if (bfd === undefined || bfd.state === 'Up') return entry;
  return { ...rest, bfd: { diagnostic: bfd.diagnostic, problem: bfd.problem } };
}
