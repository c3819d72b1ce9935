import type { AddressFamily, ChosenAttributes, FamilyConfig, Path, PeerConfig, Route } from './model.ts';
import { attributesKey, routeAttributes, type Sender } from './route-attributes.ts';
import type { CodecContext } from './wire/context.ts';
import type { EncodedPrefix } from './wire/nlri.ts';
import type { NlriColumns, UpdatePacker } from './wire/update-packer.ts';

/** What a session needs to know to send routes. */
export interface RibSession {
  readonly peer: Pick<PeerConfig, 'localAs' | 'peerAs' | 'gracefulShutdown'>;
  /** The negotiated families; `addPathSendMax` as configured. */
  readonly families: readonly FamilyConfig[];
  readonly sending: CodecContext;
  /** A refresh has a beginning and an end (RFC 7313). */
  readonly enhancedRefresh?: boolean;
}

/** What decides on what a peer gets of a route, besides the route; one object for all peers of which it is the same. */
export interface Terms {
  readonly sender: Sender;
  /** Paths per prefix, by family. */
  readonly limits: ReadonlyMap<string, number>;
  readonly packer: UpdatePacker;
}

/** One for each prefix of each peer: all that it refers to is the same for peers that are told the same. */
export interface Entry {
  readonly prefix: string;
  readonly encoded: EncodedPrefix;
  route: Route | undefined;
  /** What the peer has follows from the route that was sent, and from the terms at that time. */
  sent: Route | undefined;
  sentOn: Terms | undefined;
}

/** What became of one prefix: that of an entry before it was sent, and how far the batch was after it. */
interface Step extends Readonly<Entry> {
  readonly again: boolean;
  /** By how many the prefixes that the peer has became more. */
  readonly more: number;
  readonly bytes: number;
}

/** Encoded messages. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly updates: number;
}

/** A path with its attributes; the same object for the same within a batch. */
interface GroupedPath {
  readonly id: number;
  readonly group: Group;
}

/** Paths that share all attributes and the next hop, thus UPDATEs. The columns are of those that don't get worse. */
interface Group extends Columns {
  readonly family: AddressFamily;
  readonly nextHop: string;
  /** Undefined where they can't be encoded. */
  readonly attributes: Uint8Array | undefined;
  /** Why they can't. */
  readonly invalid: string;
  /** By identifier. */
  readonly paths: Map<number, GroupedPath>;
  readonly med: number;
  /** Of those that do get worse, by the MED that they had. */
  readonly worse: Map<number, Columns>;
}

/** Groups that differ in the next hop only. */
interface Siblings {
  readonly family: AddressFamily;
  readonly sender: Sender;
  readonly chosen: ChosenAttributes;
  readonly byNextHop: Map<string, Group>;
}

interface Columns {
  readonly prefixes: Uint8Array[];
  readonly pathIds: number[];
}

interface Gone extends Columns {
  readonly family: AddressFamily;
  readonly before: number;
}

/** How many routes or paths can't be encoded, and the first of them. */
export type OnInvalid = (count: number, prefix: string, reason: string) => void;

/** The differences of a batch of prefixes, collected by attributes. */
export class Changes {
  readonly terms: Terms;
  readonly steps: Step[] = [];
  readonly invalid = new InvalidRoutes();
  /** Was told when it was sent. */
  readonly #invalidBefore = new InvalidRoutes();
  readonly #groups = new Map<string, Siblings>();
  /** By family and the MED that they had. */
  readonly #gone = new Map<string, Gone>();
  readonly #packed: Packed[] = [];
  #packing: Iterator<Uint8Array[], void> | undefined;
  /** About how many octets `packed` will make. */
  bytes = 0;
  /** How many paths were looked at, about which is the time that `add` took. */
  looks = 0;

  constructor(terms: Terms) {
    this.terms = terms;
  }

  /** Nothing is added any more. */
  get isComplete(): boolean {
    return this.#packing !== undefined;
  }

  /**
   * What the peer lacks of a prefix.
   *
   * @param again what the peer has goes, too
   * @returns by how many the prefixes that the peer has become more
   */
  add(entry: Readonly<Entry>, again: boolean): number {
    const more = this.#add(entry, again);
    const { prefix, encoded, route, sent, sentOn } = entry;
    this.steps.push({ prefix, encoded, route, sent, sentOn, again, more, bytes: this.bytes });
    return more;
  }

  #add(entry: Readonly<Entry>, again: boolean): number {
    const { route, sent, sentOn, encoded } = entry;
    if (route === sent && this.terms === sentOn && !again) return this.#unchanged();
    const before = this.#paths(entry, sent, sentOn, this.#invalidBefore);
    const wanted = this.#paths(entry, route, this.terms, this.invalid);
    this.#announce(wanted, before, encoded.octets, again);
    this.#withdraw(before, wanted, encoded);
    this.looks += Math.max(wanted.length, before.length, 1);
    return Number(wanted.length > 0) - Number(before.length > 0);
  }

  #unchanged(): number {
    this.looks += 1;
    return 0;
  }

  /** The messages, some at a time; undefined: those before were all. Nothing can be added after the first call. */
  packed(index: number): Packed | undefined {
    this.#packing ??= this.#pack();
    if (index < this.#packed.length) return this.#packed[index];
    const next = this.#packing.next();
    if (next.done === true) return undefined;
    const packed = { bytes: Buffer.concat(next.value), updates: next.value.length };
    this.#packed.push(packed);
    return packed;
  }

  /**
   * A router acts on each UPDATE as it comes. So that no path is its best for a moment that neither was nor will be: what gets better or is
   * new, the best first; then what vanishes or gets worse, last what was best before. See also AdjRibOut.
   */
  *#pack(): Generator<Uint8Array[], void> {
    const { packer } = this.terms;
    const groups = [...this.#groups.values()].flatMap(({ byNextHop }) => [...byNextHop.values()]);
    for (const group of groups.sort((a, b) => a.med - b.med)) yield* this.#packSome(group, reaching(group, packer));
    // Sorting is stable: of those that were equally good the vanished ones go first.
    const losses = [...this.#gone.values(), ...groups.flatMap(lossesOf)].sort((a, b) => b.before - a.before);
    for (const loss of losses) {
      if ('group' in loss) yield* this.#packSome(loss.columns, reaching(loss.group, packer));
      else yield* this.#packSome(loss, (columns) => packer.unreach(loss.family, columns));
    }
    if (!packer.isEmpty) yield packer.takeMessages();
  }

  *#packSome(columns: NlriColumns, pack: Packing): Generator<Uint8Array[], void> {
    for (let from = pack(columns); from !== undefined; from = pack({ ...columns, from })) {
      yield this.terms.packer.takeMessages();
    }
  }

  /** What a peer gets of a route. @param invalid where to note what can't be encoded */
  #paths(
    { prefix, encoded: { family } }: Readonly<Entry>,
    route: Route | undefined,
    terms: Terms | undefined,
    invalid: InvalidRoutes,
  ): readonly GroupedPath[] {
    if (route === undefined || terms === undefined) return noPaths;
    const limit = terms.limits.get(family) ?? 0;
    const siblings = this.#siblings(family, terms.sender, route);
    const addPath = this.terms.packer.usesPathIds(family);
    const paths: GroupedPath[] = [];
    for (const path of route.paths) {
      if (paths.length >= limit) break;
      const id = addPath ? path.id : 0;
      // Two paths with one identifier would replace each other: the preferred one counts.
      if (paths.some((other) => other.id === id)) continue;
      const group = this.#group(siblings, path);
      if (group.attributes === undefined) invalid.add(prefix, group.invalid);
      else paths.push(pathOf(group, id));
    }
    return paths;
  }

  #group(siblings: Siblings, { nextHop, attributes }: Path): Group {
    const { family, sender } = siblings;
    const like = attributes === undefined ? siblings : this.#siblings(family, sender, attributes);
    return like.byNextHop.get(nextHop) ?? this.#createGroup(like, nextHop);
  }

  #announce(wanted: readonly GroupedPath[], before: readonly GroupedPath[], octets: Uint8Array, again: boolean): void {
    let at = 0;
    for (const path of wanted) {
      // Most often the path stands where it stood.
      if ((before[at++] === path || before.includes(path)) && !again) continue;
      const { id, group } = path;
      const columns = columnsFor(group, before.find((other) => other.id === id)?.group.med);
      if (columns.prefixes.length === 0) this.bytes += group.attributes?.length ?? 0;
      this.#append(columns, octets, id);
    }
  }

  #withdraw(before: readonly GroupedPath[], wanted: readonly GroupedPath[], encoded: EncodedPrefix): void {
    let at = 0;
    for (const path of before) {
      if (wanted[at++] === path || wanted.some(({ id }) => id === path.id)) continue;
      this.#append(this.#goneOf(encoded.family, path.group.med), encoded.octets, path.id);
    }
  }

  #append(columns: Columns, octets: Uint8Array, id: number): void {
    columns.prefixes.push(octets);
    columns.pathIds.push(id);
    this.bytes += octets.length + 4;
  }

  #siblings(family: AddressFamily, sender: Sender, chosen: ChosenAttributes): Siblings {
    const key = attributesKey(sender, family, chosen);
    let siblings = this.#groups.get(key);
    if (siblings === undefined) this.#groups.set(key, (siblings = { family, sender, chosen, byNextHop: new Map() }));
    return siblings;
  }

  #createGroup({ family, sender, chosen, byNextHop }: Siblings, nextHop: string): Group {
    // Routers take a path without a MED for one of 0 (RFC 4271 section 9.1.2.2).
    const base = {
      family,
      nextHop,
      med: chosen.med ?? 0,
      worse: new Map(),
      paths: new Map(),
      prefixes: [],
      pathIds: [],
    };
    let group: Group;
    try {
      this.terms.packer.checkNextHop(family, nextHop);
      const attributes = this.terms.packer.encodeAttributes(routeAttributes(sender, family, nextHop, chosen));
      group = { ...base, attributes, invalid: '' };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      group = { ...base, attributes: undefined, invalid: error.message };
    }
    byNextHop.set(nextHop, group);
    return group;
  }

  #goneOf(family: AddressFamily, med: number): Columns {
    const key = `${family} ${med}`;
    let gone = this.#gone.get(key);
    if (gone === undefined) this.#gone.set(key, (gone = { family, before: med, prefixes: [], pathIds: [] }));
    return gone;
  }
}

const noPaths: readonly GroupedPath[] = [];

/** @returns the first that is left for later */
type Packing = (columns: NlriColumns) => number | undefined;

function reaching({ family, nextHop, attributes }: Group, packer: UpdatePacker): Packing {
  return (columns) => (attributes === undefined ? undefined : packer.reach(family, nextHop, attributes, columns));
}

function pathOf(group: Group, id: number): GroupedPath {
  let path = group.paths.get(id);
  if (path === undefined) group.paths.set(id, (path = { id, group }));
  return path;
}

function lossesOf(group: Group): { group: Group; before: number; columns: Columns }[] {
  return [...group.worse].map(([before, columns]) => ({ group, before, columns }));
}

/** @param before its MED so far; undefined: it is new */
function columnsFor(group: Group, before: number | undefined): Columns {
  if (before === undefined || before >= group.med) return group;
  let columns = group.worse.get(before);
  if (columns === undefined) group.worse.set(before, (columns = { prefixes: [], pathIds: [] }));
  return columns;
}

export class InvalidRoutes {
  #count = 0;
  #first: readonly [prefix: string, reason: string] | undefined;

  add(prefix: string, reason: string): void {
    this.#count++;
    this.#first ??= [prefix, reason];
  }

  report(onInvalid: OnInvalid): void {
    if (this.#first !== undefined) onInvalid(this.#count, ...this.#first);
  }
}
