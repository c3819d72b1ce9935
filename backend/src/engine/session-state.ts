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
  /** A next hop that routers on the session's subnet may not take, in words; undefined: there is none, or it makes no difference. */
  readonly offSubnetNextHop?: string | undefined;
  /** Undefined: the peer has none. */
  readonly bfd: BfdReport | undefined;
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
