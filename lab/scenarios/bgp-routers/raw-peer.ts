import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../state/until.ts';
import type { RawCommand, RawEvent } from './raw-peer-process.ts';

/** A peer in a network namespace that opens sessions in order, and then sends whatever octets the test wants. */
export class RawPeer {
  readonly #child: ChildProcess;
  #events: RawEvent[] = [];
  #stderr = '';

  constructor(namespace: string) {
    const program = join(import.meta.dirname, 'raw-peer-process.ts');
    const command = [`--net=/var/run/netns/${namespace}`, process.execPath, '--no-warnings', program];
    this.#child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    if (this.#child.stdout !== null) {
      const lines = createInterface({ input: this.#child.stdout });
      lines.on('line', (line) => this.#events.push(JSON.parse(line) as RawEvent));
    }
  }

  /** Connects, and returns when the speaker has sent its routes. Events of before are forgotten. */
  async connect(from: string, to: string, as: number): Promise<void> {
    this.#events = [];
    this.#tell({ connect: { from, to, as } });
    await this.event('update');
  }

  /** Sends a message with this body; what comes from now on is new. */
  send(type: number, body: Uint8Array): void {
    this.#events = [];
    // By hand: an encoder of ours makes no message that must not be.
    const length = (19 + body.length).toString(16).padStart(4, '0');
    const header = `${'ff'.repeat(16)}${length}${type.toString(16).padStart(2, '0')}`;
    this.#tell({ send: `${header}${Buffer.from(body).toString('hex')}` });
  }

  /** Waits for an event since the last `send` or `connect`. */
  async event(wanted: RawEvent['event']): Promise<RawEvent> {
    return until(async () => this.#events.find(({ event }) => event === wanted), {
      what: `the peer to have got ${wanted}`,
      explain: () => `${JSON.stringify(this.#events)}\n${this.#stderr}`,
    });
  }

  /** What came since the last `send` or `connect`. */
  get events(): readonly RawEvent[] {
    return this.#events;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }

  #tell(command: RawCommand): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}
