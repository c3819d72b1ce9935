import type { Asker } from '../../lan/asker.ts';
import { claimsOf } from '../../lan/claims.ts';
import type { LanRecord } from '../../lan/records.ts';
import type { Host } from '../../network/host.ts';
import { longestGap, PacedTraffic } from '../../story/traffic.ts';
import { PADDING } from './arp.ts';

const EVERY_MS = 40;
const ANSWER_MS = 100;
/** Less than the second after which a lost SYN is sent again, and more than a busy machine takes to answer: what is given up was lost. */
const PATIENCE_MS = 900;

/** What hosts on the nodes' own link noticed of an address. */
export interface Noticed {
  /** The longest time without an answer for a host that has used the address all along; 0: no request was lost. */
  readonly requestsMs: number;
  readonly requestsLost: number;
  /** The longest time from one answer to ARP to the next, for a host that asks all the time. */
  readonly arpMs: number;
}

/** Uses an address from one host on the link, and asks for it by ARP from another, until it is stopped. */
export class LinkWatch {
  readonly #traffic: PacedTraffic;
  readonly #asker: Asker;
  readonly #ip: string;
  readonly #answers: number[] = [];
  readonly #asking: Promise<void>;
  #stopped = false;

  constructor(ip: string, { user, asker }: { readonly user: Host; readonly asker: Asker }) {
    this.#traffic = new PacedTraffic(user, ip, { everyMs: EVERY_MS, timeoutMs: PATIENCE_MS });
    this.#asker = asker;
    this.#ip = ip;
    this.#asking = this.#ask();
  }

  async stop(): Promise<Noticed> {
    this.#stopped = true;
    await this.#asking;
    const gap = longestGap(await this.#traffic.stop());
    const pauses = this.#answers.slice(1).map((at, i) => at - (this.#answers[i] ?? at));
    return { requestsMs: gap?.ms ?? 0, requestsLost: gap?.lost ?? 0, arpMs: Math.max(0, ...pauses) };
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const command = { ips: [this.#ip], rounds: 1, pauseMs: EVERY_MS, timeoutMs: ANSWER_MS };
      const { answeredAt } = await this.#asker.ask(command);
      if (answeredAt !== null) this.#answers.push(answeredAt);
    }
  }
}

export function noticedText({ requestsMs, requestsLost, arpMs }: Noticed): string {
  const lost =
    requestsLost === 0 ? 'no request lost' : `${Math.round(requestsMs)} ms without an answer, ${requestsLost} requests`;
  return `${lost}; ${Math.round(arpMs)} ms at most between answers to ARP`;
}

/** Who spoke for an address on the link since a moment, each time that this changed. */
export function speakersFor(records: readonly LanRecord[], ip: string, since: number): ('OpenELB' | 'PorterLB')[] {
  const whose = claimsOf(records, ip)
    .filter(({ at }) => at >= since)
    .map(({ padding }) => (padding === PADDING ? 'OpenELB' : 'PorterLB'));
  return whose.filter((each, i) => each !== whose[i - 1]);
}
