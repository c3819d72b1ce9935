/** What this host shall do for one address. Values are compared by content; an object must not change once it was given. */
export interface Desired {
  /** Of the pool: empty for the links whose subnet the address is of, a link's name, or `can_reach:<IP>`. */
  readonly interface: string;
  /** Six octets: neighbours shall use this MAC, another node's, instead of the link's own. */
  readonly mac?: Uint8Array;
  /** Ask whether somebody has the address before it is announced for the first time. */
  readonly probe: boolean;
}

/**
 * - `no-link`: this host has no usable link for the address.
 * - `probing`: being asked for, not yet announced.
 * - `announcing`: answered for.
 * - `conflict`: somebody who is no node of the cluster says that the address is theirs. Found by the probe: it is not answered for, and
 *   asked for again now and then; seen later: it is answered for and defended.
 */
export const ADDRESS_STATES = ['no-link', 'probing', 'announcing', 'conflict'] as const;
export type AddressState = (typeof ADDRESS_STATES)[number];

/**
 * How somebody's claim was heard: in an answer, or whatever else they send from the address; in what they told everybody of their own
 * accord (gratuitous ARP, unsolicited advertisements); or as their own probe.
 */
export type Heard = 'answer' | 'announcement' | 'probe';

export type Observation = StateObservation | RivalObservation;

/** An address' state, told on every change; `conflict` on any of its links goes before the rest. */
export interface StateObservation {
  readonly ip: string;
  readonly state: AddressState;
  /** The link that the state is about. */
  readonly link?: string;
  /** Whose claim it is, as `02:00:5e:10:00:0a`; with `conflict`. */
  readonly mac?: string;
  /** Whether it is answered for; with `conflict`: false if the probe before the first announcement found it. */
  readonly announced?: boolean;
  /** Why there is no link, where it is known; with `no-link`. */
  readonly problem?: string;
}

/**
 * An event: a node of the cluster speaks for an address that we speak for too. Nothing is done about it here; who yields takes the
 * address out of the desired ones, who doesn't calls `reassert`.
 */
export interface RivalObservation {
  readonly ip: string;
  readonly state: 'rival';
  readonly link: string;
  readonly mac: string;
  readonly node: string;
  /** The node that says so, by where its frame came from: another one that speaks in this one's name. Undefined for itself. */
  readonly delegate?: string;
  readonly heard: Heard;
  /** Everybody on the link has heard it as well, and may believe it. */
  readonly toAll: boolean;
}

export interface Layer2Options {
  /** How often a change of owner is announced, the first time at once, the others spread evenly; at least 1. */
  readonly burstCount: number;
  readonly burstMs: number;
  /** From one announcement to the next after the burst; 0 for none. */
  readonly steadyMs: number;
  /** Most addresses announced or probed per second, over all links; those that change owner go first, the newest of them foremost. */
  readonly announcementsPerSecond: number;
  readonly probeCount: number;
  /** From the first probe to the first announcement. RFC 5227 has some seconds; that is what people would wait for a Service. */
  readonly probeMs: number;
  /** Least time between two defences of an address, and between two reassertions once a quarrel goes on: DEFEND_INTERVAL of RFC 5227. */
  readonly defendMs: number;
  /** After how long an address in conflict is asked for again. */
  readonly recheckMs: number;
  /** Least time between the first reassertions, and half of it that between two reports on a rival: what ends a quarrel of views at the speed of the wire. */
  readonly rivalMs: number;
}

export const DEFAULT_OPTIONS: Layer2Options = {
  burstCount: 5,
  burstMs: 5000,
  steadyMs: 0,
  announcementsPerSecond: 2000,
  probeCount: 2,
  probeMs: 300,
  defendMs: 10_000,
  recheckMs: 30_000,
  rivalMs: 100,
};
