import type { AddressFamily } from './family.ts';

/** What two speakers agreed on that changes how an UPDATE of one direction is encoded. */
export interface CodecContext {
  /** AS numbers in AS_PATH have 4 octets (RFC 6793). */
  readonly fourOctetAs: boolean;
  /** Families whose NLRI carry a path identifier in this direction (RFC 7911). */
  readonly addPath: ReadonlySet<AddressFamily>;
  /** Messages may have up to 65535 octets instead of 4096 (RFC 8654). */
  readonly extendedMessages?: boolean;
  /** IPv4 routes may have IPv6 next hops (RFC 8950). */
  readonly extendedNextHop?: boolean;
}
