import { parseAddress } from '../domain/address.ts';
import type { Assignment } from '../domain/service.ts';
import { Heads } from './heads.ts';
import type { HeldBack } from './held-back.ts';
import type { PoolSet } from './pool-set.ts';
import { lackId, type Aged, type Waiting } from './waiting.ts';

/** Whose turn it is. */
export interface Taker {
  readonly key: string;
  /** Addresses that are open and may be for it. */
  readonly ips: Iterable<string>;
  /** It may fit beside others of its sharing group by now. */
  readonly isMember: boolean;
  /** Its pools, or what is held back for it, are not what they were. */
  readonly isConcerned: boolean;
}

/** Services in order of age, for all of which the same may be: one of some addresses, room beside sharers, or a new answer. */
interface Line {
  readonly id: string;
  readonly kind: 'takers' | 'members' | 'concerned';
  /** The open addresses that it is for; of takers alone. */
  readonly ips: Set<string>;
  /** Finds who stands in it. */
  readonly list: () => readonly Aged[];
  /** Whom that found, as they are when the first of them is asked; undefined: nobody was asked since something opened. */
  services?: readonly Aged[] | undefined;
  /** Index of the one whose turn it is. */
  next: number;
}

interface OpeningsDeps {
  readonly waiting: Waiting;
  readonly heldBack: Pick<HeldBack, 'holdAt'>;
  readonly pools: () => PoolSet;
}

/**
 * What is to be had, or may be shared, since a step began, and for whom. Whatever opens while others have their turns joins what is open
 * already: at any time it is the turn of the oldest Service that something may be for and that was not asked since that opened. Each is
 * asked once, however many addresses it may take: of who needs one and who needs two the older comes first.
 */
export class Openings {
  readonly #deps: OpeningsDeps;
  readonly #lines = new Map<string, Line>();
  readonly #linesByIp = new Map<string, readonly string[]>();
  /** Of those lines that have not changed since that was looked at. */
  readonly #heads = new Heads<Line>();
  readonly #changed = new Set<Line>();
  #count = 0;

  constructor(deps: OpeningsDeps) {
    this.#deps = deps;
  }

  clear(): void {
    this.#lines.clear();
    this.#linesByIp.clear();
    this.#heads.clear();
    this.#changed.clear();
  }

  /**
   * An address became free. It is for those who look to the pool that has it by now, which by an edit may be another than the one that
   * it was held back of. Where that doesn't give it, as a stranger or a node has it, or it is a buggy one, it is at most for who asks
   * for it.
   */
  open(assignment: Assignment): void {
    const { waiting, heldBack } = this.#deps;
    const { ip } = assignment;
    const pools = this.#deps.pools();
    const [pool, address] = [pools.get(pools.homeOf(assignment) ?? ''), parseAddress(ip)];
    const ids = [this.#addWanters(ip, ip)];
    if (pool !== undefined && address !== undefined && pools.gives(pool, address)) {
      const lack = { pool: pool.name, family: address.family };
      ids.push(this.#add(`takers ${lackId(lack)}`, 'takers', () => waiting.takersOf(lack), ip));
      // What was held back may be exchanged for it, for the sake of who asks for that one.
      const hold = heldBack.holdAt(lack);
      if (hold !== undefined) ids.push(this.#addWanters(hold.assignment.ip, ip));
    }
    this.#linesByIp.set(ip, ids);
  }

  /** Nobody else can have the address any more. */
  close(ip: string): void {
    for (const id of this.#linesByIp.get(ip) ?? []) {
      const line = this.#lines.get(id);
      line?.ips.delete(ip);
      if (line?.ips.size === 0) this.#drop(line);
    }
    this.#linesByIp.delete(ip);
  }

  /** Those who share with each other may fit beside others of their own by now. */
  openGroup(group: string): void {
    this.#add(`members ${group}`, 'members', () => this.#deps.waiting.membersOf(group));
  }

  /** For these Services something else is different; they are in order of age. */
  concern(services: readonly Aged[]): void {
    if (services.length > 0) this.#add(`concerned ${++this.#count}`, 'concerned', () => services);
  }

  /** Who comes next; undefined: everybody has had his turn. */
  next(): Taker | undefined {
    this.#lookAtChanged();
    const oldest = this.#heads.takeOldest();
    if (oldest === undefined) {
      this.clear();
      return undefined;
    }
    const { key, items: its } = oldest;
    for (const line of its) {
      line.next += 1;
      this.#changed.add(line);
    }
    return {
      key,
      ips: ipsOf(its),
      isMember: its.some(({ kind }) => kind === 'members'),
      isConcerned: its.some(({ kind }) => kind === 'concerned'),
    };
  }

  #lookAtChanged(): void {
    for (const line of this.#changed) {
      const head = headOf(line);
      // Of thousands of addresses that have rested most are asked for by nobody.
      if (head === undefined) this.#drop(line);
      else this.#heads.set(line, head);
    }
    this.#changed.clear();
  }

  #drop(line: Line): void {
    this.#lines.delete(line.id);
    this.#heads.delete(line);
    this.#changed.delete(line);
  }

  #addWanters(ip: string, opened: string): string {
    return this.#add(`wanters ${ip}`, 'takers', () => this.#deps.waiting.wantersOf(ip), opened);
  }

  /** A line begins anew with whatever opens: it may be for who had no use for what was open before. */
  #add(id: string, kind: Line['kind'], list: Line['list'], ip?: string): string {
    const line: Line = this.#lines.get(id) ?? { id, kind, list, ips: new Set(), next: 0 };
    line.services = undefined;
    if (ip !== undefined) line.ips.add(ip);
    this.#lines.set(id, line);
    this.#heads.delete(line);
    this.#changed.add(line);
    return id;
  }
}

function headOf(line: Line): Aged | undefined {
  if (line.services === undefined) {
    line.services = line.list();
    line.next = 0;
  }
  return line.services[line.next];
}

function* ipsOf(lines: readonly Line[]): Generator<string> {
  for (const { ips } of lines) yield* ips;
}
