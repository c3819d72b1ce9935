import type { AddressFamily, ChosenAttributes, Path, Route } from './model.ts';
import { attributesKey, routeAttributes, type Sender } from './route-attributes.ts';
import type { EncodedPrefix } from './wire/nlri.ts';
import type { UpdatePacker } from './wire/update-packer.ts';

/** What decides on what a peer gets of a route, besides the route. */
export interface Terms {
  readonly sender: Sender;
  /** Paths per prefix, by family. */
  readonly limits: ReadonlyMap<string, number>;
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
  /** About how many octets of messages they make. */
  bytes: number;
}

interface Gone extends Columns {
  readonly family: AddressFamily;
  readonly before: number;
}

/** With more kinds of attributes there are few routes of each, and no message that could be filled. */
const mostKinds = 256;

/** How many routes or paths can't be encoded, and the first of them. */
export type OnInvalid = (count: number, prefix: string, reason: string) => void;

/** The differences of a batch of prefixes, collected by attributes. */
export class Changes {
  readonly invalid = new InvalidRoutes();
  /** Was told when it was sent. */
  readonly #invalidBefore = new InvalidRoutes();
  readonly #packer: UpdatePacker;
  readonly #groups = new Map<string, Siblings>();
  /** By family and the MED that they had. */
  readonly #gone = new Map<string, Gone>();
  /** Paths of one prefix differ in more than the next hop, or some get worse or vanish. */
  #isOrdered = false;
  /** Sets of attributes, with and without a next hop: what there is in memory besides paths. */
  #kinds = 0;
  /** About how many octets `pack` will make. */
  bytes = 0;
  /** How many paths were looked at, about which is the time that `add` took. */
  looks = 0;

  constructor(packer: UpdatePacker) {
    this.#packer = packer;
  }

  /**
   * Counts as sent from now on.
   *
   * @param again what the peer has goes, too
   * @returns by how many the prefixes that the peer has become more
   */
  add(entry: Entry, terms: Terms, again: boolean): number {
    const { route, sent, sentOn, encoded } = entry;
    if (route === sent && terms === sentOn && !again) return this.#unchanged();
    const before = this.#paths(entry, sent, sentOn, this.#invalidBefore);
    const wanted = this.#paths(entry, route, terms, this.invalid);
    this.#announce(wanted, before, encoded.octets, again);
    this.#withdraw(before, wanted, encoded);
    this.looks += Math.max(wanted.length, before.length, 1);
    entry.sent = route;
    entry.sentOn = terms;
    return Number(wanted.length > 0) - Number(before.length > 0);
  }

  #unchanged(): number {
    this.looks += 1;
    return 0;
  }

  /**
   * A router acts on each UPDATE as it comes. So that no path is its best for a moment that neither was nor will be: what gets better or is
   * new, the best first; then what vanishes or gets worse, last what was best before. See also AdjRibOut.
   */
  pack(): Uint8Array[] {
    const groups = [...this.#groups.values()].flatMap(({ byNextHop }) => [...byNextHop.values()]);
    for (const group of groups.sort((a, b) => a.med - b.med)) this.#reach(group, group);
    // Sorting is stable: of those that were equally good the vanished ones go first.
    const losses = [...this.#gone.values(), ...groups.flatMap(lossesOf)].sort((a, b) => b.before - a.before);
    for (const loss of losses) {
      if ('group' in loss) this.#reach(loss.group, loss.columns);
      else this.#packer.unreach(loss.family, loss);
    }
    return this.#packer.takeMessages();
  }

  /** Whether it doesn't matter which of the paths go first, so that `packSome` may leave some for later. */
  get isUnordered(): boolean {
    return !this.#isOrdered && this.#kinds <= mostKinds;
  }

  /**
   * Messages that are full, and if that is not enough those that come next to it. What is left stays with what is collected from now on: to pack
   * all each time would leave a message that isn't full for each next hop. A change has to wait for what is left, so that it must be little.
   *
   * @param leftBytes about how much may be left
   */
  packSome(leftBytes: number): Uint8Array[] {
    const groups = [...this.#groups.values()].flatMap(({ byNextHop }) => [...byNextHop.values()]);
    for (const group of groups) if (group.bytes >= this.#packer.maxBytes) this.#reachSome(group, true);
    for (const group of groups.sort((a, b) => b.bytes - a.bytes)) {
      if (this.bytes <= leftBytes) break;
      this.#reachSome(group, false);
    }
    return this.#packer.takeMessages();
  }

  #reachSome(group: Group, fullOnly: boolean): void {
    const packed = this.#reach(group, group, fullOnly);
    group.prefixes.splice(0, packed);
    group.pathIds.splice(0, packed);
    this.bytes -= group.bytes;
    const once = group.prefixes.length === 0 ? 0 : (group.attributes?.length ?? 0);
    group.bytes = group.prefixes.reduce((sum, octets) => sum + octetsOf(octets), once);
    this.bytes += group.bytes;
  }

  #reach({ family, nextHop, attributes }: Group, { prefixes, pathIds }: Columns, fullOnly = false): number {
    if (attributes === undefined) return 0;
    return this.#packer.reach(family, nextHop, attributes, { prefixes, pathIds, fullOnly });
  }

  /** What a peer gets of a route. @param invalid where to note what can't be encoded */
  #paths(
    { prefix, encoded: { family } }: Entry,
    route: Route | undefined,
    terms: Terms | undefined,
    invalid: InvalidRoutes,
  ): readonly GroupedPath[] {
    if (route === undefined || terms === undefined) return noPaths;
    const limit = terms.limits.get(family) ?? 0;
    const siblings = this.#siblings(family, terms.sender, route);
    const addPath = this.#packer.usesPathIds(family);
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
    if (attributes !== undefined) this.#isOrdered = true;
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
      if (columns !== group) this.#isOrdered = true;
      this.#append(columns, octets, id, group.attributes?.length);
    }
  }

  #withdraw(before: readonly GroupedPath[], wanted: readonly GroupedPath[], encoded: EncodedPrefix): void {
    let at = 0;
    for (const path of before) {
      if (wanted[at++] === path || wanted.some(({ id }) => id === path.id)) continue;
      this.#isOrdered = true;
      this.#append(this.#goneOf(encoded.family, path.group.med), encoded.octets, path.id);
    }
  }

  /** @param once how many octets go along with the first */
  #append(columns: Columns, octets: Uint8Array, id: number, once = 0): void {
    const bytes = octetsOf(octets) + (columns.prefixes.length === 0 ? once : 0);
    columns.prefixes.push(octets);
    columns.pathIds.push(id);
    columns.bytes += bytes;
    this.bytes += bytes;
  }

  #siblings(family: AddressFamily, sender: Sender, chosen: ChosenAttributes): Siblings {
    const key = attributesKey(sender, family, chosen);
    let siblings = this.#groups.get(key);
    if (siblings === undefined) {
      this.#kinds++;
      this.#groups.set(key, (siblings = { family, sender, chosen, byNextHop: new Map() }));
    }
    return siblings;
  }

  #createGroup({ family, sender, chosen, byNextHop }: Siblings, nextHop: string): Group {
    this.#kinds++;
    // Routers take a path without a MED for one of 0 (RFC 4271 section 9.1.2.2).
    const base = {
      family,
      nextHop,
      med: chosen.med ?? 0,
      worse: new Map(),
      paths: new Map(),
      ...noColumns(),
    };
    let group: Group;
    try {
      this.#packer.checkNextHop(family, nextHop);
      const attributes = this.#packer.encodeAttributes(routeAttributes(sender, family, nextHop, chosen));
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
    if (gone === undefined) this.#gone.set(key, (gone = { family, before: med, ...noColumns() }));
    return gone;
  }
}

const noPaths: readonly GroupedPath[] = [];

const noColumns = (): Columns => ({ prefixes: [], pathIds: [], bytes: 0 });

/** About how many of a message a path takes, its identifier included. */
const octetsOf = (prefix: Uint8Array): number => prefix.length + 4;

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
  if (columns === undefined) group.worse.set(before, (columns = noColumns()));
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
