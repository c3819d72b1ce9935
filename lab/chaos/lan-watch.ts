import { Asker } from '../lan/asker.ts';
import type { Sniffer } from '../lan/sniffer.ts';
import type { LanRecord } from '../lan/records.ts';
import type { LightLab } from '../light-lab.ts';
import type { LanSight } from './sights.ts';

/**
 * A host asks for one after the other, so long after each answer, which it waits for so long: at the least so often that within half a second an
 * owner is asked several times, by which it shows that it has given an address up (`unansweredMs`).
 */
const pace = { pauseMs: 50, timeoutMs: 50 } as const;

/** A host that asks for addresses on the LAN again and again, and a sniffer that sees who speaks for them. */
export class LanWatch implements LanSight {
  readonly addresses: readonly string[];
  readonly #lab: LightLab;
  readonly #sniffer: Sniffer;
  readonly #asker: Asker;
  #stopped = false;
  readonly #asking: Promise<void>;

  private constructor(lab: LightLab, sniffer: Sniffer, addresses: readonly string[]) {
    this.#lab = lab;
    this.#sniffer = sniffer;
    this.addresses = addresses;
    this.#asker = new Asker(this.#host);
    this.#asking = this.#askAgainAndAgain();
    // `stop` tells.
    this.#asking.catch(() => undefined);
  }

  static async start(lab: LightLab, addresses: readonly string[]): Promise<LanWatch> {
    return new LanWatch(lab, await lab.sniff(), addresses);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#asking.finally(() => this.#asker.close());
    await this.#sniffer.stop();
  }

  get records(): readonly LanRecord[] {
    const isOurs = ({ ip, from }: LanRecord): boolean => this.addresses.includes(ip) || this.addresses.includes(from);
    return this.#sniffer.records
      .filter(isOurs)
      .map((record) => ({ ...record, at: record.at - performance.timeOrigin }));
  }

  macOf(node: string): string {
    return this.#lab.node(node).mac;
  }

  nameOf(mac: string): string {
    return this.#lab.nodeWith(mac)?.name ?? mac;
  }

  async ownerOf(ip: string): Promise<string | undefined> {
    const mac = await this.#host.neighbours.ask(ip);
    return mac === undefined ? undefined : this.#lab.nodeWith(mac)?.name;
  }

  get #host(): ReturnType<LightLab['host']> {
    return this.#lab.host('h1');
  }

  async #askAgainAndAgain(): Promise<void> {
    while (!this.#stopped) await this.#asker.ask({ ips: this.addresses, rounds: 1, ...pace });
  }
}
