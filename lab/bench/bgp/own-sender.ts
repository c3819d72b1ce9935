import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { inNamespace } from '../../scenarios/bgp-routers/router-network.ts';
import { asImage } from './as-image.ts';
import type { Place } from './receivers.ts';

/** Our speaker in a process by itself. */
export class OwnSender {
  readonly #namespace: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(namespace: string, folder: string) {
    this.#namespace = namespace;
    this.#folder = folder;
  }

  static async start(namespace: string, folder: string): Promise<OwnSender> {
    const sender = new OwnSender(namespace, folder);
    await inNamespace(namespace, ...sender.#command());
    return sender;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async connect({ address, port }: Place): Promise<void> {
    const command = [`--net=/var/run/netns/${this.#namespace}`, ...this.#command(address, String(port))];
    this.#child = spawn('nsenter', command, { stdio: ['pipe', 'inherit', 'inherit'] });
  }

  async disconnect(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.stdin?.end('leave\n');
    await exited;
  }

  #command(...receiver: readonly string[]): string[] {
    return asImage(this.#folder, [], 'sender-process.ts', ...receiver);
  }
}
