import { isDeepStrictEqual } from 'node:util';
import type { SessionReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { replicaPeerStatus } from '../../report/peer-status.ts';
import type { ReplicaPeerStatus } from '../../resources/bgp-peer.ts';
import { bgpPeers, type BgpPeer } from '../custom-kinds.ts';
import { errorFields } from '../errors.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { applyOwnStatus, pruneOwnStatus } from './apply-status.ts';
import { StatusWriter } from './status-writer.ts';

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

/** What a write returned, until the watch has brought something newer than what it was decided on. */
interface Written {
  /** Version of the object as it was known when the write was decided. */
  readonly before: string | undefined;
  readonly object: BgpPeer;
}

/**
 * Keeps this replica's own entry of each BgpPeer's status as the session is: compares the two whenever one of them changes, and writes
 * what differs. So an entry comes back that was taken away, or went with an object that was deleted and made anew.
 */
export class OwnSessions {
  readonly #deps: OwnSessionsDeps;
  readonly #options: OwnSessionsOptions;
  readonly #writer: StatusWriter;
  readonly #written = new Map<string, Written>();
  /** Undefined until the engine has reported: until then an entry of an earlier life is left alone. */
  #sessions: ReadonlyMap<string, SessionReport> | undefined;

  constructor(deps: OwnSessionsDeps, options: OwnSessionsOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#writer = new StatusWriter(deps, {
      name: 'sessions',
      settleMs: SETTLE_MS,
      write: (peer) => this.#write(peer),
    });
  }

  /** All sessions of this replica's engine; a peer that is not among them (any more) has no entry. */
  update(sessions: readonly SessionReport[]): void {
    const known = this.#sessions?.keys() ?? this.#peersInView();
    const peers = new Set([...known, ...sessions.map(({ peer }) => peer)]);
    this.#sessions = new Map(sessions.map((session) => [session.peer, session]));
    for (const peer of peers) this.#writer.changed(peer);
  }

  /** The BgpPeer changed or went. */
  peerChanged(peer: string): void {
    if (this.#deps.view.peerObject(peer) === undefined) this.#written.delete(peer);
    else if (this.#sessions !== undefined) this.#writer.changed(peer);
  }

  /** The API server answers again. */
  retryNow(): void {
    this.#writer.retryNow();
  }

  /** Takes this replica's entries back, as its sessions have ended: the leader would do so only much later. Never rejects. */
  async stop(): Promise<void> {
    await this.#writer.stop();
    const { api, view, logger } = this.#deps;
    const { replica } = this.#options;
    const own = [...this.#peersInView()].filter((peer) => {
      const seen = view.peerObject(peer);
      return seen !== undefined && this.#standing(peer, seen) !== undefined;
    });
    const taken = own.map(async (name) => await pruneOwnStatus(api, bgpPeers, { ref: { name }, replica }));
    for (const result of await Promise.allSettled(taken)) {
      if (result.status === 'rejected')
        logger.info(errorFields(result.reason), 'an entry of this replica stays behind');
    }
  }

  *#peersInView(): IterableIterator<string> {
    for (const { metadata } of this.#deps.view.peerObjects()) yield metadata?.name ?? '';
  }

  async #write(peer: string): Promise<undefined> {
    const seen = this.#deps.view.peerObject(peer);
    // Its sessions end as well; if it is made anew, `peerChanged` tells.
    if (seen === undefined) return;
    const session = this.#sessions?.get(peer);
    const { replica, node } = this.#options;
    const wanted = session === undefined ? undefined : replicaPeerStatus(session, replica, node);
    if (saysTheSame(this.#standing(peer, seen), wanted)) return;
    const status = wanted === undefined ? {} : { replicas: [wanted] };
    const object = await applyOwnStatus(this.#deps.api, bgpPeers, { ref: { name: peer }, replica, status });
    this.#written.set(peer, { before: seen.metadata?.resourceVersion, object });
  }

  #standing(peer: string, seen: BgpPeer): ReplicaPeerStatus | undefined {
    return this.#current(peer, seen).status?.replicas?.find(({ replica }) => replica === this.#options.replica);
  }

  /** The object as we know it best: our own write comes back by the watch a moment after it was answered. */
  #current(peer: string, seen: BgpPeer): BgpPeer {
    const written = this.#written.get(peer);
    if (written === undefined) return seen;
    if (seen.metadata?.resourceVersion === written.before) return written.object;
    this.#written.delete(peer);
    return seen;
  }
}

/** While a router is away the session tries again and again: as long as it fails for the same reason, nothing new is to be said. */
function saysTheSame(standing: ReplicaPeerStatus | undefined, wanted: ReplicaPeerStatus | undefined): boolean {
  if (standing === undefined || wanted === undefined) return standing === wanted;
  const up = [standing, wanted].map(({ sessionState }) => sessionState === 'Established');
  if (up.includes(true)) return isDeepStrictEqual(standing, wanted);
  return standing.node === wanted.node && standing.lastError === wanted.lastError;
}
