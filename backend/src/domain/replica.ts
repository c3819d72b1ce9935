/** A replica of the manager, from the EndpointSlices of its headless Service. */
export interface Replica {
  /** Pod name. */
  readonly name: string;
  /** IP literal at which its engine answers. */
  readonly address: string;
  /** Name of the node that it runs on. */
  readonly node: string | undefined;
}

/** A link of a replica's host, as far as other replicas need to know it. */
export interface ReplicaLink {
  readonly name: string;
  /** `02:00:5e:10:00:0a` */
  readonly mac: string;
  /** The host's own addresses on it with their prefix lengths, as CIDR text. */
  readonly prefixes: readonly string[];
  /** For addresses of pools that name it, and for no others, whatever its prefixes. */
  readonly isLeftAlone?: true;
}

/**
 * Why a replica does not speak for an address that is its own: `asking`, it asks the link whether somebody has it, or somebody does,
 * or it is not its own any more, and is told to the next owner because that may have left it to this one;
 * `unmet`, it is to answer in the name of a node, and has met none of these on the link; `no-link`, the link for it is gone, or can't be
 * used.
 */
export type Silence = 'asking' | 'unmet' | 'no-link';

/** By address; `many` stands for more than a replica tells one by one. */
export type Silences = Readonly<Record<string, Silence>> | 'many';

/**
 * Where a replica can speak on links (Layer 2). Each tells the others, so that all of them find the same owner of an address, and know
 * each other's MAC addresses.
 */
export interface ReplicaPlace {
  /** Those that are up; none where Layer 2 is off or can't be used. */
  readonly links: readonly ReplicaLink[];
  /** For each `can_reach:<IP>` of a pool the name of the link that leads to the IP. */
  readonly towards: Readonly<Record<string, string>>;
  /** The addresses of its own that it does not speak for; new ones, that nobody has spoken for yet, need not be among them. */
  readonly silent?: Silences;
}

/** That of a replica which speaks on no link. */
export const NO_PLACE: ReplicaPlace = { links: [], towards: {} };
