/** A neighbour of replicas that hear each other, and whose views of an address differ: of how many owners it hears, and for how long. */
import assert from 'node:assert/strict';
import { rank } from '../../announce/rendezvous.ts';
import { aPool } from '../../domain/testing/builders.ts';
import { arpQuestion, solicitation } from '../../speakers/layer2/testing/table.ts';
import { arpAnnouncement } from '../../speakers/layer2/wire/arp.ts';
import { decodeFrame, encodeFrame } from '../../speakers/layer2/wire/frame.ts';
import { isGroup, macText, sameOctets } from '../../speakers/layer2/wire/mac.ts';
import { neighborAnnouncement } from '../../speakers/layer2/wire/neighbor.ts';
import { ALL, Lan, octets } from './lan.ts';

const CLIENT_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xcc);
export const POOL = aPool('both', ['192.0.2.128/25', '2001:db8::/64'], { protocol: 'layer2' });
const STEP_MS = 50;

/** Asks for an address every 50 ms, and keeps who answered. */
export class Asked {
  readonly lan: Lan;
  readonly ip: string;
  /** Nodes in their order for the address. */
  readonly order: readonly [string, string, string];
  readonly answers: string[][] = [];
  readonly #send: (frame: Uint8Array) => void;
  #now = new Set<string>();

  private constructor(lan: Lan, ip: string) {
    this.lan = lan;
    this.ip = ip;
    const [first = '', second = '', third = ''] = rank(ip, ALL);
    this.order = [first, second, third];
    this.#send = lan.wire.attach({}, (frame) => {
      const packet = decodeFrame(frame);
      if (packet.kind === 'drop' || isGroup(packet.destination)) return;
      // What replicas ask each other is none of a neighbour's business.
      if (lan.hosts.some(({ mac }) => sameOctets(mac, packet.destination))) return;
      this.#now.add(lan.nameOf(macText(packet.source)));
    });
  }

  /** Three replicas that agree; no two frames take equally long, as on any wire. */
  static async start(ip: string): Promise<Asked> {
    const lan = new Lan(3);
    let frames = 0;
    lan.wire.delayMs = () => 1 + (frames++ % 4) * 0.7;
    for (const { links, link, number } of lan.hosts)
      links.change(link, { prefixes: [`192.0.2.${number}/24`, `2001:db8::${number}/64`, `fe80::${number}/64`] });
    lan.start(...ALL);
    lan.wantAs({ pool: POOL }, ip);
    await lan.pass(8_000);
    return new Asked(lan, ip);
  }

  /** From here on a replica takes these for eligible. */
  see(replica: string, ...nodes: string[]): void {
    const wanted = { pool: POOL, isNew: false, nodes: rank(this.ip, nodes) };
    this.lan.host(replica).layer2?.update(new Map([[this.ip, wanted]]));
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.#now = new Set();
      this.#ask();
      await this.lan.pass(STEP_MS);
      this.answers.push([...this.#now].sort());
    }
  }

  /** For how many milliseconds the same ones answered, in order. */
  get course(): { readonly names: readonly string[]; ms: number }[] {
    const course: { readonly names: readonly string[]; ms: number }[] = [];
    for (const names of this.answers) {
      const last = course.at(-1);
      if (last !== undefined && last.names.join() === names.join()) last.ms += STEP_MS;
      else course.push({ names, ms: STEP_MS });
    }
    return course;
  }

  /** The longest time in one go in which so many answered, in milliseconds. */
  longestWith(is: (count: number) => boolean): number {
    let [longest, current] = [0, 0];
    for (const names of this.answers) {
      current = is(names.length) ? current + STEP_MS : 0;
      longest = Math.max(longest, current);
    }
    return longest;
  }

  assertSettled(mayMs: { readonly two: number; readonly none: number } = { two: 1_000, none: 0 }): void {
    const seen = this.course.map(({ names, ms }) => `${names.join('+')} ${ms}`).join(', ');
    assert.ok(this.longestWith((count) => count > 1) <= mayMs.two, `two owners: ${seen}`);
    assert.ok(this.longestWith((count) => count === 0) <= mayMs.none, `no owner: ${seen}`);
    assert.ok(this.course.length <= 6, `moves to and fro: ${seen}`);
  }

  get owner(): string | undefined {
    return this.answers.at(-1)?.join('+');
  }

  /** Somebody announces it in a node's name; or, as it seems, another node does so in that one's. */
  forge(node: string, from = node): void {
    const speaking = { source: this.lan.host(from).mac, mac: this.lan.host(node).mac, ip: octets(this.ip) };
    const isSix = this.ip.includes(':');
    this.#send(encodeFrame(isSix ? neighborAnnouncement(speaking) : arpAnnouncement(speaking, 'reply')));
  }

  #ask(): void {
    const from = { source: CLIENT_MAC, senderMac: CLIENT_MAC };
    const question = this.ip.includes(':') ? solicitation(this.ip, from) : arpQuestion(this.ip, from);
    this.#send(encodeFrame(question));
  }
}
