/** A BGP session as status and metrics show it; times are ISO 8601. */
export interface SessionReport {
  readonly peer: string;
  readonly state: string;
  readonly since: string;
  readonly lastError: string | undefined;
  readonly localAddress: string | undefined;
  readonly remoteRouterId: string | undefined;
  readonly holdTimeSeconds: number | undefined;
  /** Families exchanged, with whether ADD-PATH may be sent. */
  readonly families: readonly { readonly family: string; readonly addPath: boolean }[];
  readonly gracefulRestart: boolean;
  /** Undefined: there is no graceful restart. */
  readonly restart: RestartReport | undefined;
  readonly fourOctetAs: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** Messages of more than 4096 octets. */
  readonly extendedMessages: boolean;
  /** IPv4 routes with IPv6 next hops. */
  readonly extendedNextHop: boolean;
  /** All that the router announced, as texts; at most 64. */
  readonly capabilities: readonly string[];
  /** A next hop that routers on the session's subnet may not take, in words; undefined: there is none, or it makes no difference. */
  readonly offSubnetNextHop?: string | undefined;
  /** Undefined: the peer has none. */
  readonly bfd: BfdReport | undefined;
}

/** Graceful restart as it was negotiated (RFC 4724); times in seconds, 0 to 4095. */
export interface RestartReport {
  /** For so long the router keeps our routes without us. */
  readonly restartTimeSeconds: number;
  /** What the router asks for itself. */
  readonly routerRestartTimeSeconds: number;
  /** It keeps them after a NOTIFICATION as well (RFC 8538). */
  readonly notification: boolean;
}

/** A BFD session as a status shows it; times are ISO 8601. */
export interface BfdReport {
  readonly state: string;
  readonly since: string;
  readonly diagnostic: string | undefined;
  readonly remoteDiagnostic: string | undefined;
  /** Time between our packets. */
  readonly transmitIntervalMs: number;
  /** Undefined: the router is silent. */
  readonly detectionTimeMs: number | undefined;
  readonly problem: string | undefined;
}
