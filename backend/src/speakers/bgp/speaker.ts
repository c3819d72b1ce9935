import type { Clock, Dialer, Listeners, Logger, Random } from '../../platform/ports.ts';
import { AdjRibOut } from './adj-rib-out.ts';
import { bfdDown, bfdPeers } from './bfd-down.ts';
import type { BfdChange, BfdSpeaker } from './bfd/speaker.ts';
import { Callers } from './callers.ts';
import { asksForAddPath } from './fsm/negotiate.ts';
import { Listening, type ListenConfig, type ListenProblem } from './listening.ts';
import type { PeerConfig, Route, SessionStatus } from './model.ts';
import { PeerSessions, type PeerPast } from './peer-sessions.ts';
import { Turns, type Work } from './turns.ts';
import { CeaseSubcode, ErrorCode, notification, shutdownCommunication } from './wire/notification.ts';
import type { Notification } from './wire/protocol-error.ts';

export type { AddressFamily, FamilyConfig, NegotiatedStatus, Path, PeerConfig, Route } from './model.ts';
export type { SessionCounters, SessionStatus, StateName } from './model.ts';

export interface BgpSpeakerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
  readonly listeners: Listeners;
  readonly logger: Logger;
  /** Who speaks BFD with peers that have it; their `onChange` is `bfdChanged`. Without it they have none. */
  readonly bfd?: Pick<BfdSpeaker, 'set' | 'status' | 'stop'>;
  /** A session's state, error or negotiation changed, or its peer has all routes now; also called from within `configure`. */
  readonly onSessionChange: (status: SessionStatus) => void;
  /** A peer was removed: `sessions()` is without its session, of which nothing more is told. Called from within `configure`. */
  readonly onSessionGone: (key: string) => void;
}

export interface BgpSpeakerOptions {
  /** Tells the routers' operators why the session ends (RFC 9003), up to 255 octets. */
  readonly shutdownText?: string;
}

/** How long a speaker that stops goes on writing what was decided before. */
const flushMs = 300;

/** How to leave: routers drop our routes at once, keep them (graceful restart), or get them withdrawn one by one first. */
export type StopMode = 'handover' | 'retain' | 'withdraw';

interface Peer {
  config: PeerConfig;
  readonly rib: AdjRibOut;
  sessions: PeerSessions;
  /** A little of what is to be done for it. */
  readonly work: Work;
}

const nowhere: ListenConfig = { port: 0, addresses: [] };

/** An announce-only BGP speaker: one session per peer, and per peer the whole set of routes it shall have. */
export class BgpSpeaker {
  readonly #deps: BgpSpeakerDeps;
  readonly #options: BgpSpeakerOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #callers: Callers;
  readonly #listening: Listening;
  readonly #turns: Turns;
  #stopped = false;

  constructor(deps: BgpSpeakerDeps, options: BgpSpeakerOptions = {}) {
    this.#deps = deps;
    this.#options = options;
    this.#turns = new Turns(deps.clock);
    this.#callers = new Callers(deps);
    this.#listening = new Listening({
      ...deps,
      onConnection: (incoming) => this.#callers.accept(incoming, this.#peers.values()),
    });
  }

  /**
   * The whole desired set of peers. A session is touched only if a parameter of its own changed, and where graceful restart is agreed on the
   * router keeps its routes until the new session has brought them again; a peer that is gone gets its routes withdrawn and a Cease. So does the router of a peer that has become another router (address, port or AS): under its
   * key a new peer is there, which waits for `setRoutes`.
   *
   * @param listen where routers may connect to us; who isn't a peer is refused
   * @throws RangeError if two peers have one key; nothing is changed then.
   */
  configure(peers: readonly PeerConfig[], listen: ListenConfig = nowhere): void {
    if (this.#stopped) return;
    const wanted = new Map(peers.map((config) => [config.key, config]));
    if (wanted.size < peers.length) throw new RangeError('two peers have the same key');
    const gone = [...this.#peers.keys()].filter((key) => !wanted.has(key));
    this.#removeOthers(wanted);
    for (const config of wanted.values()) {
      const peer = this.#peers.get(config.key);
      if (peer === undefined) this.#add(config);
      else this.#reconfigure(peer, config);
    }
    this.#listening.set(listen, peers);
    this.#deps.bfd?.set(bfdPeers(peers));
    for (const key of gone) this.#deps.onSessionGone(key);
  }

  /**
   * The whole set of routes for one peer. Until the first call for a peer nothing is sent to it, not even End-of-RIB: "I
   * don't know yet" is not "none". Ignored for a peer that isn't configured. Sent soon, after those for other peers that wait already; `routes` must not
   * change any more.
   */
  setRoutes(peerKey: string, routes: ReadonlyMap<string, Route>): void {
    const peer = this.#peers.get(peerKey);
    if (peer === undefined || this.#stopped) return;
    peer.rib.replace(routes);
    this.#turns.request(peer.work);
  }

  /** Changes by prefix; null withdraws. Ignored until `setRoutes` was called for the peer. */
  updateRoutes(peerKey: string, changes: ReadonlyMap<string, Route | null>): void {
    const peer = this.#peers.get(peerKey);
    if (peer === undefined || this.#stopped) return;
    peer.rib.update(changes);
    this.#turns.request(peer.work);
  }

  /**
   * Calls back when all that was told so far, and what is told until then, is written to the connections; sessions that are not up, or go, are not waited for. At once if
   * that is so; maybe never, if a router takes nothing.
   */
  whenWritten(then: () => void): void {
    this.#whenAll((sessions, written) => sessions.whenWritten(written), then);
  }

  /**
   * Calls back when no router goes by anything older than what was told so far: it is written, or a session that is lost has left nothing behind. A router may retain
   * what it had (RFC 4724) until it has all of it again, or the hold time and the restart time are over.
   */
  whenHeard(then: () => void): void {
    this.#whenAll((sessions, heard) => sessions.whenHeard(heard), then);
  }

  #whenAll(ask: (sessions: PeerSessions, then: () => void) => void, then: () => void): void {
    let left = this.#peers.size + 1;
    const done = (): void => {
      left -= 1;
      if (left === 0) then();
    };
    for (const { sessions } of [...this.#peers.values()]) ask(sessions, done);
    done();
  }

  sessions(): readonly SessionStatus[] {
    return [...this.#peers].map(([key, { sessions }]) => {
      const bfd = this.#deps.bfd?.status(key);
      return bfd === undefined ? sessions.status() : { ...sessions.status(), bfd };
    });
  }

  /** BFD says that a peer is lost, or there again. A session needs no BFD to come up (RFC 5882 section 10.1.1), it only goes with it. */
  bfdChanged(peerKey: string, change: BfdChange): void {
    const sessions = this.#peers.get(peerKey)?.sessions;
    if (sessions === undefined || this.#stopped) return;
    if (change === 'failed') sessions.fail(bfdDown(this.#deps.bfd?.status(peerKey)));
    else if (change === 'up') sessions.retry();
  }

  listenProblems(): ListenProblem[] {
    return this.#listening.problems();
  }

  /**
   * Ends all sessions, for good. Resolves when the connections are closed, after a second or two at the latest, where routes are withdrawn after about eight.
   *
   * @param how for all peers, or by peer key
   */
  async stop(how: StopMode | ((peerKey: string) => StopMode)): Promise<void> {
    this.#stopped = true;
    this.#listening.stop();
    this.#callers.stop();
    const farewell = this.#shutdown(CeaseSubcode.administrativeShutdown);
    const modeOf = (key: string): StopMode => (typeof how === 'function' ? how(key) : how);
    // A router that keeps our routes should keep what was decided last: what waits for its turn goes out now.
    const until = this.#deps.clock.now() + flushMs;
    for (const [key, { work }] of this.#peers) {
      while (modeOf(key) !== 'withdraw' && this.#deps.clock.now() < until && work());
    }
    await Promise.all(
      [...this.#peers].map(async ([key, { sessions }]) => {
        const mode = modeOf(key);
        if (mode === 'withdraw') await sessions.leave(farewell);
        else await sessions.stop(mode === 'retain' ? undefined : farewell);
      }),
    );
    // Not before: FRR takes it for a failure while the session of BGP is up, and drops routes that it keeps once the connection is closed.
    await this.#deps.bfd?.stop();
  }

  /** Removes the peers that are gone, or have become other routers. */
  #removeOthers(wanted: ReadonlyMap<string, PeerConfig>): void {
    for (const [key, peer] of this.#peers) {
      const config = wanted.get(key);
      if (config !== undefined && isSameRouter(peer.config, config)) continue;
      const isGone = config === undefined;
      this.#say(
        peer,
        `BGP session ends, as ${isGone ? 'nothing in force asks for it any more' : 'its peer is another router now'}`,
      );
      this.#remove(key, peer);
    }
  }

  #add(config: PeerConfig): void {
    const logger = this.#deps.logger.child({ peer: config.key, address: config.address });
    const rib = new AdjRibOut({
      onInvalid: (count, prefix, reason) => logger.warn({ count, prefix, reason }, 'routes that BGP cannot carry'),
    });
    const work: Work = () => rib.advance() || peer.sessions.send();
    const peer: Peer = { config, rib, work, sessions: this.#sessions(config, rib, work) };
    this.#peers.set(config.key, peer);
    peer.sessions.start();
  }

  #sessions(config: PeerConfig, rib: AdjRibOut, work: Work, past?: PeerPast): PeerSessions {
    const { clock, random, dialer } = this.#deps;
    const logger = this.#deps.logger.child({ peer: config.key, address: config.address });
    const onChange = (status: SessionStatus): void => {
      // A session that still takes leave of its router is no longer the peer's.
      if (this.#peers.get(config.key)?.sessions === sessions) this.#deps.onSessionChange(status);
    };
    const onSendable = (): void => this.#turns.request(work);
    const deps = { clock, random, dialer, logger, rib, onChange, onSendable };
    const sessions = new PeerSessions(deps, config, past);
    return sessions;
  }

  #reconfigure(peer: Peer, config: PeerConfig): void {
    const before = peer.config;
    peer.config = config;
    if (sessionParameters(before) === sessionParameters(config)) {
      if (JSON.stringify(before) !== JSON.stringify(config)) peer.sessions.reconfigure(config);
      return;
    }
    this.#say(peer, 'BGP session begins anew, as its parameters have changed');
    void this.#end(peer, peer.sessions.stop(lastWord(peer.sessions, before, config)));
    peer.sessions = this.#sessions(config, peer.rib, peer.work, peer.sessions.past);
    peer.sessions.start();
  }

  /** Of what this side does itself a session says nothing. */
  #say({ config: { key, address } }: Peer, message: string): void {
    this.#deps.logger.info({ peer: key, address }, message);
  }

  #remove(key: string, peer: Peer): void {
    this.#peers.delete(key);
    // RFC 9003 defines a text for shutdown and reset only, so this one goes without.
    void this.#end(peer, peer.sessions.leave(notification(ErrorCode.cease, CeaseSubcode.peerDeconfigured)));
  }

  async #end({ config }: Peer, ending: Promise<void>): Promise<void> {
    try {
      await ending;
    } catch (error) {
      this.#deps.logger.error({ peer: config.key, error }, 'BGP session did not end cleanly');
    }
  }

  #shutdown(subcode: number): Notification {
    const text = this.#options.shutdownText ?? '';
    return notification(ErrorCode.cease, subcode, text === '' ? [] : shutdownCommunication(text));
  }
}

/** A router that is no longer the peer's would keep our routes over a mere reset of the session (RFC 4724, RFC 8538). */
function isSameRouter(before: PeerConfig, after: PeerConfig): boolean {
  return before.address === after.address && before.port === after.port && before.peerAs === after.peerAs;
}

/**
 * What a session is told that ends because its successor has other parameters. A NOTIFICATION drops routes (RFC 4724 section 4.2) where the router lacks
 * RFC 8538, in all replicas at once: nothing is said where both sides have graceful restart, before and after. It isn't known before the peer's
 * OPEN, and then routes of an earlier session may be retained.
 *
 * A password that comes or goes, and an AS of our own, change nothing of that: until the router has them as well there is no session, and
 * the nodes forward. Without graceful restart from now on, routes are not to be kept. From another local address we are another neighbour, and the one
 * that we were never comes back: that takes a hard reset (RFC 8538 section 4).
 */
function lastWord(sessions: PeerSessions, before: PeerConfig, after: PeerConfig): Notification | undefined {
  if (before.localAddress !== after.localAddress) return notification(ErrorCode.cease, CeaseSubcode.peerDeconfigured);
  const isWanted = before.gracefulRestart !== undefined && after.gracefulRestart !== undefined;
  const isAgreed = sessions.status().negotiated?.gracefulRestart ?? true;
  return isWanted && isAgreed ? undefined : notification(ErrorCode.cease, CeaseSubcode.otherConfigurationChange);
}

/** Equal for configurations between which the session can go on: over another password too, if the router follows in time. */
function sessionParameters(config: PeerConfig): string {
  // Left out rather than set: a key that is there at times would change the order of the others.
  const { bfd: _bfd, connectRetrySeconds: _retry, gracefulShutdown: _shutdown, families, password, ...others } = config;
  const wanted = families.map((family) => [family.family, asksForAddPath(family)]);
  return JSON.stringify([others, wanted, password !== undefined]);
}
