import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { inNamespace } from '../network/topology.ts';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, noProgress } from '../toolchain/index.ts';
import { PcapReader } from './pcap.ts';
import { readFrame } from './records.ts';
import type { LanRecord } from './records.ts';

export interface SnifferPlace {
  readonly namespace: string;
  /** A bridge shows every frame that comes to one of its ports, once. */
  readonly device: string;
}

/** ARP, and ICMPv6 neighbour solicitations and advertisements. */
const filter = 'arp or (icmp6 and (ip6[40] == 135 or ip6[40] == 136))';
/** From the kernel through tcpdump to us. */
const settleMs = 100;

/** What is said on a LAN about who has which address, by tcpdump: a witness that shares nothing with the product. */
export class Sniffer {
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #reader = new PcapReader();
  readonly #records: LanRecord[] = [];
  #words = '';

  private constructor(processes: Processes, { namespace, device }: SnifferPlace) {
    const tcpdump = ['tcpdump', '-i', device, '-n', '-s', '128', '-U', '--immediate-mode', '-Z', 'root', '-w', '-'];
    const [program = '', ...args] = [...inNamespace(namespace), ...tcpdump, filter];
    const env = { ...process.env, ...processes.markedEnvironment() };
    this.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#process.stderr.setEncoding('utf8').on('data', (words: string) => (this.#words += words));
    this.#process.stdout.on('data', (piece: Buffer) => this.#read(piece));
  }

  /** Returns when it sees what happens. */
  static async start(processes: Processes, place: SnifferPlace): Promise<Sniffer> {
    await ensurePrograms(['tcpdump'], noProgress);
    const sniffer = new Sniffer(processes, place);
    const listens = async (): Promise<boolean> => sniffer.#words.includes('listening on');
    await until(listens, { what: 'tcpdump to listen', intervalMs: 10, explain: () => sniffer.#words });
    return sniffer;
  }

  /** What it has seen since it was started, oldest first; of the last tenth of a second something may be missing. */
  get records(): readonly LanRecord[] {
    return this.#records;
  }

  /** Ends it; all that was said until the call. @throws {Error} if it missed anything. */
  async stop(): Promise<readonly LanRecord[]> {
    await sleep(settleMs);
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await closed;
    const dropped = Number(/(\d+) packets? dropped by kernel/.exec(this.#words)?.[1] ?? Number.NaN);
    if (dropped !== 0) throw new Error(`tcpdump did not see everything:\n${this.#words}`);
    return this.#records;
  }

  #read(piece: Buffer): void {
    for (const captured of this.#reader.push(piece)) {
      const record = readFrame(captured);
      if (record !== undefined) this.#records.push(record);
    }
  }
}
