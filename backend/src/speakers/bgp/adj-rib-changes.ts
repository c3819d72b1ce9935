import type { AddressFamily, ChosenAttributes, Route } from './model.ts';
import { attributesKey, routeAttributes, type Sender } from './route-attributes.ts';
import type { EncodedPrefix } from './wire/nlri.ts';
import type { UpdatePacker } from './wire/update-packer.ts';

/** A path as the peer has it; `key` names its attributes. */
export interface SentPath {
  readonly id: number;
  readonly key: string;
  readonly med: number;
}

export interface Entry {
  readonly prefix: string;
  readonly encoded: EncodedPrefix;
  route: Route | undefined;
  sent: readonly SentPath[];
}

/** Paths that share all attributes and the next hop, thus UPDATEs. The columns are of those that don't get worse. */
interface Group extends Columns {
  readonly family: AddressFamily;
  readonly nextHop: string;
  readonly key: string;
  readonly med: number;
  /** Undefined where they can't be encoded. */
  readonly attributes: Uint8Array | undefined;
  readonly invalid?: string;
  /** By path identifier: many prefixes have the same, and all peers together a great many. */
  readonly sent: Map<number, SentPath>;
  /** Of those that do, by the MED that they had. */
  readonly worse: Map<number, Columns>;
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

/** How many routes or paths can't be encoded, and the first of them. */
export type OnInvalid = (count: number, prefix: string, reason: string) => void;

/** The differences of a batch of prefixes, collected by attributes. */
export class Changes {
  readonly invalid = new InvalidRoutes();
  readonly #packer: UpdatePacker;
  readonly #sender: Sender;
  readonly #groups = new Map<string, Siblings>();
  readonly #gone = new Map<AddressFamily, Columns>();
  /** About how many octets `pack` will make. */
  bytes = 0;
  /** How many paths were looked at, about which is the time that `add` took. */
  looks = 0;

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
    this.looks += Math.max(wanted.length, sent.length, 1);
    // A copy has no room to grow.
    return wanted.slice();
  }

  /**
   * A router acts on each UPDATE as it comes. So that no path is its best for a moment that neither was nor will be: what gets better or is
   * new, the best first; then what vanishes; then what gets worse, last what was best before. See also AdjRibOut.
   */
  pack(): Uint8Array[] {
    const groups = [...this.#groups.values()].flatMap(({ byNextHop }) => [...byNextHop.values()]);
    for (const group of groups.sort((a, b) => a.med - b.med)) this.#reach(group, group);
    for (const [family, columns] of this.#gone) this.#packer.unreach(family, columns);
    const worse = groups.flatMap((group) => [...group.worse].map(([before, columns]) => ({ group, before, columns })));
    for (const { group, columns } of worse.sort((a, b) => b.before - a.before)) this.#reach(group, columns);
    return this.#packer.takeMessages();
  }

  #reach({ family, nextHop, attributes }: Group, columns: Columns): void {
    if (attributes !== undefined) this.#packer.reach(family, nextHop, attributes, columns);
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
    if (path === undefined) group.sent.set(id, (path = { id, key: group.key, med: group.med }));
    wanted.push(path);
    if (before?.key !== group.key) this.#append(columnsFor(group, before), encoded.octets, id);
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
    const empty = { sent: new Map<number, SentPath>(), worse: new Map<number, Columns>(), prefixes: [], pathIds: [] };
    // Routers take a path without one for one of 0 (RFC 4271 section 9.1.2.2).
    const base = { family, nextHop, key: `${nextHop} ${key}`, med: chosen.med ?? 0, ...empty };
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

function columnsFor(group: Group, before: SentPath | undefined): Columns {
  if (before === undefined || before.med >= group.med) return group;
  let columns = group.worse.get(before.med);
  if (columns === undefined) group.worse.set(before.med, (columns = { prefixes: [], pathIds: [] }));
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
