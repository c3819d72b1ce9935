import { Changes, InvalidRoutes, type Entry, type OnInvalid, type Terms } from './adj-rib-changes.ts';
import type { AddressFamily, FamilyConfig, PeerConfig, Route } from './model.ts';
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

/** Encoded messages, in the order in which they must be sent; none while a batch is being collected. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly messages: number;
  /** How many of them are UPDATEs. */
  readonly updates: number;
}

export interface AdjRibOutDeps {
  /** Routes or paths that can't be encoded are not sent. */
  readonly onInvalid: OnInvalid;
}

interface ActiveSession extends RibSession {
  readonly packer: UpdatePacker;
  readonly terms: Terms;
}

/** A look at all prefixes, those with changes not reckoned in. */
interface Walk {
  readonly entries: Iterator<Entry, undefined>;
  /** What the peer has of these goes again. */
  readonly again: ReadonlySet<AddressFamily>;
}

/** How many paths, or prefixes, are looked at before others have their turn: a millisecond or two. */
const looksAtOnce = 1_024;

/** How much of a batch may be left for messages to be filled: with less of it more of them aren't. */
const leftShare = 0.8;

const nobody: ReadonlySet<never> = new Set();

/**
 * One peer's routes: what is wanted, what was sent in this session, and which prefixes may differ. It survives sessions. Whatever concerns
 * many prefixes is noted at once, and done a millisecond or two at a time by `advance` and `take`.
 *
 * A path that changes is replaced by its announcement (same prefix and identifier), never withdrawn first; paths that vanish
 * are withdrawn after the new ones are announced, so no prefix is without a path in between. `Changes.pack` has the whole order.
 */
export class AdjRibOut {
  readonly #deps: AdjRibOutDeps;
  readonly #entries = new Map<string, Entry>();
  /** What was told and isn't noted with all its prefixes yet, in order. */
  readonly #told: Iterator<void, void>[] = [];
  readonly #dirty = new Set<Entry>();
  #walk: Walk | undefined;
  /** The batch that is being collected. Its paths count as sent. */
  #open: Changes | undefined;
  #openHasChanges = false;
  /** Something has changed since, which may concern its prefixes: it goes before anything else. */
  #overtaken = false;
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

  /** All that there was when the session began is sent, and the peer was told so (RFC 4724 section 2). */
  get endOfRibSent(): boolean {
    return this.#session !== undefined && this.#known && !this.#endOfRibDue;
  }

  /** True if `take` may have something to send. */
  get pending(): boolean {
    if (this.#session === undefined) return false;
    if (this.#told.length > 0) return true;
    if (!this.#known) return false;
    return this.#isLookDue || this.#open !== undefined || this.#isEndDue;
  }

  get #isLookDue(): boolean {
    return this.#dirty.size > 0 || this.#walk !== undefined;
  }

  get #isEndDue(): boolean {
    return this.#endOfRibDue || this.#asked.size > 0 || this.#refreshing.size > 0;
  }

  /**
   * The whole desired set, which must not change any more. Before the first one nothing is known, and nothing is sent, not even End-of-RIB.
   */
  replace(routes: ReadonlyMap<string, Route>): void {
    // What was told before is overtaken.
    this.#told.length = 0;
    this.#told.push(this.#replacing(routes));
  }

  /** Changes by prefix, null withdraws. Ignored before the first `replace`: a part is not the whole. */
  update(changes: ReadonlyMap<string, Route | null>): void {
    if (this.#known || this.#told.length > 0) this.#told.push(this.#changing(changes));
  }

  /** Does a little of what is to be done before `take` can go on. @returns whether there was anything */
  advance(): boolean {
    const [next] = this.#told;
    if (next?.next().done === true) this.#told.shift();
    return next !== undefined;
  }

  /** A session is established, the peer has nothing: everything is due, then End-of-RIB (RFC 4724 section 4.1). */
  start(session: RibSession): void {
    this.#forgetSent();
    this.#endOfRibDue = true;
    this.reconfigure(session);
  }

  /** Other limits on the number of paths in the session that is there, or other attributes of all routes. */
  reconfigure(session: RibSession): void {
    const { peer, sending } = session;
    const limits = new Map<string, number>();
    for (const { family, addPathSendMax } of session.families) {
      limits.set(family, sending.addPath.has(family) ? addPathSendMax : 1);
    }
    const terms = { sender: { ...peer, fourOctetAs: sending.fourOctetAs }, limits };
    this.#session = { ...session, packer: new UpdatePacker(sending), terms };
    this.#lookAtAll(this.#walk?.again ?? nobody);
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

  /**
   * The next messages, up to about `maxBytes` of them; undefined if the peer has all that is wanted. Where there is more to look at, a batch without a
   * message is returned, and the next call goes on.
   *
   * @param maxBytes also about how much is collected at most and not returned yet: what changes then goes after that
   * @param mostLooks at how many paths about
   */
  take(maxBytes: number, mostLooks = looksAtOnce): Batch | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    if (this.advance()) return nothingYet;
    if (!this.#known) return undefined;
    const taken = this.#takeOvertaken() ?? this.#takeNext(session, maxBytes, mostLooks);
    return taken ?? (this.pending ? nothingYet : undefined);
  }

  #takeNext(session: ActiveSession, maxBytes: number, mostLooks: number): Batch | undefined {
    const begins = this.#beginRefreshes(session);
    if (this.#collect(session, maxBytes, mostLooks)) return batch(begins, []);
    const some = batch(begins, this.#packFor(maxBytes));
    if (some !== undefined || this.#isLookDue) return some;
    return batch(this.#takeEnds(), this.#takeEndsOfRib(session));
  }

  /** What goes again must not be among what is collected, where it would go in any order. */
  #takeOvertaken(): Batch | undefined {
    return this.#overtaken || this.#mayRefresh ? batch([], this.#pack()) : undefined;
  }

  /** Not before End-of-RIB, which says that all has been sent once, and one after the other: who asks again and again gets all in between. */
  get #mayRefresh(): boolean {
    return this.#asked.size > 0 && !this.#endOfRibDue && this.#walk === undefined && this.#refreshing.size === 0;
  }

  /** RFC 7313 section 4: a beginning, then all routes of the family; what isn't among them is not ours any more. */
  #beginRefreshes({ enhancedRefresh }: ActiveSession): Uint8Array[] {
    if (!this.#mayRefresh) return [];
    const families = [...this.#asked];
    this.#asked.clear();
    this.#lookAtAll(new Set(families));
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

  /**
   * Adds to the batch: what has changed, else what is looked at in turn. That has no part in a batch with changes, where it would go before
   * what vanishes.
   *
   * @returns whether there is room in it for more, and more to look at
   */
  #collect({ packer, terms }: ActiveSession, maxBytes: number, mostLooks: number): boolean {
    const changes = this.#isLookDue ? (this.#open ??= new Changes(packer)) : this.#open;
    if (changes === undefined) return false;
    const enough = changes.looks + mostLooks;
    const isOver = (): boolean => changes.bytes >= maxBytes || changes.looks >= enough;
    this.#collectChanges(changes, terms, isOver);
    if (!this.#mustEndWithChanges) this.#collectInTurn(changes, terms, isOver);
    return changes.bytes < maxBytes && this.#mayGrow;
  }

  get #mustEndWithChanges(): boolean {
    return this.#openHasChanges && this.#walk !== undefined;
  }

  /** There is more to look at that may be part of the same batch. */
  get #mayGrow(): boolean {
    return this.#dirty.size > 0 || (this.#walk !== undefined && !this.#mustEndWithChanges);
  }

  #collectChanges(changes: Changes, terms: Terms, isOver: () => boolean): void {
    for (const entry of this.#dirty) {
      if (isOver()) return;
      this.#dirty.delete(entry);
      this.#add(changes, entry, terms, false);
      this.#openHasChanges = true;
    }
  }

  #collectInTurn(changes: Changes, terms: Terms, isOver: () => boolean): void {
    while (this.#walk !== undefined && !isOver()) {
      const { value: entry } = this.#walk.entries.next();
      if (entry === undefined) this.#walk = undefined;
      else this.#add(changes, entry, terms, this.#walk.again.has(entry.encoded.family));
    }
  }

  #add(changes: Changes, entry: Entry, terms: Terms, again: boolean): void {
    this.#sentPrefixes += changes.add(entry, terms, again);
    if (entry.route === undefined) this.#entries.delete(entry.prefix);
  }

  /** As long as there is more, what doesn't fill a message is left. */
  #packFor(maxBytes: number): Uint8Array[] {
    if (this.#open?.isUnordered !== true || !this.#mayGrow) return this.#pack();
    return this.#open.packSome(maxBytes * leftShare);
  }

  #pack(): Uint8Array[] {
    const changes = this.#open;
    this.#open = undefined;
    this.#openHasChanges = false;
    this.#overtaken = false;
    changes?.invalid.report(this.#deps.onInvalid);
    return changes?.pack() ?? [];
  }

  #mark(entry: Entry): void {
    this.#dirty.add(entry);
    this.#overtaken = this.#open !== undefined;
  }

  #lookAtAll(again: ReadonlySet<AddressFamily>): void {
    this.#walk = { entries: this.#entries.values(), again };
    this.#overtaken = this.#open !== undefined;
  }

  *#replacing(routes: ReadonlyMap<string, Route>): Generator<void, void> {
    const gone = [...this.#entries.keys()].filter((prefix) => !routes.has(prefix));
    yield* this.#changing(new Map(gone.map((prefix) => [prefix, null])));
    yield* this.#changing(routes);
    this.#known = true;
  }

  *#changing(changes: ReadonlyMap<string, Route | null>): Generator<void, void> {
    const invalid = new InvalidRoutes();
    let looks = 0;
    for (const [prefix, route] of changes) {
      const entry = this.#entries.get(prefix);
      if (route !== null) this.#want(prefix, route, invalid);
      else if (entry !== undefined) this.#withdraw(entry);
      if (++looks % looksAtOnce === 0) yield;
    }
    invalid.report(this.#deps.onInvalid);
  }

  #want(prefix: string, route: Route, invalid: InvalidRoutes): void {
    const entry = this.#entries.get(prefix) ?? this.#create(prefix, route, invalid);
    if (entry === undefined || entry.route === route) return;
    entry.route = route;
    if (this.#session !== undefined) this.#mark(entry);
  }

  #create(prefix: string, route: Route, invalid: InvalidRoutes): Entry | undefined {
    try {
      const encoded = encodedPrefix(prefix, route);
      const entry: Entry = { prefix, encoded, route: undefined, sent: undefined, sentOn: undefined };
      this.#entries.set(prefix, entry);
      return entry;
    } catch (error) {
      invalid.add(prefix, String(error));
      return undefined;
    }
  }

  #withdraw(entry: Entry): void {
    entry.route = undefined;
    if (this.#session !== undefined) this.#mark(entry);
    else this.#entries.delete(entry.prefix);
  }

  #forgetSent(): void {
    this.#dirty.clear();
    this.#walk = undefined;
    this.#open = undefined;
    this.#openHasChanges = false;
    this.#overtaken = false;
    this.#sentPrefixes = 0;
    for (const entry of this.#entries.values()) {
      entry.sent = undefined;
      entry.sentOn = undefined;
      if (entry.route === undefined) this.#entries.delete(entry.prefix);
    }
  }
}

const encodedPrefixes = new WeakMap<Route, EncodedPrefix>();

/** Peers that are told the same get the same routes: what is made of one for the first of them is there for all. */
function encodedPrefix(prefix: string, route: Route): EncodedPrefix {
  let encoded = encodedPrefixes.get(route);
  if (encoded === undefined) encodedPrefixes.set(route, (encoded = encodePrefix(prefix)));
  return encoded;
}

const nothingYet: Batch = { bytes: new Uint8Array(), messages: 0, updates: 0 };

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
