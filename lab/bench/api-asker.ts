import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { LightLab } from '../light-lab.ts';
import type { LoadTold, LoadWish } from './api-load.ts';

const program = join(import.meta.dirname, 'api-load.ts');

/** A process on a machine that asks the API until it is stopped. */
export class ApiAsker {
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #told: Promise<string>;

  private constructor(process: ChildProcessByStdio<null, Readable, null>) {
    this.#process = process;
    this.#told = text(process.stdout);
  }

  /** @param core the processor that it may use, so that another one is left alone */
  static start(lab: LightLab, node: string, { wish, core }: { wish: LoadWish; core: number }): ApiAsker {
    const { enter, environment } = lab.node(node);
    const command = ['taskset', '-c', String(core), process.execPath, program, JSON.stringify(wish)];
    const [first = '', ...args] = [...enter, ...command];
    const env = { ...process.env, ...environment };
    return new ApiAsker(spawn(first, args, { env, stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  /** @throws {Error} if it has ended by itself */
  async stop(): Promise<LoadTold> {
    if (this.#process.exitCode !== null) throw new Error(`who asks the API ended with ${this.#process.exitCode}`);
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const told = JSON.parse(await this.#told) as LoadTold;
    await ended;
    return told;
  }
}
