/** What a scenario may ask for and not every make of router has. */
export type Ability = 'refresh' | 'bfd';

/** What a make of router isn't made for, and why. */
export type Inabilities = Readonly<Partial<Record<Ability, string>>>;

export interface RouterOptions {
  readonly password?: string;
  /** How many prefixes it takes in a session. */
  readonly maxPrefixes?: number;
  /** It takes packets of the speaker only with a TTL of 255, and sends such (RFC 5082). */
  readonly ttlSecurity?: boolean;
  /** It connects by itself as well. */
  readonly connects?: boolean;
  /** It has BFD with the speaker. */
  readonly bfd?: boolean;
  /** It announces `ownRoutes` to the speaker. */
  readonly announces?: boolean;
  /** It takes the speaker for one of its own AS (iBGP). */
  readonly internal?: boolean;
}

export const routerAs = 65_001;

/** The AS that a router expects of the speaker. */
export function speakerAs({ internal }: RouterOptions): number {
  return internal === true ? routerAs : 65_000;
}

/** What a router chooses by. */
export interface Preference {
  readonly med: number | undefined;
  /** Some routers say 100 where a path came without. */
  readonly localPref: number | undefined;
}

/** Routes of the router's own, which a speaker has no use for. */
export const ownRoutes = { ipv4: '10.79.0.0/24', ipv6: 'fd00:79::/64' };

/** Prefix -> next hops, sorted. */
export type Table = ReadonlyMap<string, readonly string[]>;

/** A router of some make in a namespace, one veth away from a speaker's. It waits for the speaker at both of its addresses. */
export interface Router {
  readonly speakerNamespace: string;
  /** Its own. */
  readonly namespace: string;
  /** It puts its routes into its machine's kernel. */
  readonly hasKernel: boolean;
  /** All that the program has written since it was started. */
  readonly log: string;
  /** Starts the program anew: nothing is left of before. */
  restart(options?: RouterOptions): Promise<void>;
  /** What it has of the speaker: its own table, and that of its kernel where it has one. All must be the same. */
  tables(): Promise<readonly Table[]>;
  /** Communities, then large ones, of a path to a prefix, each `a:b` or `a:b:c`. */
  communities(prefix: string): Promise<readonly string[]>;
  /** Of a path to a prefix. */
  preference(prefix: string): Promise<Preference>;
  /** How many sessions are established. */
  established(): Promise<number>;
  /** How many UPDATEs, or routes in them, it has received in its sessions. */
  updatesReceived(): Promise<number>;
  /** Asks for all routes again. */
  refresh(): Promise<void>;
  /** What it says of how its sessions ended. */
  endings(): Promise<string>;
  /** How many connections of BGP are established. */
  connections(): Promise<number>;
  /** From now on neither side hears anything of the other, though the link stays up. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Until `thaw` the program does nothing at all, while its kernel keeps its connections. */
  freeze(): void;
  thaw(): Promise<void>;
  /** It has no reason any more to wait before it takes sessions again. */
  forgive(): Promise<void>;
  remove(): Promise<void>;
}

/** Adds a next hop of a prefix to a table. */
export function addHop(table: Map<string, string[]>, prefix: string, hop: string): void {
  table.set(prefix, [...(table.get(prefix) ?? []), hop].sort());
}
