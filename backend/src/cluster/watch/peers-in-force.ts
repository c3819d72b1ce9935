import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../../domain/node.ts';
import { isSameNeighbour, isSpokenWith, sharesNode, type Peer } from '../../domain/peer.ts';
import type { BgpPeer } from '../custom-kinds.ts';
import { LastGood, type Configured, type Parse } from './last-good.ts';

export interface PeersInForceDeps {
  readonly passwords: {
    readonly passwords: ReadonlyMap<string, string>;
    /** Why a peer's password can't be had from where it is now. */
    problem(peer: string): string | undefined;
  };
  readonly nodes: ReadonlyMap<string, Node>;
}

/**
 * Whether the leader has written of an object as it is that another peer has its neighbour: so replicas that begin later go by what those
 * found that were there when it was edited.
 */
export function isOnRecord({ metadata, status }: BgpPeer): boolean {
  return (status?.conditions ?? []).some(
    ({ type, reason, observedGeneration }) =>
      type === 'Ready' && reason === 'DuplicateNeighbor' && observedGeneration === metadata?.generation,
  );
}

/** What keeps an edit that can be read from being in force. */
export type Waits = { readonly for: 'password' } | { readonly for: 'neighbour'; readonly of: string };

/**
 * BgpPeers by name, with the configuration that sessions are to have. An edit whose password can't be had, or by which a peer would take
 * another one's neighbour away, waits, and the last configuration stays in force until then: an edit touches no session but those whose
 * parameters it changes, and one that can't be used touches none.
 */
export class PeersInForce {
  readonly #deps: PeersInForceDeps;
  readonly #read = new LastGood<Peer>();
  readonly #inForce = new Map<string, Peer>();
  readonly #waiting = new Map<string, Waits>();
  /** What an earlier process had in force. */
  #earlier: ReadonlyMap<string, Peer | null> = new Map();
  /** UIDs of peers of which it is on record that another one has their neighbour. */
  readonly #recorded = new Set<string>();
  #begun = false;

  constructor(deps: PeersInForceDeps) {
    this.#deps = deps;
  }

  get(name: string): Configured<Peer> | undefined {
    const read = this.#read.get(name);
    return read === undefined ? undefined : { ...read, value: this.#inForce.get(name) };
  }

  /** All objects, also those without a configuration in force. */
  *entries(): IterableIterator<[string, Configured<Peer>]> {
    for (const [name, read] of this.#read.entries()) yield [name, { ...read, value: this.#inForce.get(name) }];
  }

  /** The configurations in force. */
  *values(): IterableIterator<[string, Peer]> {
    for (const [name] of this.#read.entries()) {
      const value = this.#inForce.get(name);
      if (value !== undefined) yield [name, value];
    }
  }

  /** What the object as it is waits for; undefined: it is in force, or can't be read. */
  waitsFor(name: string): Waits | undefined {
    return this.#waiting.get(name);
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * What an earlier container of this Pod had in force, for those whose object can't be used as it is now. Returns the names of those that
   * can't be read, and have that now.
   */
  remember(earlier: ReadonlyMap<string, Peer | null>): string[] {
    this.#earlier = earlier;
    return this.#read.remember(earlier);
  }

  /** All objects are known; until then their order says nothing, and all are judged anew each time. */
  begin(): void {
    this.judge();
    this.#begun = true;
  }

  /**
   * Takes over what was read, for `judge`.
   * @param isRecorded the object's status says that another peer has the neighbour that it names
   */
  set(name: string, uid: string, parsed: Parse<Peer>, isRecorded: boolean): void {
    this.#read.set(name, uid, parsed);
    if (isRecorded) this.#recorded.add(uid);
    else this.#recorded.delete(uid);
  }

  delete(name: string): void {
    this.#recorded.delete(this.#read.get(name)?.value?.uid ?? '');
    this.#read.delete(name);
  }

  /** Decides anew what is in force; returns what is another than before, null where nothing is any more. */
  judge(): Map<string, Peer | null> {
    const before = new Map(this.#inForce);
    if (!this.#begun) this.#inForce.clear();
    for (const name of before.keys()) if (this.#read.get(name)?.value === undefined) this.#inForce.delete(name);
    this.#waiting.clear();
    // One that goes elsewhere makes room for another that waits for its place: as many rounds as there are peers, at most.
    let left = this.#candidates();
    for (let count = -1; count !== left.length;) {
      count = left.length;
      left = left.filter((peer) => !this.#take(peer));
    }
    const ring = new Set(left.flatMap(({ name }) => this.#ring(name)));
    for (const peer of left) {
      if (ring.has(peer.name)) this.#put(peer);
      else this.#keep(peer.name);
    }
    return this.#differences(before);
  }

  /** What was read, those first that stay where they are, and last those of which it is on record that they have no place. */
  #candidates(): Peer[] {
    const all = [...this.#read.values()].map(([, peer]) => peer);
    const ranks = new Map(all.map((peer) => [peer, this.#rank(peer)]));
    const rank = (peer: Peer): number => ranks.get(peer) ?? 0;
    return all.sort((a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  }

  #rank(peer: Peer): number {
    const last = this.#last(peer.name);
    if (last === undefined) return this.#recorded.has(peer.uid) ? 3 : 1;
    return isSameNeighbour(last, peer) ? 0 : 2;
  }

  /** Names of peers that wait for each other's places in turn, from this one on, so that all can go at once; none if they don't. */
  #ring(name: string): string[] {
    const names: string[] = [];
    for (let at = name; !names.includes(at);) {
      const waits = this.#waiting.get(at);
      if (waits?.for !== 'neighbour') return [];
      names.push(at);
      at = waits.of;
      if (at === name) return names;
    }
    return [];
  }

  #take(peer: Peer): boolean {
    const waits = this.#obstacle(peer);
    if (waits === undefined) this.#put(peer);
    else this.#waiting.set(peer.name, waits);
    return waits === undefined;
  }

  #put(peer: Peer): void {
    this.#waiting.delete(peer.name);
    this.#inForce.set(peer.name, peer);
  }

  #keep(name: string): void {
    const last = this.#last(name);
    if (last === undefined) this.#inForce.delete(name);
    else this.#inForce.set(name, last);
  }

  /** The last configuration that a session can be had with, of the same object. */
  #last(name: string): Peer | undefined {
    const uid = this.#read.get(name)?.value?.uid;
    const candidates = [this.#inForce.get(name), this.#earlier.get(name)].flatMap((peer) => peer ?? []);
    return candidates.find((peer) => peer.uid === uid && this.#isUsable(peer));
  }

  #isUsable({ name, hasPassword }: Peer): boolean {
    return !hasPassword || this.#deps.passwords.passwords.has(name);
  }

  #obstacle(peer: Peer): Waits | undefined {
    // No session is to be had: nothing is needed for that.
    if (!isSpokenWith(peer)) return undefined;
    const last = this.#last(peer.name);
    if (isDeepStrictEqual(last, peer)) return undefined;
    const lacksPassword = peer.hasPassword && this.#deps.passwords.problem(peer.name) !== undefined;
    if (lacksPassword && last !== undefined) return { for: 'password' };
    const holder = this.#holder(peer, last);
    return holder === undefined ? undefined : { for: 'neighbour', of: holder };
  }

  /** Whose neighbour it would take away. Among those that are new, and where labels of nodes bring two together, age decides later. */
  #holder(peer: Peer, last: Peer | undefined): string | undefined {
    if (last === undefined && !this.#recorded.has(peer.uid)) return undefined;
    for (const other of this.#inForce.values()) {
      if (other.name === peer.name || !this.#isUsable(other) || !this.#collide(peer, other)) continue;
      if (last === undefined || !this.#collide(last, other)) return other.name;
    }
    return undefined;
  }

  #collide(peer: Peer, other: Peer): boolean {
    if (!isSpokenWith(peer) || !isSpokenWith(other) || !isSameNeighbour(peer, other)) return false;
    return sharesNode(peer, other, this.#deps.nodes.values());
  }

  #differences(before: ReadonlyMap<string, Peer>): Map<string, Peer | null> {
    const names = new Set([...before.keys(), ...this.#inForce.keys()]);
    const changed = [...names].filter((name) => !isDeepStrictEqual(before.get(name), this.#inForce.get(name)));
    return new Map(changed.map((name) => [name, this.#inForce.get(name) ?? null]));
  }
}
