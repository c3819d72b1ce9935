import type { BfdConfig, BfdStatus } from './bfd/model.ts';
import type { AddressFamily } from './wire/family.ts';

export type { AddressFamily } from './wire/family.ts';

export interface FamilyConfig {
  readonly family: AddressFamily;
  /** Most paths per prefix; with 0 or 1, which both mean one, ADD-PATH (RFC 7911) is not asked for. */
  readonly addPathSendMax: number;
}

export interface PeerConfig {
  /** The peer's identity for the caller; unique among the configured peers. */
  readonly key: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
  readonly peerAs: number;
  readonly localAs: number;
  /** Dotted, not 0.0.0.0. */
  readonly routerId: string;
  /** 0 (no keepalives), or 3 to 65535. */
  readonly holdTimeSeconds: number;
  /** At most a third of the negotiated hold time, which is the default. */
  readonly keepaliveSeconds?: number;
  /** Upper bound of the exponential backoff between attempts. */
  readonly connectRetrySeconds: number;
  readonly localAddress?: string;
  /** TCP-MD5 (RFC 2385), up to 80 octets. Never logged, and in no status. */
  readonly password?: string;
  /** TTL of our packets; the system's default if left out. */
  readonly ttl?: number;
  /** GTSM (RFC 5082): how many hops away the peer may be, 1 being the next one. Our packets then have the TTL 255, and those of the peer must. */
  readonly ttlSecurityHops?: number;
  /** We never connect, the peer does. */
  readonly passive?: boolean;
  /** All routes say that they are about to go (RFC 8326). */
  readonly gracefulShutdown?: boolean;
  readonly families: readonly FamilyConfig[];
  /** Up to 4095. */
  readonly gracefulRestart?: { readonly restartTimeSeconds: number };
  /** Another protocol tells within a second when the way to the peer is gone. */
  readonly bfd?: BfdConfig;
}

/** What the caller decides of a path's attributes. */
export interface ChosenAttributes {
  readonly med?: number;
  /** Sent to iBGP peers only; 100 if absent. */
  readonly localPref?: number;
  /** `<AS>:<number>` (RFC 1997). */
  readonly communities?: readonly string[];
  /** `<AS>:<number>:<number>` (RFC 8092). */
  readonly largeCommunities?: readonly string[];
}

export interface Path {
  /** Path identifier (RFC 7911): which of the prefix's paths this is; unique within the route. */
  readonly id: number;
  /** An address of the prefix's family, sent as given (third-party next hop, RFC 4271 section 5.1.3). */
  readonly nextHop: string;
  /** All of its own, in the place of the route's. */
  readonly attributes?: ChosenAttributes;
}

/** One prefix and its attributes. Values are compared by content; a Route object must not change once it was given. */
export interface Route extends ChosenAttributes {
  /** Canonical `<address>/<length>`. */
  readonly prefix: string;
  /** In order of preference: `addPathSendMax` caps them, a session without ADD-PATH sends only the first. */
  readonly paths: readonly Path[];
}

/** RFC 4271 section 8.2.2. */
export type StateName = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

export interface NegotiatedStatus {
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly families: readonly { readonly family: AddressFamily; readonly addPath: boolean }[];
  readonly gracefulRestart: boolean;
  /** How long each side asks the other to keep its routes while it is away (RFC 4724 section 3), in seconds; undefined without graceful restart. */
  readonly restartTimes: RestartTimes | undefined;
  /** Both sides keep routes across a NOTIFICATION (RFC 8538), so only a hard reset drops them. */
  readonly notificationGracefulRestart: boolean;
  readonly fourOctetAs: boolean;
  readonly routeRefresh: boolean;
  /** RFC 7313. */
  readonly enhancedRouteRefresh: boolean;
  /** RFC 8654: the peer, too, takes messages of up to 65535 octets. */
  readonly extendedMessages: boolean;
  /** RFC 8950: the peer takes IPv4 routes with IPv6 next hops. */
  readonly extendedNextHop: boolean;
  /** All that the peer announced in its OPEN, whether or not it is used, as texts; bounded (`capabilityNames`). */
  readonly capabilities: readonly string[];
}

export interface RestartTimes {
  /** 0 to 4095: for so long the peer keeps our routes. */
  readonly oursSeconds: number;
  /** 0 to 4095: what the peer asks for, of which we have no use since we keep none of its routes. */
  readonly peersSeconds: number;
}

export interface SessionCounters {
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly updatesReceived: number;
  readonly updatesSent: number;
  /** Prefixes in received UPDATEs, repeated ones counted again: we keep none. */
  readonly prefixesReceived: number;
  /** UPDATEs with an error that RFC 7606 tolerates. */
  readonly malformedUpdates: number;
  readonly refreshesReceived: number;
  readonly established: number;
  /** How often a session that was established ended, whoever ended it. */
  readonly lost: number;
}

export interface SessionStatus {
  readonly key: string;
  readonly state: StateName;
  readonly since: Date;
  /** What ended the last attempt or session, in words, and who said it; kept until the next failure. */
  readonly lastError?: string;
  readonly localAddress?: string;
  readonly remoteRouterId?: string;
  readonly negotiated?: NegotiatedStatus;
  /** The peer has all routes that there were when the session began. */
  readonly endOfRibSent: boolean;
  readonly prefixesSent: number;
  /** Nothing that was sent to the peer has arrived at its host for some time. */
  readonly isUnheard?: boolean;
  readonly counters: SessionCounters;
  /** In what the speaker answers, for peers with BFD. */
  readonly bfd?: BfdStatus;
}
