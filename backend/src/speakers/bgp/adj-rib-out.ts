import type { AddressFamily, ChosenAttributes, FamilyConfig, PeerConfig, Route } from './model.ts';
import { attributesKey, routeAttributes, type Sender } from './route-attributes.ts';
import type { CodecContext } from './wire/context.ts';
import { encodeFrame, MessageType } from './wire/frame.ts';
import { encodePrefix, type EncodedPrefix } from './wire/nlri.ts';
import { encodeRouteRefresh, RefreshSubtype } from './wire/route-refresh-message.ts';
import { UpdatePacker } from './wire/update-packer.ts';

/** What a session needs to know to send routes. */
export interface RibSession {
  readonly peer: Pick<PeerConfig, 'localAs' | 'peerAs' | 'gracefulShutdown'>;
  /** The negotiated families; `addPathSendMax` as configured. */
  readonly families: readonly FamilyConfig[];
  readonly sending: CodecContext;
  /** A refresh has a beginning and an end (RFC 7313). */
  readonly enhancedRefresh?: boolean;
}

/** Encoded messages, in the order in which they must be sent. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly messages: number;
  /** How many of them are UPDATEs. */
  readonly updates: number;
}

export interface AdjRibOutDeps {
  /** Routes or paths that can't be encoded and are therefore not sent: how many, and the first of them. */
  readonly onInvalid: (count: number, prefix: string, reason: string) => void;
}

/** A path as the peer has it; `key` names its attributes. */
interface SentPath {
  readonly id: number;
  readonly key: string;
}

interface ActiveSession extends RibSession {
  readonly packer: UpdatePacker;
  /** Paths per prefix, by family. */
  readonly limits: ReadonlyMap<string, number>;
}

interface Entry {
  readonly prefix: string;
  readonly encoded: EncodedPrefix;
  route: Route | undefined;
  sent: readonly SentPath[];
}

/** Paths that share all attributes and the next hop, thus UPDATEs. */
interface Group {
  readonly family: AddressFamily;
  readonly nextHop: string;
  readonly key: string;
  /** Undefined where they can't be encoded. */
  readonly attributes: Uint8Array | undefined;
  readonly invalid?: string;
  /** By path identifier: many prefixes have the same, and all peers together a great many. */
  readonly sent: Map<number, SentPath>;
  readonly prefixes: Uint8Array[];
  readonly pathIds: number[];
}

/** Groups that differ in the next hop only. */
interface Siblings {
  readonly family: AddressFamily;
  readonly key: string;
  readonly chosen: ChosenAttributes;
  readonly byNextHop: Map<string, Group>;
}

interface Columns {
  readonly prefixes: Uint8Array[];
  readonly pathIds: number[];
}

const nothingSent: readonly SentPath[] = [];
/** No attributes have this name: a path sent with it differs from every wanted one. */
const resend = '';

/**
 * One peer's routes: what is wanted, what was sent in this session, and which prefixes may differ. It survives sessions.
 *
 * A path that changes is replaced by its announcement (same prefix and identifier), never withdrawn first; paths that vanish
 * are withdrawn after the new ones are announced, so no prefix is without a path in between.
 */
export class AdjRibOut {
  readonly #deps: AdjRibOutDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #dirty = new Set<Entry>();
  #known = false;
  #sentPrefixes = 0;
  #session: ActiveSession | undefined;
  #endOfRibDue = false;
  /** Families that the peer wants again, before anything of that is sent, and while it is. */
  readonly #asked = new Set<AddressFamily>();
  readonly #refreshing = new Set<AddressFamily>();

  constructor(deps: AdjRibOutDeps) {
    this.#deps = deps;
  }

  /** Prefixes that the peer has from us in this session. */
  get prefixesSent(): number {
    return this.#sentPrefixes;
  }

  /** True if `take` may have something to send. */
  get pending(): boolean {
    if (this.#session === undefined || !this.#known) return false;
    return this.#dirty.size > 0 || this.#endOfRibDue || this.#asked.size > 0 || this.#refreshing.size > 0;
  }

  /** The whole desired set. Before the first call nothing is known, and nothing is sent, not even End-of-RIB. */
  replace(routes: ReadonlyMap<string, Route>): void {
    this.#known = true;
    const invalid = new InvalidRoutes();
    for (const entry of this.#entries.values()) if (!routes.has(entry.prefix)) this.#withdraw(entry);
    for (const [prefix, route] of routes) this.#want(prefix, route, invalid);
    invalid.report(this.#deps);
  }

  /** Changes by prefix, null withdraws. Ignored before the first `replace`: a part is not the whole. */
  update(changes: ReadonlyMap<string, Route | null>): void {
    if (!this.#known) return;
    const invalid = new InvalidRoutes();
    for (const [prefix, route] of changes) {
      const entry = this.#entries.get(prefix);
      if (route !== null) this.#want(prefix, route, invalid);
      else if (entry !== undefined) this.#withdraw(entry);
    }
    invalid.report(this.#deps);
  }

  /** A session is established, the peer has nothing: everything is due, then End-of-RIB (RFC 4724 section 4.1). */
  start(session: RibSession): void {
    this.#forgetSent();
    this.#endOfRibDue = true;
    this.reconfigure(session);
  }

  /** Other limits on the number of paths in the session that is there, or other attributes of all routes. */
  reconfigure(session: RibSession): void {
    if (this.#session !== undefined && this.#session.peer.gracefulShutdown !== session.peer.gracefulShutdown) {
      for (const entry of this.#entries.values()) sendAgain(entry);
    }
    const limits = new Map<string, number>();
    for (const { family, addPathSendMax } of session.families) {
      limits.set(family, session.sending.addPath.has(family) ? addPathSendMax : 1);
    }
    this.#session = { ...session, packer: new UpdatePacker(session.sending), limits };
    for (const entry of this.#entries.values()) this.#dirty.add(entry);
  }

  /** The session is gone, and with it what the peer has. */
  stop(): void {
    this.#session = undefined;
    this.#endOfRibDue = false;
    this.#asked.clear();
    this.#refreshing.clear();
    this.#forgetSent();
  }

  /**
   * The peer wants a family again (RFC 2918 section 4), which may be none of ours. Only noted: who asks a thousand times before there is
   * room to send gets one answer, and costs one look at the routes.
   */
  refresh(wanted: string): void {
    const family = this.#session?.families.find((configured) => configured.family === wanted)?.family;
    if (family !== undefined) this.#asked.add(family);
  }

  /** The next messages, about `maxBytes` of them; undefined if the peer has all that is wanted. What is returned counts as sent. */
  take(maxBytes: number): Batch | undefined {
    const session = this.#session;
    if (session === undefined || !this.#known) return undefined;
    const begins = this.#beginRefreshes(session);
    while (this.#dirty.size > 0) {
      const updates = this.#takeChanges(session, maxBytes);
      if (begins.length + updates.length > 0) return batch(begins, updates);
    }
    return batch([...begins, ...this.#takeEnds()], this.#takeEndsOfRib(session));
  }

  /** RFC 7313 section 4: a beginning, then all routes of the family; what isn't among them is not ours any more. */
  #beginRefreshes({ enhancedRefresh }: ActiveSession): Uint8Array[] {
    // Not before End-of-RIB, which says that all has been sent once.
    if (this.#asked.size === 0 || this.#endOfRibDue) return [];
    const families = [...this.#asked];
    for (const entry of this.#entries.values()) {
      if (!this.#asked.has(entry.encoded.family) || entry.sent.length === 0) continue;
      sendAgain(entry);
      this.#dirty.add(entry);
    }
    this.#asked.clear();
    if (enhancedRefresh !== true) return [];
    for (const family of families) this.#refreshing.add(family);
    return families.map((family) => refreshMessage(family, RefreshSubtype.begin));
  }

  /** Once all routes are sent. */
  #takeEnds(): Uint8Array[] {
    const ended = [...this.#refreshing];
    this.#refreshing.clear();
    return ended.map((family) => refreshMessage(family, RefreshSubtype.end));
  }

  #takeEndsOfRib(session: ActiveSession): Uint8Array[] {
    if (!this.#endOfRibDue) return [];
    this.#endOfRibDue = false;
    for (const { family } of session.families) session.packer.endOfRib(family);
    return session.packer.takeMessages();
  }

  #takeChanges(session: ActiveSession, maxBytes: number): Uint8Array[] {
    const changes = new Changes(session.packer, { ...session.peer, fourOctetAs: session.sending.fourOctetAs });
    for (const entry of this.#dirty) {
      if (changes.bytes >= maxBytes) break;
      this.#dirty.delete(entry);
      const before = entry.sent.length;
      entry.sent = changes.add(entry, session.limits.get(entry.encoded.family) ?? 0);
      this.#sentPrefixes += Number(entry.sent.length > 0) - Number(before > 0);
      if (entry.route === undefined) this.#entries.delete(entry.prefix);
    }
    changes.invalid.report(this.#deps);
    return changes.pack();
  }

  #want(prefix: string, route: Route, invalid: InvalidRoutes): void {
    const entry = this.#entries.get(prefix) ?? this.#create(prefix, invalid);
    if (entry === undefined || entry.route === route) return;
    entry.route = route;
    if (this.#session !== undefined) this.#dirty.add(entry);
  }

  #create(prefix: string, invalid: InvalidRoutes): Entry | undefined {
    try {
      const entry: Entry = { prefix, encoded: encodePrefix(prefix), route: undefined, sent: nothingSent };
      this.#entries.set(prefix, entry);
      return entry;
    } catch (error) {
      invalid.add(prefix, String(error));
      return undefined;
    }
  }

  #withdraw(entry: Entry): void {
    entry.route = undefined;
    if (this.#session !== undefined) this.#dirty.add(entry);
    else this.#entries.delete(entry.prefix);
  }

  #forgetSent(): void {
    this.#dirty.clear();
    this.#sentPrefixes = 0;
    for (const entry of this.#entries.values()) {
      entry.sent = nothingSent;
      if (entry.route === undefined) this.#entries.delete(entry.prefix);
    }
  }
}

/** What the peer has of it counts for nothing. */
function sendAgain(entry: Entry): void {
  entry.sent = entry.sent.map(({ id }) => ({ id, key: resend }));
}

function batch(others: readonly Uint8Array[], updates: readonly Uint8Array[]): Batch | undefined {
  const messages = others.length + updates.length;
  return messages === 0
    ? undefined
    : { bytes: Buffer.concat([...others, ...updates]), messages, updates: updates.length };
}

function refreshMessage(family: AddressFamily, subtype: number): Uint8Array {
  const body = encodeRouteRefresh({ type: 'route-refresh', family, subtype, filters: new Uint8Array() });
  return encodeFrame(MessageType.routeRefresh, body);
}

/** The differences of a batch of prefixes, collected by attributes. */
class Changes {
  readonly invalid = new InvalidRoutes();
  readonly #packer: UpdatePacker;
  readonly #sender: Sender;
  readonly #groups = new Map<string, Siblings>();
  readonly #gone = new Map<AddressFamily, Columns>();
  /** About how many octets `pack` will make. */
  bytes = 0;

  constructor(packer: UpdatePacker, sender: Sender) {
    this.#packer = packer;
    this.#sender = sender;
  }

  /** @returns what the peer will have once the batch is sent. */
  add(entry: Entry, limit: number): readonly SentPath[] {
    const wanted: SentPath[] = [];
    const { route, sent, encoded } = entry;
    if (route !== undefined && limit > 0) this.#addPaths(entry, route, limit, wanted);
    for (const { id } of sent) {
      if (!wanted.some((path) => path.id === id)) this.#append(this.#goneOf(encoded.family), encoded.octets, id);
    }
    // A copy has no room to grow.
    return wanted.slice();
  }

  /** Announcements first: see AdjRibOut. */
  pack(): Uint8Array[] {
    for (const { byNextHop } of this.#groups.values()) {
      for (const group of byNextHop.values()) {
        if (group.attributes !== undefined) this.#packer.reach(group.family, group.nextHop, group.attributes, group);
      }
    }
    for (const [family, columns] of this.#gone) this.#packer.unreach(family, columns);
    return this.#packer.takeMessages();
  }

  #addPaths(entry: Entry, route: Route, limit: number, wanted: SentPath[]): void {
    const { family } = entry.encoded;
    const siblings = this.#siblings(family, route);
    const addPath = this.#packer.usesPathIds(family);
    for (const path of route.paths) {
      if (wanted.length >= limit) return;
      const id = addPath ? path.id : 0;
      // Two paths with one identifier would replace each other: the preferred one counts.
      if (wanted.some((other) => other.id === id)) continue;
      const { attributes } = path;
      const like = attributes === undefined ? siblings : this.#siblings(family, attributes);
      const group = like.byNextHop.get(path.nextHop) ?? this.#createGroup(like, path.nextHop);
      if (group.attributes === undefined) this.invalid.add(entry.prefix, group.invalid ?? '');
      else this.#addPath(entry, id, group, wanted);
    }
  }

  #addPath({ encoded, sent }: Entry, id: number, group: Group, wanted: SentPath[]): void {
    // Most often the path stands where it stood.
    const same = sent[wanted.length];
    const before = same?.id === id ? same : sent.find((other) => other.id === id);
    let path = group.sent.get(id);
    if (path === undefined) group.sent.set(id, (path = { id, key: group.key }));
    wanted.push(path);
    if (before?.key !== group.key) this.#append(group, encoded.octets, id);
  }

  #append(columns: Columns, octets: Uint8Array, id: number): void {
    columns.prefixes.push(octets);
    columns.pathIds.push(id);
    this.bytes += octets.length + 4;
  }

  #siblings(family: AddressFamily, chosen: ChosenAttributes): Siblings {
    const key = attributesKey(family, chosen);
    let siblings = this.#groups.get(key);
    if (siblings === undefined) this.#groups.set(key, (siblings = { family, key, chosen, byNextHop: new Map() }));
    return siblings;
  }

  #createGroup({ family, key, chosen, byNextHop }: Siblings, nextHop: string): Group {
    const base = { family, nextHop, key: `${nextHop} ${key}`, sent: new Map(), prefixes: [], pathIds: [] };
    let group: Group;
    try {
      this.#packer.checkNextHop(family, nextHop);
      const attributes = this.#packer.encodeAttributes(routeAttributes(this.#sender, family, nextHop, chosen));
      this.bytes += attributes.length;
      group = { ...base, attributes };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      group = { ...base, attributes: undefined, invalid: error.message };
    }
    byNextHop.set(nextHop, group);
    return group;
  }

  #goneOf(family: AddressFamily): Columns {
    let columns = this.#gone.get(family);
    if (columns === undefined) this.#gone.set(family, (columns = { prefixes: [], pathIds: [] }));
    return columns;
  }
}

class InvalidRoutes {
  #count = 0;
  #first: readonly [prefix: string, reason: string] | undefined;

  add(prefix: string, reason: string): void {
    this.#count++;
    this.#first ??= [prefix, reason];
  }

  report({ onInvalid }: AdjRibOutDeps): void {
    if (this.#first !== undefined) onInvalid(this.#count, ...this.#first);
  }
}
