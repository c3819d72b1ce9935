import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program in a network namespace, with whatever processes it makes. */
export class Daemon {
  readonly #child: ChildProcess;
  #output = '';

  constructor(namespace: string, command: readonly string[]) {
    // In a process group of its own, so that all of it can be frozen and ended.
    const args = [`--net=/var/run/netns/${namespace}`, ...command];
    this.#child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      process.kill(-pid, signal);
    }
  }

  /** SIGKILL: nothing is said to anybody. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.signal('SIGKILL');
    await exited;
  }
}
