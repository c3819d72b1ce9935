import type { SessionReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { replicaPeerStatus } from '../../report/peer-status.ts';
import { bgpPeers } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import { applyOwnStatus } from './apply-status.ts';
import { StatusWriter } from './status-writer.ts';

export interface OwnSessionsDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface OwnSessionsOptions {
  readonly replica: string;
  readonly node: string;
}

/** A session that comes up passes four states within milliseconds: only where it settles is worth a write. */
const SETTLE_MS = 300;

/** Writes this replica's own entry of each BgpPeer's status, when the session's state changes and not otherwise. */
export class OwnSessions {
  readonly #deps: OwnSessionsDeps;
  readonly #options: OwnSessionsOptions;
  readonly #writer: StatusWriter;
  readonly #written = new Map<string, string>();
  #sessions: ReadonlyMap<string, SessionReport> = new Map();

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
    const peers = new Set([...this.#sessions.keys(), ...sessions.map(({ peer }) => peer)]);
    this.#sessions = new Map(sessions.map((session) => [session.peer, session]));
    for (const peer of peers) this.#writer.changed(peer);
  }

  async stop(): Promise<void> {
    await this.#writer.stop();
  }

  async #write(peer: string): Promise<void> {
    const session = this.#sessions.get(peer);
    const { replica, node } = this.#options;
    const status = session === undefined ? {} : { replicas: [replicaPeerStatus(session, replica, node)] };
    const gist = session === undefined ? '' : gistOf(session);
    if (this.#written.get(peer) === gist) return;
    await applyOwnStatus(this.#deps.api, bgpPeers, { ref: { name: peer }, replica, status });
    this.#written.set(peer, gist);
  }
}

/** While a router is away the session tries again and again: as long as it fails for the same reason, nothing new is to be said. */
function gistOf(session: SessionReport): string {
  return session.state === 'Established' ? JSON.stringify(session) : `down: ${session.lastError ?? ''}`;
}
