/**
 * The state machine of RFC 4271 section 8, the side that opens the connection, as a pure function. Optional session
 * attributes in use: DampPeerOscillations (as the backoff of IdleHoldTimer and ConnectRetryTimer), SendNOTIFICATIONwithoutOPEN
 * off, DelayOpen off. A connection attempt is bounded by the dialer, so ConnectRetryTimer runs in Active only.
 *
 *            start          connected          OPEN suits           KEEPALIVE
 *   Idle ───────────► Connect ───────► OpenSent ───────► OpenConfirm ───────► Established
 *    ▲ IdleHoldTimer     │ ▲ ConnectRetryTimer │ lost                              │
 *    │                   ▼ │                   │                                   │
 *    │                 Active ◄────────────────┘                                   │
 *    └───────────────────────── any error, NOTIFICATION, loss ────────────────────┘
 */
import type { PeerConfig, StateName } from '../model.ts';
import type { FamilyName } from '../wire/family.ts';
import { encodeMessage, messageType, type Message, type ReceivedMessage } from '../wire/message.ts';
import {
  CeaseSubcode,
  describeNotification,
  ErrorCode,
  hardReset,
  notification,
  RefreshErrorSubcode,
} from '../wire/notification.ts';
import { ProtocolError, type Notification } from '../wire/protocol-error.ts';
import { RefreshSubtype, type RouteRefreshMessage } from '../wire/route-refresh-message.ts';
import type { ReceivedUpdate } from '../wire/update.ts';
import { jittered, retryDelayMs } from './backoff.ts';
import { negotiate, ourOpen, type Negotiated } from './negotiate.ts';

export type TimerName = 'connectRetry' | 'idleHold' | 'hold' | 'keepalive';

export type FsmEvent =
  | {
      readonly type: 'start';
      /** Failures in a row of other connections with the peer, after which this one waits as after its own. */
      readonly failures?: number;
    }
  /** Without a NOTIFICATION the connection is just closed: the peer's graceful restart keeps our routes. */
  | { readonly type: 'stop'; readonly notification: Notification | undefined }
  | { readonly type: 'connected' }
  /** The attempt failed, or the connection is gone. */
  | {
      readonly type: 'disconnected';
      readonly reason: string;
      /** The peer has said nothing at all, not even no. */
      readonly unanswered?: boolean;
    }
  | { readonly type: 'message'; readonly message: ReceivedMessage }
  | { readonly type: 'malformed'; readonly error: ProtocolError }
  | { readonly type: 'timer'; readonly timer: TimerName }
  /** Nothing could be written for the send hold time (RFC 9687). */
  | { readonly type: 'sendHoldExpired' };

export type Effect =
  | { readonly type: 'connect' }
  | { readonly type: 'send'; readonly message: Message }
  /** `flush`: what was sent shall still arrive; `drop`: at once. */
  | { readonly type: 'close'; readonly how: 'flush' | 'drop' }
  | { readonly type: 'startTimer'; readonly timer: TimerName; readonly ms: number }
  | { readonly type: 'stopTimer'; readonly timer: TimerName }
  | { readonly type: 'established'; readonly negotiated: Negotiated }
  | { readonly type: 'update'; readonly update: ReceivedUpdate }
  | { readonly type: 'refresh'; readonly family: FamilyName }
  /** Why the attempt or session ended, in words. */
  | { readonly type: 'failed'; readonly error: string };

export interface FsmState {
  readonly name: StateName;
  /** Failures in a row. */
  readonly failures: number;
  /** Never yet Established since the process started. */
  readonly restarting: boolean;
  /** In OpenConfirm and Established. */
  readonly negotiated?: Negotiated;
}

export interface FsmInput {
  readonly config: PeerConfig;
  /** Uniform in [0, 1), fresh for every event. */
  readonly jitter: number;
}

export interface Transition {
  readonly state: FsmState;
  readonly effects: readonly Effect[];
}

export const initialState: FsmState = { name: 'Idle', failures: 0, restarting: true };

/** RFC 4271 section 8.2.2: "a large value" while the peer's OPEN is awaited, 4 minutes suggested. */
export const openHoldMs = 240_000;

/** The next state and what to do, in order. Events that mean nothing in a state change nothing. */
export function transition(input: FsmInput, state: FsmState, event: FsmEvent): Transition {
  if (event.type === 'stop') return stop(state, event.notification);
  switch (state.name) {
    case 'Idle':
      return idle(input, state, event);
    case 'Connect':
    case 'Active':
      return connecting(input, state, event);
    case 'OpenSent':
    case 'OpenConfirm':
    case 'Established':
      return connected(input, state, event);
  }
}

function idle(input: FsmInput, state: FsmState, event: FsmEvent): Transition {
  if (event.type === 'timer' && event.timer === 'idleHold') return connect(state);
  if (event.type !== 'start') return unchanged(state);
  const { failures = 0 } = event;
  return failures === 0 ? connect(state) : rest(input, { ...state, failures });
}

/** Stays in Idle until IdleHoldTimer expires. */
function rest(input: FsmInput, state: FsmState): Transition {
  const ms = retryDelayMs(state.failures, input.config.connectRetrySeconds, input.jitter);
  return { state, effects: [{ type: 'startTimer', timer: 'idleHold', ms }] };
}

function connecting(input: FsmInput, state: FsmState, event: FsmEvent): Transition {
  if (state.name === 'Active') {
    return event.type === 'timer' && event.timer === 'connectRetry' ? connect(state) : unchanged(state);
  }
  if (event.type === 'disconnected') {
    const hint = event.unanswered === true ? unheard(input.config) : '';
    return retry(input, state, `can't connect: ${event.reason}${hint}`);
  }
  if (event.type !== 'connected') return unchanged(state);
  return enter(state, 'OpenSent', [
    { type: 'send', message: ourOpen(input.config, state.restarting) },
    { type: 'startTimer', timer: 'hold', ms: openHoldMs },
  ]);
}

function connected(input: FsmInput, state: FsmState, event: FsmEvent): Transition {
  switch (event.type) {
    case 'disconnected': {
      const reason = `connection lost: ${event.reason}`;
      return state.name === 'OpenSent' ? retry(input, state, reason) : reset(input, state, reason);
    }
    case 'malformed':
      return refuse(input, state, event.error);
    case 'timer':
      return timer(input, state, event.timer);
    case 'sendHoldExpired':
      // RFC 9687 section 3.2: the queue is stuck, so no NOTIFICATION could get through; it is only reported.
      return reset(input, state, 'Send Hold Timer Expired: the peer reads nothing', [{ type: 'close', how: 'drop' }]);
    case 'message':
      return message(input, state, event.message);
    default:
      return unchanged(state);
  }
}

/** What kernels drop without a word looks like a peer that is away. */
function unheard({ password, ttlSecurityHops: hops }: PeerConfig): string {
  if (password !== undefined) return ': wrong or missing TCP-MD5 password?';
  return hops === undefined ? '' : `: more than ${hops} hop${hops === 1 ? '' : 's'} away, or without TTL security?`;
}

function timer(input: FsmInput, state: FsmState, name: TimerName): Transition {
  if (name === 'hold') {
    const seconds = state.negotiated?.holdTimeSeconds ?? openHoldMs / 1_000;
    const error = `nothing received for ${seconds} s${unheard(input.config)}`;
    return refuse(input, state, new ProtocolError(error, notification(ErrorCode.holdTimerExpired)));
  }
  if (name !== 'keepalive' || state.negotiated === undefined) return unchanged(state);
  // A session that has lasted a keepalive interval is a working one: the backoff starts anew.
  const next = state.name === 'Established' ? { ...state, failures: 0 } : state;
  return { state: next, effects: [{ type: 'send', message: { type: 'keepalive' } }, ...keepaliveTimer(input, next)] };
}

function message(input: FsmInput, state: FsmState, received: ReceivedMessage): Transition {
  if (received.type === 'notification') {
    return reset(input, state, `peer sent: ${describeNotification(received)}`, [{ type: 'close', how: 'drop' }]);
  }
  if (state.name === 'OpenSent' && received.type === 'open') return openReceived(input, state, received);
  if (state.name === 'OpenConfirm' && received.type === 'keepalive') return establish(state);
  if (state.name === 'Established') return established(input, state, received);
  return unexpected(input, state, received);
}

function openReceived(input: FsmInput, state: FsmState, open: Extract<Message, { type: 'open' }>): Transition {
  let negotiated: Negotiated;
  try {
    negotiated = negotiate(input.config, open);
  } catch (error) {
    if (error instanceof ProtocolError) return refuse(input, state, error);
    throw error;
  }
  const next: FsmState = { ...state, name: 'OpenConfirm', negotiated };
  const effects: Effect[] = [{ type: 'send', message: { type: 'keepalive' } }];
  return { state: next, effects: [...effects, ...holdTimer(next), ...keepaliveTimer(input, next)] };
}

function establish(state: FsmState): Transition {
  const { negotiated } = state;
  if (negotiated === undefined) return unchanged(state);
  // Without keepalives nothing will tell that the session lasts.
  const failures = negotiated.holdTimeSeconds === 0 ? 0 : state.failures;
  const next: FsmState = { ...state, name: 'Established', restarting: false, failures };
  return { state: next, effects: [...holdTimer(next), { type: 'established', negotiated }] };
}

function established(input: FsmInput, state: FsmState, received: ReceivedMessage): Transition {
  switch (received.type) {
    case 'keepalive':
      return { state, effects: restartHold(state) };
    case 'update':
      return { state, effects: [...restartHold(state), { type: 'update', update: received }] };
    case 'route-refresh':
      return refreshReceived(input, state, received);
    default:
      return unexpected(input, state, received);
  }
}

function refreshReceived(input: FsmInput, state: FsmState, received: RouteRefreshMessage): Transition {
  if (received.subtype === RefreshSubtype.request) {
    return { state, effects: [{ type: 'refresh', family: received.family }] };
  }
  // Beginning and end of a refresh of the peer's routes, of which we keep none; others are to be ignored (RFC 7313 section 5).
  const isKnown = received.subtype === RefreshSubtype.begin || received.subtype === RefreshSubtype.end;
  if (!isKnown || received.filters.length === 0) return unchanged(state);
  if (state.negotiated?.enhancedRouteRefresh !== true) return unchanged(state);
  // RFC 7313 section 5.
  const invalid = encodeMessage(received, state.negotiated.receiving);
  const reply = notification(ErrorCode.routeRefresh, RefreshErrorSubcode.invalidLength, invalid);
  return refuse(input, state, new ProtocolError('ROUTE-REFRESH of another length than 23', reply));
}

/** RFC 6608 section 3. */
const unexpectedMessage: Partial<Record<StateName, number>> = { OpenSent: 1, OpenConfirm: 2, Established: 3 };

/** RFC 6608: the subcode tells the state, the data the type of the message. */
function unexpected(input: FsmInput, state: FsmState, received: ReceivedMessage): Transition {
  const reply = notification(ErrorCode.finiteStateMachine, unexpectedMessage[state.name], [messageType(received)]);
  return refuse(input, state, new ProtocolError(`unexpected ${received.type.toUpperCase()}`, reply));
}

/** Ends the session by a NOTIFICATION of ours. */
function refuse(input: FsmInput, state: FsmState, error: ProtocolError): Transition {
  const message: Message = { type: 'notification', ...error.notification };
  const words = `we sent: ${describeNotification(error.notification)} (${error.message})`;
  return reset(input, state, words, [
    { type: 'send', message },
    { type: 'close', how: 'flush' },
  ]);
}

/** To Idle, to try again when IdleHoldTimer expires. */
function reset(input: FsmInput, state: FsmState, error: string, effects: readonly Effect[] = []): Transition {
  const next: FsmState = { name: 'Idle', failures: state.failures + 1, restarting: state.restarting };
  const ended: readonly Effect[] = [...effects, ...stopSessionTimers, { type: 'failed', error }];
  return { state: next, effects: [...ended, ...rest(input, next).effects] };
}

/** To Active, to try again when ConnectRetryTimer expires. */
function retry(input: FsmInput, state: FsmState, error: string): Transition {
  const failures = state.failures + 1;
  const ms = retryDelayMs(failures, input.config.connectRetrySeconds, input.jitter);
  return {
    state: { name: 'Active', failures, restarting: state.restarting },
    effects: [...stopSessionTimers, { type: 'failed', error }, { type: 'startTimer', timer: 'connectRetry', ms }],
  };
}

function stop(state: FsmState, wanted: Notification | undefined): Transition {
  const idleState: FsmState = { name: 'Idle', failures: 0, restarting: state.restarting };
  const stopRetry: Effect[] = [
    { type: 'stopTimer', timer: 'connectRetry' },
    { type: 'stopTimer', timer: 'idleHold' },
  ];
  const timers = [...stopSessionTimers, ...stopRetry];
  if (state.name === 'Idle' || state.name === 'Active') return { state: idleState, effects: timers };
  // Before our OPEN there is nobody to notify (SendNOTIFICATIONwithoutOPEN is off).
  if (state.name === 'Connect') return { state: idleState, effects: [{ type: 'close', how: 'drop' }, ...timers] };
  const farewell: Effect[] = [];
  if (wanted !== undefined) {
    farewell.push({ type: 'send', message: { type: 'notification', ...hardened(state, wanted) } });
  }
  return { state: idleState, effects: [...farewell, { type: 'close', how: 'flush' }, ...timers] };
}

/** RFC 8538 section 4: where NOTIFICATIONs don't drop routes any more, leaving for good takes a hard reset. */
function hardened(state: FsmState, wanted: Notification): Notification {
  const forGood: readonly number[] = [CeaseSubcode.administrativeShutdown, CeaseSubcode.peerDeconfigured];
  const leaving = wanted.code === ErrorCode.cease && forGood.includes(wanted.subcode);
  return leaving && state.negotiated?.notificationGracefulRestart === true ? hardReset(wanted) : wanted;
}

function connect(state: FsmState): Transition {
  return enter(state, 'Connect', [{ type: 'connect' }]);
}

function enter(state: FsmState, name: StateName, effects: readonly Effect[]): Transition {
  return { state: { ...state, name }, effects };
}

function unchanged(state: FsmState): Transition {
  return { state, effects: [] };
}

const stopSessionTimers: readonly Effect[] = [
  { type: 'stopTimer', timer: 'hold' },
  { type: 'stopTimer', timer: 'keepalive' },
];

/** A hold time of 0 means neither hold timer nor keepalives (RFC 4271 section 4.2). */
function holdTimer({ negotiated }: FsmState): Effect[] {
  const ms = (negotiated?.holdTimeSeconds ?? 0) * 1_000;
  return ms === 0 ? [{ type: 'stopTimer', timer: 'hold' }] : [{ type: 'startTimer', timer: 'hold', ms }];
}

function restartHold(state: FsmState): Effect[] {
  return state.negotiated?.holdTimeSeconds === 0 ? [] : holdTimer(state);
}

/** RFC 4271 section 4.4: never more often than once a second, whatever jitter takes off. */
const leastKeepaliveMs = 1_000;

function keepaliveTimer({ jitter }: FsmInput, { negotiated }: FsmState): Effect[] {
  const ms = jittered((negotiated?.keepaliveSeconds ?? 0) * 1_000, jitter);
  return ms === 0 ? [] : [{ type: 'startTimer', timer: 'keepalive', ms: Math.max(leastKeepaliveMs, ms) }];
}
