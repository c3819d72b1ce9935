import { isDeepStrictEqual } from 'node:util';
import type { Replica, ReplicaPlace } from '../domain/replica.ts';
import type { DatagramSocket, Timer } from '../platform/ports.ts';
import { forgiveSessions, losesSessions, type OwnSessions } from './lost-sessions.ts';
import { OpenQuestions } from './open-questions.ts';
import { decodeProbe, encodeProbe, type ProbeHeader, type ProbeMessage } from './probe-message.ts';
import type { ReplicaProberDeps, ReplicaProberOptions } from './replica-prober.ts';
import { ReplicaMacs } from './replica-macs.ts';
import { ToldPlace } from './told-place.ts';
import { asAnswering, asLost, asMember, comesBack, expire, fallSilent, hasSaid, isOfUse } from './tracked-replica.ts';
import { goneNode, leavingNode, newlyTracked, noteLeaving, notePlace } from './tracked-replica.ts';
import { noteRetained, retainedFor } from './tracked-replica.ts';
import type { AnsweringReplica, LostReplica, ReplicaFacts, RetainedRoutes, Tracked } from './tracked-replica.ts';

/** What a replica says of itself, but for where it speaks. */
type Word = Pick<ProbeHeader, 'leaving' | 'stale' | 'newcomer' | 'behind' | 'announcing' | 'med'>;

const REBIND_MS = 1_000;
/** Least time between two questions to a replica, however much news it has. */
const NEWS_MS = 20;
/** Hold time 90 s plus restart time 120 s, the defaults of a BgpPeer. */
const DEFAULT_RETENTION_MS = 210_000;

/**
 * Asks the other replicas' engines whether they are alive, and answers them. A replica that answered and then falls silent is `lost`
 * for as long as routers may retain its routes, even if it has left the membership meanwhile, or answers but doesn't announce yet; one
 * that never answered is neither.
 */
export class ReplicaProber {
  readonly #deps: ReplicaProberDeps;
  readonly #options: Required<ReplicaProberOptions>;
  readonly #tracked = new Map<string, Tracked>();
  readonly #macs = new ReplicaMacs<Tracked>();
  #socket: DatagramSocket | undefined;
  #isBound = false;
  #timer: Timer | undefined;
  #stopped = false;
  #word: Word = { leaving: false, stale: false, newcomer: false, behind: undefined, announcing: false, med: undefined };
  /** What routers may retain of others, by their names. */
  #retained: ReadonlyMap<string, RetainedRoutes> = new Map();
  #ownSessions: OwnSessions;
  #wasSettled = false;
  readonly #place = new ToldPlace();
  #retentionMs = DEFAULT_RETENTION_MS;

  constructor(deps: ReplicaProberDeps, options: ReplicaProberOptions) {
    this.#deps = deps;
    this.#options = { intervalMs: 500, misses: 3, ...options };
  }

  start(): void {
    this.#bind();
    this.#askAll();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const { soon } of this.#tracked.values()) soon?.cancel();
    this.#socket?.close();
  }

  /** How long a router may retain a silent replica's routes: hold time plus restart time, in milliseconds. */
  setRetention(ms: number): void {
    this.#retentionMs = ms;
  }

  /** Answers say from now on whether this replica's view of the API is stale. */
  setStale(stale: boolean): void {
    this.#say({ stale });
  }

  /** Answers say from now on whether there are nodes that this replica has not met. */
  setNewcomer(newcomer: boolean): void {
    this.#say({ newcomer });
  }

  /** Answers say from now on whether that view has been so for a while in which others' was not; undefined: nothing of it. */
  setBehind(behind: boolean | undefined): void {
    this.#say({ behind });
  }

  /**
   * Answers say from now on the least that this replica adds to the MED of its routes, and what those must stay below who become the first.
   *
   * @param retained by the name of the lost replica (`announce/med`)
   */
  setRank(med: number, retained: ReadonlyMap<string, RetainedRoutes>): void {
    const isSame = isDeepStrictEqual(retained, this.#retained);
    this.#retained = retained;
    if (!this.#say({ med }) && !isSame) this.#askAll();
  }

  /** Returns whether that is news. */
  #say(change: Partial<Word>): boolean {
    const word = { ...this.#word, ...change };
    if (isDeepStrictEqual(word, this.#word)) return false;
    this.#word = word;
    this.#askAll();
    return true;
  }

  /**
   * Answers to replicas say from now on that this one can speak there.
   *
   * @param counted names of the others that it takes for speakers on links: they are told so
   */
  setPlace(place: ReplicaPlace, counted: ReadonlySet<string> = new Set()): void {
    if (this.#place.set(place, counted)) this.#askAll();
  }

  /** Answers say from now on whether every session of this replica is established. */
  setAnnouncing(announcing: boolean): void {
    this.#ownSessions = announcing ? (this.#ownSessions ?? this.#deps.clock.now()) : undefined;
    // That one is lost is news: somebody else may have to win with the router in our place.
    if (!announcing) this.#say({ announcing });
    else this.#word = { ...this.#word, announcing };
    if (!announcing && forgiveSessions(this.#tracked.values())) this.#deps.onChange();
  }

  /** From here on answers say that this replica leaves, so that nobody takes its silence for a failure. */
  announceLeaving(): void {
    this.#say({ leaving: true });
  }

  /** The whole membership; this replica itself is left out. */
  setReplicas(replicas: readonly Replica[]): void {
    const added = new Set<string>();
    const members = new Map(
      replicas.filter(({ name }) => name !== this.#options.self).map((replica) => [replica.name, replica]),
    );
    for (const { name, address, node } of members.values()) {
      const known = this.#tracked.get(name);
      if (known !== undefined) Object.assign(known, { address, node });
      else {
        this.#tracked.set(name, newlyTracked(address, node));
        added.add(name);
      }
    }
    this.#replace(new Set(members.keys()), new Set(replicas.map(({ address }) => address)));
    this.#forget();
    // That we know them is news to them: they are told our place from now on.
    for (const name of added) this.#ask(this.#tracked.get(name), true);
    this.#deps.onChange();
  }

  /** With host networking a Pod has the address of the one before it on its node, which its answers must not keep alive. */
  #replace(members: ReadonlySet<string>, taken: ReadonlySet<string>): void {
    for (const [name, tracked] of this.#tracked) {
      tracked.member = members.has(name);
      const isOwn = tracked.address === this.#options.host;
      const isReplaced = isOwn || (!tracked.member && (tracked.replaced || taken.has(tracked.address)));
      if (isReplaced && !tracked.replaced) this.#retire(name, tracked);
      tracked.replaced = isReplaced;
    }
  }

  /** Whoever is at its address now, it is gone: no more need to ask. */
  #retire(name: string, tracked: Tracked): void {
    tracked.soon?.cancel();
    tracked.soon = undefined;
    tracked.questions = new OpenQuestions();
    if (tracked.answering) this.#silence(name, tracked, 'replica is gone, another one has its address');
  }

  /** Whether each member has answered and said where it speaks, or that it leaves, or had the time to: before that nobody can tell who is there. */
  get isSettled(): boolean {
    if (!this.#isBound) return false;
    const now = this.#deps.clock.now();
    const awaited = [...this.#tracked.values()].filter(({ member, replaced }) => member && !replaced);
    return awaited.every((tracked) => (tracked.answering ? hasSaid(tracked, now) : tracked.missed > 0));
  }

  /** The nodes that replicas run on, whether these answer or not. */
  nodes(): ReadonlySet<string> {
    return new Set([...this.#tracked.values()].flatMap(({ member, node }) => (member ? (node ?? []) : [])));
  }

  /** Those that answer and don't leave. */
  answering(): AnsweringReplica[] {
    return [...this.#tracked].flatMap(([name, tracked]) => asAnswering(name, tracked) ?? []);
  }

  /** The nodes of those that answer still, and say that they leave. */
  leavingNodes(): ReadonlySet<string> {
    return new Set([...this.#tracked.values()].flatMap(leavingNode));
  }

  /** The other members, whether they answer or not, with what they last said of themselves. */
  members(): ReplicaFacts[] {
    return [...this.#tracked].flatMap(([name, tracked]) => asMember(name, tracked) ?? []);
  }

  /** The node whose replica said last that it has this MAC, `02:00:5e:10:00:0a`, on a link, whether it answers now or not. */
  nodeOfMac(mac: string): string | undefined {
    return this.#macs.get(mac)?.node;
  }

  /** The replicas that fell silent and whose routes a router may still retain, though they may answer again. */
  lost(): LostReplica[] {
    return [...this.#tracked].flatMap(([name, tracked]) => asLost(name, tracked) ?? []);
  }

  /** The nodes of replicas that fell silent or left, while a router may retain their routes and they have not announced anew. */
  goneNodes(): ReadonlySet<string> {
    return new Set([...this.#tracked.values()].flatMap(goneNode));
  }

  /** The best MED offsets of routes that are retained of replicas which others have lost, as these say. */
  told(): number[] {
    return [...this.#tracked.values()].flatMap(({ retained }) => retained?.med ?? []);
  }

  #bind(): void {
    this.#socket = this.#deps.datagrams.bind(this.#options.host, this.#options.port, {
      onMessage: (bytes, from) => this.#receive(bytes, from),
      onLost: (error, to) => this.#unsendable(error, to.host),
      onBound: () => {
        this.#isBound = true;
        if (this.isSettled && !this.#wasSettled) this.#tellOfAnswer();
      },
      onError: (error) => this.#bindLater(error),
    });
  }

  #bindLater(error: Error): void {
    this.#deps.logger.error({ err: error, port: this.#options.port }, 'replica probe socket failed, binding it again');
    this.#socket?.close();
    this.#socket = undefined;
    this.#isBound = false;
    // Who has not been asked has missed nothing.
    for (const tracked of this.#tracked.values())
      if (!tracked.answering) Object.assign(tracked, { questions: new OpenQuestions(), missed: 0 });
    this.#deps.clock.setTimer(REBIND_MS, () => {
      if (this.#stopped) return;
      this.#bind();
      this.#askAll();
    });
  }

  #schedule(): void {
    // A tenth of jitter, so that replicas started together don't ask in step.
    const delay = this.#options.intervalMs * (0.95 + 0.1 * this.#deps.random.next());
    this.#timer = this.#deps.clock.setTimer(delay, () => {
      this.#round();
      if (!this.#stopped) this.#schedule();
    });
  }

  #round(): void {
    let changed = this.isSettled && !this.#wasSettled;
    this.#wasSettled = this.isSettled;
    for (const [name, tracked] of this.#tracked) {
      if (tracked.replaced) continue;
      // What was asked just now on account of some news is no miss: the answer may be on its way.
      const { since } = tracked.questions;
      const isMiss = since !== undefined && this.#deps.clock.now() - since >= this.#options.intervalMs / 2;
      if (isMiss) changed = this.#miss(name, tracked) || changed;
      this.#askSoon(tracked);
    }
    if (this.#forget() || changed) this.#deps.onChange();
  }

  /** What answers say has changed: everybody is asked, so that they ask back. */
  #askAll(): void {
    if (this.#stopped) return;
    for (const tracked of this.#tracked.values()) this.#ask(tracked, true);
  }

  #ask(tracked: Tracked | undefined, news = false): void {
    if (tracked === undefined || tracked.replaced || this.#socket === undefined) return;
    const nonce = BigInt(Math.floor(this.#deps.random.next() * 2 ** 48));
    tracked.askedAt = this.#deps.clock.now();
    tracked.questions.add(nonce, tracked.askedAt);
    this.#socket.send(encodeProbe({ ...this.#header('question', nonce), news }), this.#options.port, tracked.address);
  }

  #miss(name: string, tracked: Tracked): boolean {
    tracked.missed += 1;
    // The first one settles who is there.
    if (!tracked.answering && tracked.missed === 1) return true;
    if (!tracked.answering || tracked.missed < this.#options.misses) return false;
    this.#silence(name, tracked, 'replica fell silent');
    return true;
  }

  #silence(name: string, tracked: Tracked, message: string): void {
    const { stale, newcomer } = this.#word;
    fallSilent(tracked, this.#tracked.values(), { stale, newcomer }, this.#deps.clock.now());
    this.#deps.logger.warn({ other: name, leaving: tracked.leaving, missed: tracked.missed }, message);
  }

  /** Without a word every replica would believe that it is the first. */
  #unsendable(error: Error, address: string): void {
    for (const [name, tracked] of this.#tracked) {
      if (tracked.address !== address || tracked.saidUnsendable) continue;
      tracked.saidUnsendable = true;
      const fields = { err: error, other: name, address, host: this.#options.host };
      this.#deps.logger.warn(fields, 'questions to a replica cannot be sent');
    }
  }

  #receive(bytes: Uint8Array, from: { readonly host: string; readonly port: number }): void {
    const message = decodeProbe(bytes);
    if (message === undefined) return;
    if (message.kind === 'question') return this.#answer(message, from);
    for (const [name, tracked] of this.#tracked) {
      if (tracked.address === from.host && tracked.questions.answer(message.nonce)) this.#hit(name, tracked, message);
    }
  }

  #answer({ nonce, news }: ProbeMessage, from: { readonly host: string; readonly port: number }): void {
    this.#deps.beforeAnswer?.();
    const [name, asker] = [...this.#tracked].find(([, each]) => each.address === from.host && !each.replaced) ?? [];
    const place = this.#place.octetsFor(asker, this.#deps.clock.now());
    const retained = retainedFor(name, this.#retained, this.#tracked);
    const ofAsker = { retained, placeOmitted: place === undefined, countsAsker: this.#place.counts(name) };
    const header = { ...this.#header('answer', nonce), ...ofAsker };
    this.#socket?.send(encodeProbe(header, place), from.port, from.host);
    if (news && asker !== undefined) this.#askSoon(asker);
  }

  /** At once, if the last question is long enough ago. */
  #askSoon(tracked: Tracked): void {
    const { clock } = this.#deps;
    const waitMs = tracked.askedAt + NEWS_MS - clock.now();
    if (waitMs <= 0) return this.#ask(tracked);
    tracked.soon ??= clock.setTimer(waitMs, () => {
      tracked.soon = undefined;
      if (!this.#stopped) this.#ask(tracked);
    });
  }

  #hit(name: string, tracked: Tracked, says: ProbeMessage): void {
    const { leaving, stale, behind, newcomer, announcing, med } = says;
    const { place, countsAsker: countsUs } = says.placeOmitted
      ? { place: tracked.place, countsAsker: tracked.countsUs }
      : says;
    const isElsewhere = !isDeepStrictEqual(tracked.place, place);
    const isBack = comesBack(tracked, announcing, this.#deps.clock.now());
    const known = [tracked.answering, tracked.leaving, tracked.stale, tracked.behind, tracked.newcomer];
    const isOther = !isDeepStrictEqual(known, [true, leaving, stale, behind, newcomer]);
    this.#found(name, tracked);
    noteLeaving(tracked, leaving);
    const placeIs = notePlace(tracked, says.placeOmitted, this.#deps.clock.now());
    const isTold = noteRetained(tracked, says.retained, this.#deps.clock.now());
    const isAway = this.#losesSessions(name, tracked, says);
    // Whoever stands in for it goes below what it says.
    const isToOutbid = tracked.lost?.bySessions === true && med !== tracked.med;
    const isPlaceNews = placeIs === 'known' || placeIs === 'unknown';
    const isNews = [isElsewhere, isBack, isOther, isTold, isAway, isToOutbid, isPlaceNews].includes(true);
    Object.assign(tracked, { answering: true, leaving, stale, behind, newcomer, announcing, med, place, countsUs });
    tracked.missed = 0;
    tracked.saidUnsendable = false;
    // One that starts or leaves speaks on no link for now, but its host has the MACs that it had.
    if (isElsewhere && place.links.length > 0) this.#macs.set(tracked, place);
    if (placeIs === 'missed') this.#askSoon(tracked);
    if (isNews) this.#tellOfAnswer();
  }

  #losesSessions(name: string, tracked: Tracked, says: ProbeMessage): boolean {
    const { stale, newcomer } = this.#word;
    const own = { since: this.#ownSessions, others: this.#tracked.values(), us: { stale, newcomer } };
    const isLost = losesSessions(tracked, says, own, this.#deps.clock.now());
    if (isLost) this.#deps.logger.warn({ other: name }, 'replica has lost a session, and we have all of ours');
    return isLost;
  }

  #found(name: string, tracked: Tracked): void {
    if (tracked.answering) return;
    tracked.answeredAt = this.#deps.clock.now();
    this.#deps.logger.info({ other: name }, 'replica answers');
  }

  #tellOfAnswer(): void {
    this.#wasSettled = this.isSettled;
    this.#deps.onChange();
  }

  #header(kind: ProbeHeader['kind'], nonce: bigint): ProbeHeader {
    const rest = { retained: undefined, news: false, placeOmitted: false, countsAsker: false };
    return { kind, ...this.#word, ...rest, nonce };
  }

  /** Drops what nobody needs any more; returns whether `lost` changed. */
  #forget(): boolean {
    let changed = false;
    const now = this.#deps.clock.now();
    for (const [name, tracked] of this.#tracked) {
      changed = expire(tracked, now, this.#retentionMs) || changed;
      if (isOfUse(tracked)) continue;
      tracked.soon?.cancel();
      this.#tracked.delete(name);
      this.#macs.delete(tracked);
    }
    return changed;
  }
}
