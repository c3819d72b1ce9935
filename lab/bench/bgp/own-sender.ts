import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { managerConfig, nodeFlags } from '../../../tools/image/manager-config.ts';
import { inNamespace } from '../../scenarios/bgp-routers/router-network.ts';
import type { Place } from './receivers.ts';

const program = join(import.meta.dirname, 'sender-process.ts');

/** Our speaker in a process by itself, started as the image starts the manager: flags, allocator, and a compile cache instead of TypeScript. */
export class OwnSender {
  readonly #namespace: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  private constructor(namespace: string, folder: string) {
    this.#namespace = namespace;
    const { PATH: _inside, ...environment } = managerConfig('bench', 'amd64').env;
    this.#environment = { ...environment, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  }

  static async start(namespace: string, folder: string): Promise<OwnSender> {
    const sender = new OwnSender(namespace, folder);
    await inNamespace(namespace, 'env', ...sender.#command());
    return sender;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async connect({ address, port }: Place): Promise<void> {
    const command = [`--net=/var/run/netns/${this.#namespace}`, 'env', ...this.#command(address, String(port))];
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
    const environment = Object.entries(this.#environment).map(([name, value]) => `${name}=${value}`);
    return [...environment, process.execPath, ...nodeFlags, program, ...receiver];
  }
}
