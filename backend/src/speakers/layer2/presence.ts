import type { Clock, Random, Timer } from '../../platform/ports.ts';
import type { LinkPort } from './link-port.ts';
import type { AddressState, Heard, Layer2Options } from './model.ts';
import type { Paced, Pacer } from './pacer.ts';
import { arpAnnouncement, arpAnswer, arpProbe, type ArpPacket, type Speaking } from './wire/arp.ts';
import { macText, sameOctets } from './wire/mac.ts';
import { neighborAnnouncement, neighborAnswer, neighborProbe, neighborQuestion } from './wire/neighbor.ts';
import type { NeighborSolicitation } from './wire/neighbor.ts';

/** Somebody says that an address of ours is theirs. The octets are views of a frame. */
export interface Claim {
  /** Where neighbours would send. */
  readonly mac: Uint8Array;
  /** Where the frame came from: another one, if they speak for a third. */
  readonly source: Uint8Array;
  /** `advertisement`: in IPv6 the answer to a question without a source address, as probes are, looks like an announcement (RFC 4861 section 7.2.4). */
  readonly heard: Heard | 'advertisement';
  /** Everybody on the link has heard it. */
  readonly toAll: boolean;
}

export interface Rival {
  readonly mac: string;
  readonly node: string;
  readonly delegate?: string;
  readonly heard: Heard;
  readonly toAll: boolean;
}

export interface PresenceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly pacer: Pacer;
  readonly options: Layer2Options;
  readonly peerOf: (mac: string) => string | undefined;
  readonly onChange: (presence: Presence) => void;
  readonly onRival: (presence: Presence, rival: Rival) => void;
}

export interface PresenceConfig {
  readonly ip: Uint8Array;
  readonly text: string;
  /** Undefined for the link's own. */
  readonly mac: Uint8Array | undefined;
  readonly probe: boolean;
}

/** `held-off`: somebody has it, as the probe found. */
type Phase = 'probing' | 'held-off' | 'announcing';

interface Asked {
  readonly by: string | undefined;
  readonly at: number;
}

/** Who is in conflict with us. */
interface Contender {
  readonly mac: string;
  /** When it was heard last, and when it or anybody else was. */
  readonly heardAt: number;
  readonly at: number;
}

/** A contender that has not been heard for so many rechecks is gone, and another one is named. */
const GONE_RECHECKS = 1.5;
/** How long an answer to a question may take. */
const PATIENCE_MS = 1000;
/** Replicas whose views differ settle that in a second or so; who goes on for longer than this is not to be told ten times a second. */
const QUARREL_MS = 5000;
/** As much of what lies between two contradictions is part of a quarrel: an owner may change twice in a few seconds, which is none for so long. */
const PAUSE_MS = 500;
/** For how long after a probe, ours or another's, an advertisement to all nodes is an answer: the kernel that gives it has nothing to wait for. */
const ANSWER_MS = 300;
/** RFC 4861 section 10 has most of its random times within a tenth; steady announcements of many replicas shall not fall into step. */
const JITTER = 0.1;

/** One address on one link, from its probe on: what is said for it, and what others say of it. Made at rest; `begin` starts it. */
export class Presence implements Paced {
  readonly ip: Uint8Array;
  readonly text: string;
  readonly port: LinkPort<Presence>;
  readonly #deps: PresenceDeps;
  #mac: Uint8Array | undefined;
  #phase: Phase;
  #probesLeft: number;
  #burstLeft = 0;
  #announcedAt = -Infinity;
  /** When the address is announced anew that a rival was heard of; Infinity if it is not planned. */
  #reassertAt = Infinity;
  /** When a rival was to be contradicted last, and for how long that has gone on, in milliseconds. */
  #quarrel = { at: -Infinity, ms: 0 };
  /** Who asked last, by the MAC that the frame came from, undefined for us; and who did before, of others. */
  #asked: Asked = { by: undefined, at: -Infinity };
  #askedBefore: Asked = { by: undefined, at: -Infinity };
  #defendedAt = -Infinity;
  #contender: Contender | undefined;
  #recheck: Timer | undefined;
  /**
   * When each rival was reported last, by its node, as the MAC that a frame names is its sender's to choose, and by how it was heard: its
   * kernel's answer must not hide what its replica announces, nor what it tells us what it tells all. Those within half of `rivalMs`.
   */
  readonly #rivals = new Map<string, number>();

  constructor(deps: PresenceDeps, port: LinkPort<Presence>, config: PresenceConfig) {
    this.#deps = deps;
    this.port = port;
    this.ip = config.ip;
    this.text = config.text;
    this.#mac = config.mac;
    this.#phase = config.probe ? 'probing' : 'announcing';
    this.#probesLeft = config.probe ? deps.options.probeCount : 0;
  }

  get state(): Exclude<AddressState, 'no-link'> {
    if (this.#contender !== undefined) return 'conflict';
    return this.#phase === 'probing' ? 'probing' : 'announcing';
  }

  /** Of who is in conflict with us. */
  get contender(): string | undefined {
    return this.#contender?.mac;
  }

  /** It has been announced: nobody had it when it was asked for. */
  get isAnnounced(): boolean {
    return this.#phase === 'announcing';
  }

  begin(): void {
    this.port.enter(this);
    this.#deps.onChange(this);
    if (this.#phase === 'announcing') this.#startBurst();
    else this.#deps.pacer.now(this);
  }

  /** Silent from here on. */
  end(): void {
    this.#hush();
    this.#recheck?.cancel();
    this.#recheck = undefined;
    this.port.exit(this);
  }

  /** Neighbours shall use this MAC from now on; undefined for the link's own. */
  speakFor(mac: Uint8Array | undefined): void {
    const before = this.#spoken;
    this.#mac = mac;
    if (!sameOctets(before, this.#spoken)) this.announce();
  }

  /** The burst of an owner that is new to the neighbours. */
  announce(): void {
    if (this.#phase === 'announcing') this.#startBurst();
  }

  /**
   * The burst of an owner that a rival has been heard of. A rival that goes on for long is told as a stranger is, once per DEFEND_INTERVAL
   * (RFC 5227 section 2.4 (c)). What is planned already is not put off, however many rivals come.
   */
  reassert(waitMs: number): void {
    const { clock, options, pacer } = this.#deps;
    if (this.#phase !== 'announcing') return;
    const now = clock.now();
    const { at, ms } = this.#quarrel;
    const pauseMs = now - at;
    this.#quarrel = { at: now, ms: pauseMs < options.defendMs ? ms + Math.min(pauseMs, PAUSE_MS) : 0 };
    const isLong = this.#quarrel.ms >= QUARREL_MS;
    const earliest = this.#announcedAt + (isLong ? options.defendMs : options.rivalMs);
    this.#reassertAt = Math.min(this.#reassertAt, Math.max(now + waitMs, earliest));
    this.#burstLeft = isLong || this.#contender !== undefined ? 1 : options.burstCount;
    if (this.#reassertAt <= now) pacer.now(this);
    else pacer.after(this, this.#reassertAt - now);
  }

  /** Asks whether anybody else answers for the address; who does is heard as any claim. */
  audit(): void {
    if (this.#phase === 'announcing') this.#askAsNeighbor();
  }

  /** Whoever held us off may have gone: asks again now. */
  recheck(): void {
    if (this.#phase !== 'held-off') return;
    this.#recheck?.cancel();
    this.#recheck = undefined;
    this.#tryAgain();
  }

  /** A question for this address. */
  answer(question: ArpPacket | NeighborSolicitation): void {
    this.port.counters.question(question.kind === 'arp' ? 'arp' : 'ndp');
    if (this.#phase !== 'announcing') return this.port.counters.drop('not-announced');
    const reply =
      question.kind === 'arp' ? arpAnswer(this.#speaking(), question) : neighborAnswer(this.#speaking(), question);
    this.port.send(reply, 'answer');
  }

  /** Whether what is said of this address is anything to us. */
  hear(claim: Claim): boolean {
    if (claim.heard === 'probe') this.#noteAsker(macText(claim.source));
    // Who says what we say is no rival: two replicas may speak for the same third node.
    if (sameOctets(claim.mac, this.#spoken)) return false;
    // To be asked for is no claim, unless we were about to claim it ourselves (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3).
    if (claim.heard === 'probe' && this.#phase !== 'probing') return false;
    const { source, toAll } = claim;
    const mac = macText(claim.mac);
    const from = this.#deps.peerOf(macText(source));
    const node = this.#deps.peerOf(mac) ?? from;
    const heard = claim.heard === 'advertisement' ? this.#advertised(source, toAll) : claim.heard;
    if (node === undefined) this.#contend(mac);
    else this.#meet({ ...{ mac, node, heard, toAll }, ...(from !== undefined && from !== node && { delegate: from }) });
    return true;
  }

  #noteAsker(by: string | undefined): void {
    if (by !== this.#asked.by) this.#askedBefore = this.#asked;
    this.#asked = { by, at: this.#deps.clock.now() };
  }

  /** Nobody answers their own question: who has just asked, and now tells all, announces. */
  #advertised(source: Uint8Array, toAll: boolean): Heard {
    if (!toAll) return 'answer';
    const asked = this.#asked.by === macText(source) ? this.#askedBefore : this.#asked;
    return this.#deps.clock.now() - asked.at < ANSWER_MS ? 'answer' : 'announcement';
  }

  /** The next probe or announcement; the pacer says when. */
  turn(): number | undefined {
    if (this.#phase === 'held-off') return undefined;
    return this.#phase === 'probing' && this.#probesLeft > 0 ? this.#probe() : this.#speak();
  }

  #probe(): number {
    const { probeCount, probeMs } = this.#deps.options;
    this.#probesLeft--;
    const speaking = this.#speaking();
    this.#noteAsker(undefined);
    this.port.send(this.ip.length === 4 ? arpProbe(speaking) : neighborProbe(speaking), 'probe');
    return probeMs / Math.max(1, probeCount);
  }

  #speak(): number | undefined {
    const { burstCount, burstMs, steadyMs } = this.#deps.options;
    if (this.#phase === 'probing') this.#prove();
    this.#announceOnce();
    this.#burstLeft--;
    if (this.#burstLeft > 0) return burstMs / (burstCount - 1);
    if (steadyMs === 0 || this.#contender !== undefined) return undefined;
    return this.#steadyDelay();
  }

  #steadyDelay(): number {
    return this.#deps.options.steadyMs * (1 - JITTER + 2 * JITTER * this.#deps.random.next());
  }

  /** Nobody said anything to the probes. */
  #prove(): void {
    this.#phase = 'announcing';
    this.#burstLeft = this.#deps.options.burstCount;
    this.#contender = undefined;
    this.#deps.onChange(this);
  }

  #startBurst(): void {
    // In conflict there is one announcement per DEFEND_INTERVAL; a new MAC is told once, as all neighbours must hear of it.
    this.#burstLeft = this.#contender === undefined ? this.#deps.options.burstCount : 1;
    this.#deps.pacer.now(this);
  }

  #contend(mac: string): void {
    const { clock, options, onChange } = this.#deps;
    const known = this.#contender;
    this.port.counters.conflicts++;
    this.#contender = contenderNow(known, { mac, at: clock.now() }, GONE_RECHECKS * options.recheckMs);
    if (this.#phase === 'announcing') this.#defend();
    else if (this.#phase === 'probing') {
      this.#phase = 'held-off';
      this.#hush();
    }
    this.#recheck ??= this.#recheckAfter(options.recheckMs);
    if (known?.mac !== this.#contender.mac) onChange(this);
  }

  /** RFC 5227 section 2.4 (c): we keep the address, and say so at most once per DEFEND_INTERVAL; the burst and the steady rate rest. */
  #defend(): void {
    const { clock, options } = this.#deps;
    this.#hush();
    this.#burstLeft = 0;
    if (clock.now() - this.#defendedAt < options.defendMs) return;
    this.#defendedAt = clock.now();
    this.#startBurst();
  }

  #recheckAfter(delayMs: number): Timer {
    return this.#deps.clock.setTimer(delayMs, () => {
      this.#recheck = undefined;
      if (this.#phase === 'held-off') this.#tryAgain();
      else if (this.#contender !== undefined) this.#askContender(this.#contender.at);
    });
  }

  #tryAgain(): void {
    this.#phase = 'probing';
    this.#probesLeft = this.#deps.options.probeCount;
    this.#deps.pacer.now(this);
  }

  #askContender(heardAt: number): void {
    const { clock, options } = this.#deps;
    this.#askAsNeighbor();
    this.#recheck = clock.setTimer(PATIENCE_MS, () => {
      if (this.#contender?.at === heardAt) this.#makePeace();
      else this.#recheck = this.#recheckAfter(options.recheckMs);
    });
  }

  /** Neighbours may have the contender's MAC still, however that ended. */
  #makePeace(): void {
    this.#recheck = undefined;
    this.#contender = undefined;
    this.#startBurst();
    this.#deps.onChange(this);
  }

  #meet(rival: Rival): void {
    const { clock, options, onRival } = this.#deps;
    this.port.counters.rivals++;
    const now = clock.now();
    // Frames don't all take equally long: one who reasserts as often as it may is to be heard each time.
    const quietMs = options.rivalMs / 2;
    for (const [key, at] of this.#rivals) if (now - at >= quietMs) this.#rivals.delete(key);
    const key = `${rival.heard} ${rival.toAll} ${rival.node}`;
    if (this.#rivals.has(key)) return;
    this.#rivals.set(key, now);
    onRival(this, rival);
  }

  get #spoken(): Uint8Array {
    return this.#mac ?? this.port.link.mac;
  }

  #speaking(): Speaking {
    return { source: this.port.link.mac, mac: this.#spoken, ip: this.ip };
  }

  /**
   * For an address that is announced: so that the answer comes to us alone. To an IPv6 probe it would go to all nodes with the override
   * flag (RFC 4861 section 7.2.4), and turn them to whoever has the address as well.
   */
  #askAsNeighbor(): void {
    const speaking = this.#speaking();
    const isFour = this.ip.length === 4;
    this.port.send(isFour ? arpProbe(speaking) : neighborQuestion(speaking, this.port.linkLocal), 'probe');
  }

  /** Whatever was to be sent is not. */
  #hush(): void {
    this.#deps.pacer.cancel(this);
    this.#reassertAt = Infinity;
  }

  #announceOnce(): void {
    const speaking = this.#speaking();
    this.#reassertAt = Infinity;
    this.#announcedAt = this.#deps.clock.now();
    if (this.ip.length === 16) return this.port.send(neighborAnnouncement(speaking), 'announcement');
    this.port.send(arpAnnouncement(speaking, 'request'), 'announcement');
    this.port.send(arpAnnouncement(speaking, 'reply'), 'announcement');
  }
}

/** The first one stays as long as it goes on: who sends under many MACs shall not cause many reports. */
function contenderNow(
  known: Contender | undefined,
  { mac, at }: { mac: string; at: number },
  goneMs: number,
): Contender {
  const isOther = known !== undefined && known.mac !== mac && at - known.heardAt < goneMs;
  return isOther ? { ...known, at } : { mac, heardAt: at, at };
}
