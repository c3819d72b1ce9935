/**
 * A BFD session in asynchronous mode (RFC 5880 section 6.8) as a pure function: no demand mode and no echo of our own, no authentication, the active
 * role. When to send and when to give the peer up are functions of the state, below.
 *
 *              Down                 Init, Up
 *     Down ───────────► Init ───────────────────► Up
 *      ▲ └──────────────── Init ──────────────────▲│
 *      └── silence, AdminDown, in Up also Down ◄───┘
 */
import type { ControlPacket } from './wire/control-packet.ts';
import { Diagnostic } from './wire/diagnostic.ts';
import type { BfdStateName } from './wire/state.ts';

/** What we ask for; intervals in microseconds. */
export interface BfdTimers extends Intervals {
  readonly detectMultiplier: number;
}

interface Intervals {
  readonly desiredMinTxUs: number;
  readonly requiredMinRxUs: number;
}

/** What the peer's last packet said. */
export interface RemoteSide {
  readonly discriminator: number;
  readonly state: BfdStateName;
  readonly diagnostic: number;
  readonly demand: boolean;
  readonly detectMultiplier: number;
  readonly desiredMinTxUs: number;
  readonly requiredMinRxUs: number;
}

export interface BfdFsmState {
  readonly name: BfdStateName;
  /** Why it is no longer Up. */
  readonly diagnostic: number;
  readonly discriminator: number;
  readonly timers: BfdTimers;
  /** What our packets say. */
  readonly advertised: Intervals;
  /** What we go by: until the peer has answered a poll, the gentler of what was and of what shall be (section 6.8.3). */
  readonly inForce: Intervals;
  readonly polling: boolean;
  /** Undefined: nothing was heard for a detection time. */
  readonly remote: RemoteSide | undefined;
}

export type BfdEvent =
  /** A packet that names this session, or comes from its peer and names none. */
  | { readonly type: 'received'; readonly packet: ControlPacket }
  /** Nothing was heard for the detection time. */
  | { readonly type: 'silence' }
  | { readonly type: 'configure'; readonly timers: BfdTimers }
  /** For good: there is no way out of AdminDown, but a new session. */
  | { readonly type: 'disable' };

export type BfdEffect =
  | { readonly type: 'send'; readonly packet: ControlPacket }
  /** The peer lives: its detection time begins anew. */
  | { readonly type: 'heard' }
  | { readonly type: 'up' }
  /** The path or the peer's forwarding has failed: whoever relies on it should know. */
  | { readonly type: 'failed' }
  /** The peer's administrator has ended the session, which says nothing of the path (RFC 5882 section 4.2). */
  | { readonly type: 'closed' };

export interface BfdTransition {
  readonly state: BfdFsmState;
  /** In order. */
  readonly effects: readonly BfdEffect[];
}

/** Section 6.8.3: while a session is not Up, packets are at least a second apart. */
const SLOW_US = 1_000_000;

export function initialState(discriminator: number, timers: BfdTimers): BfdFsmState {
  const wanted = wantedIntervals('Down', timers);
  return {
    ...{ name: 'Down', diagnostic: Diagnostic.none, discriminator, timers },
    ...{ advertised: wanted, inForce: wanted, polling: false, remote: undefined },
  };
}

export function transition(before: BfdFsmState, event: BfdEvent): BfdTransition {
  switch (event.type) {
    case 'received':
      return received(before, event.packet);
    case 'silence':
      return silence(before);
    case 'configure':
      return told(before, settle({ ...before, timers: event.timers }));
    case 'disable':
      return disable(before);
  }
}

/** How far apart our packets are in microseconds, before jitter (sections 6.8.2 and 6.8.7); undefined: there are none. */
export function transmitIntervalUs({ name, inForce, polling, remote }: BfdFsmState): number | undefined {
  if (remote === undefined) return inForce.desiredMinTxUs;
  if (remote.requiredMinRxUs === 0) return undefined;
  if (remote.demand && name === 'Up' && remote.state === 'Up' && !polling) return undefined;
  return Math.max(inForce.desiredMinTxUs, remote.requiredMinRxUs);
}

/** After how long a silence the peer is given up, in microseconds (section 6.8.4); undefined: it is. */
export function detectionTimeUs({ inForce, remote }: BfdFsmState): number | undefined {
  if (remote === undefined) return undefined;
  return remote.detectMultiplier * Math.max(inForce.requiredMinRxUs, remote.desiredMinTxUs);
}

/** What goes out when nothing in particular is to be said. */
export function periodicPacket(state: BfdFsmState): ControlPacket {
  return packetOf(state, false);
}

function packetOf(state: BfdFsmState, final: boolean): ControlPacket {
  return {
    kind: 'control',
    diagnostic: state.diagnostic,
    state: state.name,
    // Never both (section 6.5).
    poll: state.polling && !final,
    final,
    // This process has the sessions of BGP as well.
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: state.timers.detectMultiplier,
    myDiscriminator: state.discriminator,
    yourDiscriminator: state.remote?.discriminator ?? 0,
    ...state.advertised,
    requiredMinEchoRxUs: 0,
  };
}

function received(before: BfdFsmState, packet: ControlPacket): BfdTransition {
  if (before.name === 'AdminDown') return { state: before, effects: [] };
  const heard: BfdFsmState = { ...endPoll(before, packet.final), remote: remoteOf(packet) };
  const { name, diagnostic, effects } = next(heard, packet.state);
  const { state, effects: said } = told(before, settle({ ...heard, name, diagnostic }));
  // Whatever else is new is in the answer to a poll as well.
  const answers: readonly BfdEffect[] = packet.poll ? [{ type: 'send', packet: packetOf(state, true) }] : said;
  return { state, effects: [{ type: 'heard' }, ...answers, ...effects] };
}

function remoteOf(packet: ControlPacket): RemoteSide {
  const { state, diagnostic, demand, detectMultiplier, desiredMinTxUs, requiredMinRxUs } = packet;
  return {
    discriminator: packet.myDiscriminator,
    ...{ state, diagnostic, demand, detectMultiplier, desiredMinTxUs, requiredMinRxUs },
  };
}

type Next = Pick<BfdFsmState, 'name' | 'diagnostic'> & { readonly effects: readonly BfdEffect[] };

/** The state machine of section 6.8.6. */
function next({ name, diagnostic }: BfdFsmState, remote: BfdStateName): Next {
  const stay: Next = { name, diagnostic, effects: [] };
  switch (remote) {
    case 'AdminDown':
      return name === 'Down' ? stay : down(name === 'Up' ? [{ type: 'closed' }] : []);
    case 'Down':
      return hearsDown(stay);
    case 'Init':
      return name === 'Up' ? stay : up;
    case 'Up':
      return name === 'Init' ? up : stay;
  }
}

const up: Next = { name: 'Up', diagnostic: Diagnostic.none, effects: [{ type: 'up' }] };

function hearsDown(stay: Next): Next {
  if (stay.name === 'Down') return { ...stay, name: 'Init' };
  return stay.name === 'Up' ? down([{ type: 'failed' }]) : stay;
}

function down(effects: readonly BfdEffect[]): Next {
  return { name: 'Down', diagnostic: Diagnostic.neighborSignaledDown, effects };
}

function silence(before: BfdFsmState): BfdTransition {
  const forgotten: BfdFsmState = { ...before, remote: undefined, polling: false };
  if (before.name !== 'Init' && before.name !== 'Up') return { state: settle(forgotten), effects: [] };
  const expired = settle({ ...forgotten, name: 'Down', diagnostic: Diagnostic.detectionTimeExpired });
  const { state, effects } = told(before, expired);
  return { state, effects: before.name === 'Up' ? [...effects, { type: 'failed' }] : effects };
}

function disable(before: BfdFsmState): BfdTransition {
  const diagnostic = Diagnostic.administrativelyDown;
  return told(before, settle({ ...before, name: 'AdminDown', diagnostic, polling: false }));
}

/** What has changed is told at once, between periodic packets (section 6.8.7). */
function told(before: BfdFsmState, state: BfdFsmState): BfdTransition {
  const packet = packetOf(state, false);
  return { state, effects: isNews(packetOf(before, false), packet) ? [{ type: 'send', packet }] : [] };
}

function isNews(before: ControlPacket, after: ControlPacket): boolean {
  return (
    before.state !== after.state ||
    before.diagnostic !== after.diagnostic ||
    before.detectMultiplier !== after.detectMultiplier ||
    before.desiredMinTxUs !== after.desiredMinTxUs ||
    before.requiredMinRxUs !== after.requiredMinRxUs
  );
}

function endPoll(state: BfdFsmState, final: boolean): BfdFsmState {
  return state.polling && final ? { ...state, polling: false, inForce: state.advertised } : state;
}

/** Says what is wanted now, by a poll if there is somebody to ask (section 6.8.3). While one goes on in Up, the next has to wait. */
function settle(state: BfdFsmState): BfdFsmState {
  const { name, advertised, inForce, polling, remote } = state;
  const wanted = wantedIntervals(name, state.timers);
  const isNew =
    wanted.desiredMinTxUs !== advertised.desiredMinTxUs || wanted.requiredMinRxUs !== advertised.requiredMinRxUs;
  if (!isNew || (name === 'Up' && polling)) return name === 'Up' ? state : { ...state, inForce: wanted };
  const asks = remote !== undefined && name !== 'AdminDown';
  if (name !== 'Up') return { ...state, advertised: wanted, inForce: wanted, polling: asks };
  const gentler: Intervals = {
    desiredMinTxUs: Math.min(inForce.desiredMinTxUs, wanted.desiredMinTxUs),
    requiredMinRxUs: Math.max(inForce.requiredMinRxUs, wanted.requiredMinRxUs),
  };
  return { ...state, advertised: wanted, inForce: gentler, polling: true };
}

function wantedIntervals(name: BfdStateName, { desiredMinTxUs, requiredMinRxUs }: BfdTimers): Intervals {
  const least = name === 'Up' ? 0 : SLOW_US;
  return { desiredMinTxUs: Math.max(desiredMinTxUs, least), requiredMinRxUs };
}
