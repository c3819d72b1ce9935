import type {
  Clock,
  Connection,
  ConnectionHandlers,
  Dialer,
  IncomingConnection,
  Logger,
} from '../../platform/ports.ts';
import type { Random, TcpOptions } from '../../platform/ports.ts';
import type { AdjRibOut } from './adj-rib-out.ts';
import { configProblem } from './config-problem.ts';
import { survivingConnection } from './fsm/collision.ts';
import type { Negotiated } from './fsm/negotiate.ts';
import type { PeerConfig, SessionStatus, StateName } from './model.ts';
import { collision, rejection } from './refusals.ts';
import { Retained } from './retained.ts';
import { Session, type SessionDeps } from './session.ts';
import { SessionTally } from './session-tally.ts';
import type { Notification, ProtocolError } from './wire/protocol-error.ts';

export interface PeerSessionsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
  readonly logger: Logger;
  readonly rib: AdjRibOut;
  /** What `status` says has changed; counters alone don't count. */
  readonly onChange: (status: SessionStatus) => void;
  /** There may be something to send: `send` should be called soon. */
  readonly onSendable: () => void;
}

/** What goes on over a change of a session's parameters. */
export interface PeerPast {
  /** This process has not had a session with the router yet (the R bit of RFC 4724). */
  readonly restarting: boolean;
  readonly retained: Retained;
}

/** A dead router must not hold an attempt for the two minutes that a kernel keeps sending SYN. */
const connectTimeoutMs = 5_000;

/** How far a session has come, for telling which of several is the peer's. */
const progress: readonly StateName[] = ['Idle', 'Active', 'Connect', 'OpenSent', 'OpenConfirm', 'Established'];

/**
 * The connections with one peer: one that this side opens, again and again, and those that the peer opens. Of all of them one comes to be
 * Established (RFC 4271 section 6.8).
 */
export class PeerSessions {
  readonly #deps: PeerSessionsDeps;
  readonly #tally = new SessionTally();
  /** The one that connects. */
  readonly #own: Session;
  /** Those that came in: at most one that is Established and one that may take its place. */
  readonly #incoming = new Set<Session>();
  #config: PeerConfig;
  #restarting: boolean;
  readonly #retained: Retained;
  /** What was agreed on in the session that is up; kept until its loss was noticed. */
  #up: Negotiated | undefined;
  /** When a connection that came in was last lost. */
  #lostAt: Date | undefined;
  #mayRetryAt = 0;
  #ended = false;
  #takingOver = false;
  #told = '';

  /** @param past of the sessions that this process has had with the router under other parameters */
  constructor(deps: PeerSessionsDeps, config: PeerConfig, past?: PeerPast) {
    this.#deps = deps;
    this.#config = config;
    this.#restarting = past?.restarting ?? true;
    this.#retained = past?.retained ?? new Retained(deps.clock);
    this.#own = this.#session((current, handlers) => this.#dial(current, handlers));
    this.#told = summary(this.status());
  }

  /** Connects, and does so again after every failure, until `stop`. An impossible configuration is reported instead. */
  start(): void {
    this.#startOwn(0);
  }

  get past(): PeerPast {
    return { restarting: this.#restarting, retained: this.#retained };
  }

  /** The peer has connected. */
  accept(incoming: IncomingConnection): void {
    const candidate = [...this.#incoming].find(({ state }) => state !== 'Established');
    const busy = candidate?.state === 'OpenConfirm';
    if (this.#ended || busy || configProblem(this.#config) !== undefined) return incoming.refuse(rejection);
    // Who connects again without having said a word has given up the connection before.
    void candidate?.stop(collision);
    const open = (current: PeerConfig, handlers: ConnectionHandlers): Connection =>
      incoming.open(ttlOptions(current), handlers);
    const session = this.#session(open, this.#own.failures);
    this.#incoming.add(session);
    session.start();
  }

  /** Takes parameters that need no new session. */
  reconfigure(config: PeerConfig): void {
    this.#config = config;
    for (const session of this.#all()) session.reconfigure(config);
  }

  /**
   * Ends all connections and starts no other. Without a NOTIFICATION they are closed only (graceful restart). Resolves when they are closed, in
   * about a second at the latest.
   */
  async stop(notification?: Notification): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#all().map((session) => session.stop(notification)));
  }

  /** Withdraws everything, then stops; bounded as that of a session is. */
  async leave(notification: Notification): Promise<void> {
    this.#ended = true;
    const main = this.#main();
    const others = this.#all().filter((session) => session !== main);
    await Promise.all([main.leave(notification), ...others.map((session) => session.stop(notification))]);
  }

  /** Ends what there is as after an error of the peer, and tries again. */
  fail(error: ProtocolError): void {
    for (const session of this.#all()) session.fail(error);
  }

  /**
   * The peer is there, as somebody else has found out: the next attempt need not wait. Where that is found out again and again, it has to: once within the
   * longest wait is enough.
   */
  retry(): void {
    const now = this.#deps.clock.now();
    if (now >= this.#mayRetryAt && this.#own.retry()) {
      this.#mayRetryAt = now + this.#config.connectRetrySeconds * 1_000;
    }
  }

  /** Sends some of what the peer lacks, if it keeps up. @returns whether there is more that could be sent at once */
  send(): boolean {
    return this.#main().send();
  }

  /** Calls back when all that the peer lacks is written, or there is no session (any more). */
  whenWritten(then: () => void): void {
    this.#main().whenWritten(then);
  }

  /** Calls back when the router goes by nothing older than what it is told now: a lost session may leave it what it had before (RFC 4724). */
  whenHeard(then: () => void): void {
    this.#retained.whenOver(() => {
      const main = this.#main();
      whenAllArrived(main, () => {
        const isUp = main.state === 'Established';
        if (!isUp) this.#noticeLoss();
        if (isUp || this.#retained.isOver) then();
        else this.whenHeard(then);
      });
    });
  }

  status(): SessionStatus {
    const status = this.#main().status();
    // One that was lost beside a session changes nothing of it.
    if (status.state === 'Established' || this.#lostAt === undefined || this.#lostAt <= status.since) return status;
    return { ...status, since: this.#lostAt };
  }

  #all(): Session[] {
    return [this.#own, ...this.#incoming];
  }

  /** The one that has come farthest; of several the one that this side opens. */
  #main(): Session {
    const rank = ({ state }: Session): number => progress.indexOf(state);
    return this.#all().reduce((best, session) => (rank(session) > rank(best) ? session : best));
  }

  #startOwn(failures: number): void {
    if (this.#config.passive !== true || configProblem(this.#config) !== undefined) this.#own.start(failures);
  }

  #session(open: SessionDeps['open'], failures = 0): Session {
    const { clock, random, logger, rib, onSendable } = this.#deps;
    const session: Session = new Session(
      {
        ...{ clock, random, logger, rib, open, onSendable, tally: this.#tally },
        mayConfirm: (negotiated) => this.#mayConfirm(session, negotiated),
        takeOver: () => this.#takeOver(session),
        onChange: () => this.#changed(session),
      },
      this.#config,
      { restarting: this.#restarting, failures },
    );
    return session;
  }

  #dial(config: PeerConfig, handlers: ConnectionHandlers): Connection {
    const { address: host, port, localAddress, password } = config;
    return this.#deps.dialer.dial(
      {
        ...{ host, port, timeoutMs: connectTimeoutMs },
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(password === undefined ? {} : { password }),
        ...ttlOptions(config),
      },
      handlers,
    );
  }

  /** RFC 4271 section 6.8, asked for each OPEN: of two connections that have come so far one goes. */
  #mayConfirm(session: Session, negotiated: Negotiated): boolean {
    for (const other of this.#all()) {
      if (other === session || other.negotiated === undefined) continue;
      if (!this.#survives(session, negotiated, other)) return false;
      // One that is up goes when the peer has confirmed the new one, by a KEEPALIVE. A peer that has restarted does. One that had connected before it
      // heard that the other came up ends the new one instead, by the same section 6.8: without waiting for its word both connections would go.
      if (other.state !== 'Established') void other.stop(collision);
    }
    return true;
  }

  #survives(session: Session, negotiated: Negotiated, other: Session): boolean {
    // RFC 4724 section 4.2: whether the peer may come back like that was agreed on in the session that it has forgotten.
    if (other.state === 'Established') return other.negotiated?.gracefulRestart === true && session !== this.#own;
    const { routerId, localAs, peerAs } = this.#config;
    const remote = { identifier: negotiated.remoteIdentifier, as: peerAs };
    const survivor = survivingConnection({ identifier: routerId, as: localAs }, remote);
    return (survivor === 'local') === (session === this.#own);
  }

  #changed(session: Session): void {
    this.#noticeRetained();
    const over = session.state === 'Idle' || session.state === 'Active';
    if (session !== this.#own && over) this.#lost(session);
    const status = this.status();
    const told = summary(status);
    if (told === this.#told) return;
    this.#told = told;
    this.#deps.onChange(status);
  }

  #takeOver(session: Session): void {
    this.#restarting = false;
    this.#takingOver = true;
    for (const other of this.#all()) {
      other.hasBeenUp();
      if (other === session) continue;
      // A peer that has restarted knows nothing of the one before (RFC 4724 section 4.2): there is nobody to notify.
      void other.stop(other.state === 'Established' ? undefined : collision);
    }
    this.#takingOver = false;
    this.#up = session.negotiated;
  }

  #noticeLoss(): void {
    if (this.#up !== undefined) this.#retained.begin(this.#up);
    this.#up = undefined;
  }

  #noticeRetained(): void {
    const main = this.#main();
    if (main.state !== 'Established') this.#noticeLoss();
    else if (this.#deps.rib.endOfRibSent && !this.#retained.isOver) {
      whenAllArrived(main, () => {
        if (main.state === 'Established') this.#retained.end();
      });
    }
  }

  /** A connection that came in is gone; this side tries again as after one of its own, unless it does already. */
  #lost(session: Session): void {
    if (!this.#incoming.delete(session)) return;
    const { failures } = session;
    this.#lostAt = this.#deps.clock.wallTime();
    // It would wait for another attempt, which isn't for this side to make.
    void session.stop();
    const over = this.#ended || this.#takingOver;
    if (!over && this.#own.resting && this.#main().state !== 'Established') this.#startOwn(failures);
  }
}

/** What the peer lacks is written, and has come to its host. */
function whenAllArrived(session: Session, then: () => void): void {
  session.whenWritten(() => session.whenArrived(then));
}

export function ttlOptions({ ttl, ttlSecurityHops: hops }: PeerConfig): Omit<TcpOptions, 'password'> {
  // RFC 5082 section 3: what has come over n hops has lost n - 1 of the 255.
  if (hops !== undefined) return { ttl: 255, minTtl: 256 - hops };
  return ttl === undefined ? {} : { ttl };
}

function summary({ state, since, endOfRibSent, isUnheard, lastError }: SessionStatus): string {
  return `${state} ${since.getTime()} ${endOfRibSent} ${isUnheard ?? false} ${lastError ?? ''}`;
}
