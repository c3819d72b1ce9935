import type { Clock, Connection, ConnectionHandlers, Logger, Random, Timer } from '../../platform/ports.ts';
import type { AdjRibOut, RibSession } from './adj-rib-out.ts';
import { configProblem } from './config-problem.ts';
import { Deliveries } from './deliveries.ts';
import { Farewell } from './farewell.ts';
import { initialState, transition, type Effect, type FsmEvent, type FsmState } from './fsm/fsm.ts';
import type { Negotiated } from './fsm/negotiate.ts';
import type { PeerConfig, SessionStatus, StateName } from './model.ts';
import { negotiatedStatus } from './negotiated-status.ts';
import { collision } from './refusals.ts';
import { SendHold } from './send-hold.ts';
import { SessionTimers } from './session-timers.ts';
import type { SessionTally } from './session-tally.ts';
import { FrameReader } from './wire/frame.ts';
import { decodeMessage, encodeMessage, type Message } from './wire/message.ts';
import { ProtocolError, type Notification } from './wire/protocol-error.ts';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly rib: AdjRibOut;
  readonly tally: SessionTally;
  /** Opens the connection of an attempt: that of the caller, or one that has come in. */
  readonly open: (config: PeerConfig, handlers: ConnectionHandlers) => Connection;
  /** The peer's OPEN suits: whether this is the connection to go on with (RFC 4271 section 6.8). */
  readonly mayConfirm: (negotiated: Negotiated) => boolean;
  /** The peer has confirmed this connection, which is about to be Established: whatever others there are have to end first. */
  readonly takeOver: () => void;
  /** The state, the error or what was negotiated has changed, or End-of-RIB was sent; counters alone don't count. */
  readonly onChange: () => void;
  /** There may be something to send: `send` should be called soon. */
  readonly onSendable: () => void;
}

/** How much may wait in user space for a slow peer; the kernel's buffer comes on top. */
const highWaterBytes = 64 * 1024;
/** The more, the fewer messages that aren't full; but as much may go before a withdrawal, however slowly the router reads. */
const batchBytes = 128 * 1024;
/** How long a NOTIFICATION may take to leave before the connection is dropped. */
const flushMs = 1_000;

interface Closing {
  readonly timer: Timer;
  readonly waiters: (() => void)[];
}

/** What a session takes over from those that this process had with the peer before. */
export interface Past {
  /** There was none yet. */
  readonly restarting: boolean;
  /** In a row. */
  readonly failures: number;
}

/** One connection with a peer at a time: carries out what the state machine decides, on a connection, timers and the peer's routes. */
export class Session {
  readonly #deps: SessionDeps;
  #config: PeerConfig;
  #state: FsmState;
  #since: Date;
  #localAddress: string | undefined;
  #connection: Connection | undefined;
  #waitingBytes = 0;
  readonly #timers: SessionTimers;
  /** Connections that still flush, and who waits for them. */
  readonly #closing = new Map<Connection, Closing>();
  /** Who waits until all is written. */
  #onWritten: (() => void)[] = [];
  readonly #farewell: Farewell;
  readonly #sendHold: SendHold;
  readonly #deliveries: Deliveries;

  constructor(deps: SessionDeps, config: PeerConfig, past: Past) {
    this.#deps = deps;
    this.#config = config;
    this.#state = { ...initialState, ...past };
    this.#since = deps.clock.wallTime();
    this.#timers = new SessionTimers(deps.clock, (timer) => this.#handle({ type: 'timer', timer }));
    this.#farewell = new Farewell(deps.clock);
    this.#sendHold = new SendHold(deps.clock, () => this.#handle({ type: 'sendHoldExpired' }));
    this.#deliveries = new Deliveries(deps, () => deps.onChange());
  }

  /**
   * Connects, and does so again after every failure, until `stop`. An impossible configuration is reported instead.
   *
   * @param failures in a row of other connections with the peer: how long to wait before
   */
  start(failures = 0): void {
    const problem = configProblem(this.#config);
    if (problem === undefined) return this.#handle({ type: 'start', failures });
    this.#deps.tally.failed(problem);
    this.#deps.onChange();
  }

  get state(): StateName {
    return this.#state.name;
  }

  get negotiated(): Negotiated | undefined {
    return this.#state.negotiated;
  }

  /** In a row. */
  get failures(): number {
    return this.#state.failures;
  }

  /** Idle, and about to stay so until `start`. */
  get resting(): boolean {
    return this.#state.name === 'Idle' && !this.#timers.has('idleHold');
  }

  /** Another connection has had a session with the peer. */
  hasBeenUp(): void {
    this.#state = { ...this.#state, restarting: false };
  }

  /** Takes parameters that need no new session: backoff, number of paths, another password in the place of one. */
  reconfigure(config: PeerConfig): void {
    const { password } = this.#config;
    this.#config = config;
    if (config.password !== undefined && config.password !== password) this.#setPassword(config.password);
    const { negotiated, name } = this.#state;
    if (name !== 'Established' || negotiated === undefined) return;
    this.#deps.rib.reconfigure(this.#ribSession(negotiated));
    this.#deps.onSendable();
  }

  /**
   * Ends the session and starts no other. Without a NOTIFICATION the connection is closed only (graceful restart).
   * Resolves when the connection is closed, in about a second at the latest.
   */
  async stop(notification?: Notification): Promise<void> {
    const connection = this.#connection;
    this.#handle({ type: 'stop', notification });
    const closing = connection === undefined ? undefined : this.#closing.get(connection);
    if (closing !== undefined) await new Promise<void>((resolve) => closing.waiters.push(resolve));
  }

  /** Withdraws everything, then stops; bounded as both are. */
  async leave(notification: Notification): Promise<void> {
    this.#deps.rib.replace(new Map());
    this.#deps.onSendable();
    await this.#farewell.end((then) => this.whenWritten(then));
    await this.stop(notification);
  }

  /** Calls back when all that the peer lacks is written to the connection, or there is no session (any more); at once if that is so. */
  whenWritten(then: () => void): void {
    if (this.#isWritten) then();
    else this.#onWritten.push(then);
  }

  /** Calls back when all that was written has arrived at the peer's host, as far as this host can tell, or there is no session (any more). */
  whenArrived(then: () => void): void {
    this.#deliveries.whenArrived(this.#connection, then);
  }

  get #isWritten(): boolean {
    return this.#state.name !== 'Established' || (!this.#deps.rib.pending && this.#waitingBytes === 0);
  }

  /** Ends the session, if there is one, as after an error of the peer: it is tried again. */
  fail(error: ProtocolError): void {
    this.#handle({ type: 'malformed', error });
  }

  /** Makes the next attempt now. @returns whether it was waited for */
  retry(): boolean {
    const isActive = this.#state.name === 'Active';
    const waits = isActive || (this.#state.name === 'Idle' && !this.resting);
    if (waits) this.#handle({ type: 'timer', timer: isActive ? 'connectRetry' : 'idleHold' });
    return waits;
  }

  /** Sends some of what the peer lacks, if it keeps up. @returns whether there is more that could be sent at once */
  send(): boolean {
    const connection = this.#state.name === 'Established' ? this.#connection : undefined;
    this.#farewell.turnCame();
    if (connection === undefined || this.#waitingBytes >= highWaterBytes) return false;
    const { rib, onChange } = this.#deps;
    const { endOfRibSent: wasSent } = rib;
    const batch = rib.take(batchBytes);
    if (batch !== undefined && batch.messages > 0) {
      this.#deps.tally.sent(batch.messages, batch.updates);
      this.#write(connection, batch.bytes);
    }
    this.#tellWritten();
    if (rib.endOfRibSent !== wasSent) onChange();
    return batch !== undefined;
  }

  status(): SessionStatus {
    const { name, negotiated } = this.#state;
    const { rib, tally } = this.#deps;
    return {
      key: this.#config.key,
      state: name,
      since: this.#since,
      ...(tally.lastError === undefined ? {} : { lastError: tally.lastError }),
      ...(this.#localAddress === undefined ? {} : { localAddress: this.#localAddress }),
      ...(negotiated === undefined ? {} : { remoteRouterId: negotiated.remoteIdentifier }),
      ...(negotiated === undefined ? {} : { negotiated: negotiatedStatus(negotiated) }),
      ...{ endOfRibSent: rib.endOfRibSent, prefixesSent: rib.prefixesSent, isUnheard: this.#deliveries.isUnheard },
      counters: tally.counters(),
    };
  }

  #handle(event: FsmEvent): void {
    const before = this.#state;
    const errorBefore = this.#deps.tally.lastError;
    const { state, effects } = transition({ config: this.#config, jitter: this.#deps.random.next() }, before, event);
    if (this.#collides(before, state)) return this.#handle({ type: 'stop', notification: collision });
    this.#enter(before, state);
    for (const effect of effects) this.#run(effect, before);
    if (state.name === before.name && this.#deps.tally.lastError === errorBefore) return;
    if (state.name !== before.name) this.#since = this.#deps.clock.wallTime();
    this.#deps.onChange();
    // Routes go out after the change is known, and may change the state again.
    if (state.name === 'Established') this.#deps.onSendable();
  }

  #enter(before: FsmState, state: FsmState): void {
    const [wasUp, isUp] = [before, state].map(({ name }) => name === 'Established');
    if (isUp && !wasUp) this.#deps.takeOver();
    this.#state = state;
    if (wasUp && !isUp) this.#down();
  }

  /** An OPEN has come that suits, but another connection with the peer is the one to go on with. */
  #collides(before: FsmState, { negotiated }: FsmState): boolean {
    return before.name === 'OpenSent' && negotiated !== undefined && !this.#deps.mayConfirm(negotiated);
  }

  #run(effect: Effect, before: FsmState): void {
    switch (effect.type) {
      case 'connect':
        return this.#connect();
      case 'send':
        return this.#send(effect.message, before);
      case 'close':
        return this.#close(effect.how);
      case 'startTimer':
        return this.#timers.start(effect.timer, effect.ms);
      case 'stopTimer':
        return this.#timers.cancel(effect.timer);
      case 'failed':
        this.#deps.tally.failed(effect.error);
        return this.#tellFailed(before, effect.error);
      default:
        return this.#runEstablished(effect);
    }
  }

  #runEstablished(effect: Extract<Effect, { type: 'established' | 'update' | 'refresh' }>): void {
    switch (effect.type) {
      case 'established':
        this.#deps.tally.established();
        this.#tellEstablished(effect.negotiated);
        return this.#deps.rib.start(this.#ribSession(effect.negotiated));
      case 'update':
        return this.#deps.tally.update(effect.update);
      case 'refresh':
        this.#deps.tally.refresh();
        this.#deps.rib.refresh(effect.family);
        return this.#deps.onSendable();
    }
  }

  #tellEstablished(negotiated: Negotiated): void {
    const { holdTimeSeconds, gracefulRestart } = negotiated;
    const addPath = negotiated.families.filter((each) => each.addPath).map(({ family }) => family);
    const fields = { remoteRouterId: negotiated.remoteIdentifier, holdTimeSeconds, addPath, gracefulRestart };
    this.#deps.logger.info(fields, 'BGP session established');
  }

  /** A session that was up and is lost is worth a warning; attempts that fail are what a router that is away looks like. */
  #tellFailed({ name: state }: FsmState, error: string): void {
    if (state === 'Established') this.#deps.logger.warn({ error }, 'BGP session lost');
    else this.#deps.logger.info({ state, error }, 'BGP session attempt failed');
  }

  #down(): void {
    this.#deps.tally.lost();
    this.#deps.rib.stop();
    this.#tellWritten();
  }

  #tellWritten(): void {
    if (!this.#isWritten) return;
    const waiters = this.#onWritten;
    this.#onWritten = [];
    for (const then of waiters) then();
  }

  #connect(): void {
    const reader = new FrameReader();
    const isCurrent = (): boolean => this.#connection === connection;
    const connection: Connection = this.#deps.open(this.#config, {
      onConnect: () => {
        if (!isCurrent()) return;
        this.#localAddress = connection.localAddress;
        this.#handle({ type: 'connected' });
      },
      onData: (chunk) => this.#receive(reader, chunk, isCurrent),
      onDrain: () => {
        if (isCurrent()) this.#drain();
      },
      onClose: (error) => this.#closed(connection, error),
    });
    this.#connection = connection;
    this.#waitingBytes = 0;
  }

  /** What is signed by the one before is lost from now on, and sent again once the peer has this one too. */
  #setPassword(password: string): void {
    try {
      this.#connection?.setPassword(password);
    } catch (error) {
      const { message } = error as Error;
      this.#deps.logger.warn({ error: message }, 'the new TCP-MD5 password cannot be used for the session that is up');
    }
  }

  #receive(reader: FrameReader, chunk: Uint8Array, isCurrent: () => boolean): void {
    try {
      // The session may end with any message; what follows it in the chunk is nobody's.
      if (!isCurrent()) return;
      for (const frame of reader.frames(chunk)) {
        this.#deps.tally.received();
        const receiving = this.#state.negotiated?.receiving ?? { fourOctetAs: true, addPath: new Set() };
        this.#handle({ type: 'message', message: decodeMessage(frame, receiving) });
        if (!isCurrent()) return;
        if (this.#state.negotiated?.receiving.extendedMessages === true) reader.extend();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#handle({ type: 'malformed', error });
    }
  }

  #drain(): void {
    this.#waitingBytes = 0;
    this.#sendHold.cancel();
    this.#deps.onSendable();
  }

  #closed(connection: Connection, error: Error | undefined): void {
    const closing = this.#closing.get(connection);
    this.#closing.delete(connection);
    closing?.timer.cancel();
    for (const resolve of closing?.waiters ?? []) resolve();
    if (this.#connection !== connection) return;
    this.#release();
    const unanswered = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
    this.#handle({ type: 'disconnected', reason: error?.message ?? 'closed by the peer', unanswered });
  }

  #send(message: Message, before: FsmState): void {
    if (this.#connection === undefined) return;
    const context = before.negotiated?.sending ?? { fourOctetAs: true, addPath: new Set() };
    this.#deps.tally.sent(1, 0);
    this.#write(this.#connection, encodeMessage(message, context));
  }

  #write(connection: Connection, bytes: Uint8Array): void {
    const waited = this.#waitingBytes > 0;
    this.#waitingBytes = connection.write(bytes);
    this.#deliveries.written(connection);
    const { holdTimeSeconds } = this.#state.negotiated ?? this.#config;
    if (this.#waitingBytes > 0 && !waited) this.#sendHold.start(connection, holdTimeSeconds);
  }

  #close(how: 'flush' | 'drop'): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#release();
    if (how === 'drop') return connection.destroy();
    const timer = this.#deps.clock.setTimer(flushMs, () => connection.destroy());
    this.#closing.set(connection, { timer, waiters: [] });
    connection.end();
  }

  #release(): void {
    this.#connection = undefined;
    this.#localAddress = undefined;
    this.#waitingBytes = 0;
    this.#sendHold.cancel();
    this.#deliveries.cancel();
  }

  #ribSession(negotiated: Negotiated): RibSession {
    const usable = new Set(negotiated.families.map(({ family }) => family));
    const families = this.#config.families.filter(({ family }) => usable.has(family));
    const { sending, enhancedRouteRefresh: enhancedRefresh } = negotiated;
    return { peer: this.#config, families, sending, enhancedRefresh };
  }
}
