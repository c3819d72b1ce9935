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
}
