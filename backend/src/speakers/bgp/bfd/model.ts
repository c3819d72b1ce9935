import type { BfdStateName } from './wire/state.ts';

export type { BfdStateName } from './wire/state.ts';

/** A BFD session (RFC 5880) with a peer of BGP. */
export interface BfdConfig {
  /** The least that we put between our packets, in milliseconds, and the least that the peer may put between its own. */
  readonly transmitIntervalMs: number;
  readonly receiveIntervalMs: number;
  /** After how many missing packets of ours the peer shall give us up: 1 to 255. */
  readonly detectMultiplier: number;
  /** The peer may be behind routers (RFC 5883); else it is on the link (RFC 5881), and its packets must have come through none. */
  readonly multihop: boolean;
  /** The least TTL that packets may come with over several hops, 255 less the routers between; 1: any. */
  readonly minTtl: number;
}

/** What else a session depends on. */
export interface BfdPeer {
  /** IP literal; a link-local one with its zone. */
  readonly address: string;
  readonly localAddress?: string | undefined;
  readonly bfd: BfdConfig;
}

export interface BfdCounters {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** How often the session came up, and how often it went down because the path failed. */
  readonly up: number;
  readonly failed: number;
  /** Silences that were forgiven because this process itself was late. */
  readonly forgiven: number;
}

export interface BfdStatus {
  readonly state: BfdStateName;
  readonly since: Date;
  /** Why it is no longer up, in the words of RFC 5880 section 4.1; undefined while nothing has ended it. */
  readonly diagnostic: string | undefined;
  /** The same as the peer says it. */
  readonly remoteDiagnostic: string | undefined;
  /** How far apart our packets are, as both sides agreed, in milliseconds; 0: the peer wants none. */
  readonly transmitIntervalMs: number;
  /** After how long a silence the peer is given up, in milliseconds; undefined: it is silent. */
  readonly detectionTimeMs: number | undefined;
  /** Why there can be no session, if so. */
  readonly problem: string | undefined;
  readonly counters: BfdCounters;
}

/** `failed`: it was up, and the path or the peer is gone; `up`: it has come up; `changed`: anything else that a status says. */
export type BfdChange = 'up' | 'failed' | 'changed';
