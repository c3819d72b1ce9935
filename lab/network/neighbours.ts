import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { until } from '../state/until.ts';
import { run } from '../toolchain/run.ts';

/** What `ip -j neigh show` prints per neighbour, as far as it is read here (iproute2 6.1). */
interface NeighbourEntry {
  readonly dst: string;
  /** Absent while the kernel asks for it, and after it got no answer. */
  readonly lladdr?: string;
  readonly state?: readonly string[];
}

/** Time until the kernel gives a neighbour up: it asks three times, a second apart (mcast_solicit, retrans_time_ms). */
const asksForMs = 3000;

/** The MACs in the answer to `ip -j neigh show`, by address; of neighbours that did not answer there is none. */
export function parseNeighbours(json: string): Map<string, string> {
  const entries = JSON.parse(json.trim() === '' ? '[]' : json) as NeighbourEntry[];
  const known = entries.filter(({ lladdr, state = [] }) => lladdr !== undefined && !state.includes('FAILED'));
  return new Map(known.map(({ dst, lladdr = '' }) => [dst, lladdr]));
}

/** The neighbours that a machine's kernel knows on one link: where it sends packets to addresses of that network. */
export class NeighbourTable {
  readonly #namespace: string;
  readonly #device: string;

  constructor(namespace: string, device: string) {
    this.#namespace = namespace;
    this.#device = device;
  }

  /** Every neighbour with its MAC. */
  async all(): Promise<Map<string, string>> {
    return parseNeighbours(await this.#ip(['-j', 'neigh', 'show', 'dev', this.#device]));
  }

  /** The MAC that packets to this address (in its usual spelling) are sent to; `undefined` if the kernel would have to ask. */
  async mac(ip: string): Promise<string | undefined> {
    const entries = await this.#ip([familyOf(ip), '-j', 'neigh', 'show', 'to', ip, 'dev', this.#device]);
    return parseNeighbours(entries).get(ip);
  }

  /** Returns once packets to this address go to this MAC. */
  async waitFor(ip: string, mac: string, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await until(async () => (await this.mac(ip)) === mac, {
      what: `${this.#namespace} to have ${ip} at ${mac}`,
      timeoutMs: options.timeoutMs ?? 10_000,
      intervalMs: 20,
      explain: async () => `it has ${(await this.mac(ip)) ?? 'no such neighbour'}`,
    });
  }

  /** Has the kernel ask the network anew, whatever it knew; the MAC that answered, `undefined` if none did in 3 s. */
  async ask(ip: string): Promise<string | undefined> {
    await this.forget(ip);
    // "use": as if a packet to it were to be sent.
    await this.#ip(['neigh', 'replace', ip, 'dev', this.#device, 'use']);
    const answered = async (): Promise<string | undefined> => this.mac(ip);
    const patience = { what: `an answer for ${ip}`, timeoutMs: asksForMs, intervalMs: 10 };
    return until(answered, patience).catch(() => undefined);
  }

  /** The same for many at once, after it has forgotten everybody: the MACs of those that answered. */
  async askAll(ips: readonly string[]): Promise<Map<string, string>> {
    await this.flush();
    const questions = ips.map((ip) => `neigh replace ${ip} dev ${this.#device} use\n`);
    await run('ip', ['-n', this.#namespace, '-batch', '-'], { stdin: questions.join('') });
    const answered = async (): Promise<boolean> => {
      const known = await this.all();
      return ips.every((ip) => known.has(ip));
    };
    const patience = { what: 'answers from all', timeoutMs: asksForMs };
    await until(answered, patience).catch(() => undefined);
    return this.all();
  }

  /** Forgets one address. */
  async forget(ip: string): Promise<void> {
    await this.#ip([familyOf(ip), 'neigh', 'flush', 'to', ip, 'dev', this.#device, 'nud', 'all']);
  }

  /** Forgets everybody. */
  async flush(): Promise<void> {
    for (const family of ['-4', '-6']) await this.#ip([family, 'neigh', 'flush', 'dev', this.#device]);
  }

  async #ip(args: readonly string[]): Promise<string> {
    return run('ip', ['-n', this.#namespace, ...args]);
  }
}

/**
 * Lets the kernel know so many neighbours by each family. It has one limit for all namespaces together, 1,024 by default, and
 * throws old ones out from half of that (arp(7)); the limit belongs to the machine and stays raised until that is started anew.
 */
export async function makeRoomForNeighbours(count: number): Promise<void> {
  for (const family of ['ipv4', 'ipv6']) {
    for (const [limit, least] of Object.entries({ gc_thresh3: 2 * count, gc_thresh2: count, gc_thresh1: count })) {
      const file = `/proc/sys/net/${family}/neigh/default/${limit}`;
      if (Number(await readFile(file, 'utf8')) < least) await writeFile(file, String(least));
    }
  }
}

function familyOf(ip: string): string {
  return isIPv6(ip) ? '-6' : '-4';
}
