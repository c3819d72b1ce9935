import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { LineChannel } from '../lan/line-channel.ts';
import { ensurePrograms, noProgress } from '../toolchain/index.ts';
import type { Progress } from '../toolchain/index.ts';

export interface UserModeLinuxOptions {
  /** Of the kernel, to be loaded. */
  readonly modules: readonly string[];
  /** Path of the program that is told what to do there: one JSON command per line in, one line out for each. */
  readonly program: string;
  readonly progress?: Progress;
}

/** Sparse: what nobody writes to takes no memory. */
const memory = '512M';
/** It takes three seconds where nothing else runs. */
const bootMs = 180_000;
/** A file that is mapped to be executed there is its memory: not every machine's own /dev/shm permits that. */
const scratch = '/dev/shm';

/**
 * A Linux of its own as an ordinary process: Debian's kernel in user mode, which has device types that the kernel of this machine may
 * lack. It sees this machine's files and can't change them; its network is its own and empty. It ends with the process that booted it.
 */
export class UserModeLinux<Command, Answer> {
  readonly #process: ChildProcess;
  readonly #channel: LineChannel<Command, Answer>;
  #console = '';

  private constructor(process: ChildProcess) {
    this.#process = process;
    const [, , , input, output] = process.stdio as [null, Readable, Readable, Writable, Readable];
    this.#channel = new LineChannel(input, output);
    for (const words of [process.stdout, process.stderr]) {
      words?.setEncoding('utf8').on('data', (piece: string) => (this.#console += piece));
    }
    process.on('error', (error) => this.#channel.fail(error));
    process.on('close', () => this.#fail('ended'));
  }

  /** Returns when it has loaded the modules and starts the program. @throws {Error} with what its console said */
  static async boot<Command, Answer>(options: UserModeLinuxOptions): Promise<UserModeLinux<Command, Answer>> {
    await ensurePrograms(['linux.uml', 'modprobe', 'unshare', 'ip'], options.progress ?? noProgress);
    const kernel = [
      ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `mem=${memory}`, 'quiet', `uml_dir=${scratch}`],
      ...['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:3,fd:4', `init=${join(import.meta.dirname, 'init.sh')}`],
      ...[`NODE=${process.execPath}`, `PROGRAM=${options.program}`, `MODULES="${options.modules.join(' ')}"`],
    ];
    // It is more than one process: all of them end with the first, and so does what they have mounted.
    const inOnePiece = ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'];
    const script = `mount -t tmpfs tmpfs ${scratch} && exec linux.uml "$@"`;
    const child = spawn('unshare', [...inOnePiece, script, 'linux.uml', ...kernel], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: scratch },
    });
    const linux = new UserModeLinux<Command, Answer>(child);
    const slow = setTimeout(() => linux.#fail(`did not boot within ${bootMs / 1000} s`), bootMs);
    try {
      await linux.#channel.line();
      return linux;
    } catch (error) {
      await linux.down();
      throw error;
    } finally {
      clearTimeout(slow);
    }
  }

  async tell(command: Command): Promise<Answer> {
    return this.#channel.tell(command);
  }

  /** Turns it off. */
  async down(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    this.#process.kill('SIGKILL');
    if (exitCode === null && signalCode === null) await once(this.#process, 'close');
  }

  #fail(how: string): void {
    this.#channel.fail(new Error(`the kernel in user mode ${how}; its console:\n${this.#console}`));
  }
}
