import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PeerConfig, Route, SessionStatus, StopMode } from '../../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../../state/until.ts';
import type { Command } from './speaker-process.ts';

/** A BGP speaker that runs in a network namespace, as the test sees it. */
export class SpeakerHandle {
  /** Every change of a session that the speaker reported, in order. */
  readonly changes: SessionStatus[] = [];
  readonly #child: ChildProcess;
  #stderr = '';
  #done = 0;
  #sent = 0;

  constructor(namespace: string) {
    const program = join(import.meta.dirname, 'speaker-process.ts');
    const command = [`--net=/var/run/netns/${namespace}`, process.execPath, program];
    this.#child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last known status of each session. */
  session(key: string): SessionStatus | undefined {
    return this.changes.findLast((status) => status.key === key);
  }

  /** @param listenPort where the router may connect to, on all addresses */
  async configure(peers: readonly PeerConfig[], listenPort = 0): Promise<void> {
    await this.#tell({ configure: peers, listen: { port: listenPort, addresses: [] } });
  }

  /** All that the speaker has logged. */
  get log(): string {
    return this.#stderr;
  }

  async setRoutes(peer: string, routes: readonly Route[]): Promise<void> {
    await this.#tell({ setRoutes: { peer, routes } });
  }

  /** The status of a session as it is now, counters included. */
  async now(key: string): Promise<SessionStatus | undefined> {
    await this.#tell({ report: 'sessions' });
    return this.session(key);
  }

  async stop(how: StopMode): Promise<void> {
    await this.#tell({ stop: how });
    await this.kill();
  }

  async established(key: string): Promise<SessionStatus> {
    return await until(async () => this.#inState(key, 'Established'), {
      what: `the session ${key} to be established`,
      explain: () => `${JSON.stringify(this.session(key))}\n${this.#stderr}`,
    });
  }

  /** Waits for a change that the test describes. */
  async change(what: string, matches: (status: SessionStatus) => boolean): Promise<SessionStatus> {
    return await until(async () => this.changes.find(matches), {
      what,
      explain: () => `${JSON.stringify(this.changes)}\n${this.#stderr}`,
    });
  }

  /** SIGKILL: the kernel closes its connections, nothing is said to the router. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #inState(key: string, state: SessionStatus['state']): SessionStatus | undefined {
    const status = this.session(key);
    return status?.state === state ? status : undefined;
  }

  #read(line: string): void {
    const message = JSON.parse(line) as { status?: SessionStatus; done?: boolean };
    if (message.status !== undefined) this.changes.push(message.status);
    if (message.done === true) this.#done++;
  }

  async #tell(command: Command): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const number = ++this.#sent;
    await until(async () => this.#done >= number, {
      what: `the speaker to obey ${Object.keys(command).join()}`,
      explain: () => this.#stderr,
    });
  }
}
