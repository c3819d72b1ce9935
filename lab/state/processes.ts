import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning } from '../toolchain/process-identity.ts';
import type { ProcessIdentity } from '../toolchain/process-identity.ts';

export interface ProcessSpec {
  /** Unique in the lab: `n1.kubelet`. Also the name of its log. */
  readonly name: string;
  /** Program and arguments, with whatever leads into a namespace in front. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const pollMs = 20;
/** As Kubernetes gives to the containers of the manager's Pods: who leaves in order isn't cut short, however busy the machine is. */
const termGraceMs = 30_000;
/** Every process of a lab and its children carry this variable with the lab's folder. */
const mark = 'PORTERLB_LAB';

/**
 * The processes of one lab: each is recorded by pid and start time in the lab's folder before it counts as started, so that
 * another process can end exactly these after a crash.
 */
export class Processes {
  readonly #folder: string;
  readonly #ending = new AbortController();
  readonly #starting = new Map<string, Promise<ProcessIdentity>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Aborted once the lab ends or its building failed: whoever waits for something in it gives up. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** From now on nothing is started any more. */
  seal(reason: unknown): void {
    this.#ending.abort(reason);
  }

  logOf(name: string): string {
    return join(this.#folder, 'logs', `${name}.log`);
  }

  /** Starts a process that outlives this one; its output goes to its log. Does nothing if it runs or is being started. */
  async start(spec: ProcessSpec): Promise<ProcessIdentity> {
    const starting = this.#starting.get(spec.name) ?? this.#start(spec);
    this.#starting.set(spec.name, starting);
    return starting.finally(() => this.#starting.delete(spec.name));
  }

  async #start(spec: ProcessSpec): Promise<ProcessIdentity> {
    const running = await this.find(spec.name);
    if (running !== undefined) return running;
    await mkdir(join(this.#folder, 'logs'), { recursive: true });
    await mkdir(join(this.#folder, 'processes'), { recursive: true });
    const log = await open(this.logOf(spec.name), 'a');
    try {
      const [program = '', ...args] = spec.command;
      this.signal.throwIfAborted();
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        cwd: spec.cwd ?? this.#folder,
        env: { ...process.env, ...spec.env, [mark]: this.#folder },
      });
      const identity = await started(child);
      await writeFile(this.#record(spec.name), JSON.stringify(identity));
      child.unref();
      return identity;
    } finally {
      await log.close();
    }
  }

  /** The environment variable by which a process that somebody else starts becomes one of the lab's. */
  markedEnvironment(): Record<string, string> {
    return { [mark]: this.#folder };
  }

  /** The running process of this name. */
  async find(name: string): Promise<ProcessIdentity | undefined> {
    try {
      const identity = JSON.parse(await readFile(this.#record(name), 'utf8')) as ProcessIdentity;
      return isRunning(identity) ? identity : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends a process (SIGTERM, then SIGKILL after the grace time; or SIGKILL at once) and returns when it is gone. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const identity = await this.find(name);
    if (identity !== undefined) {
      // nsenter and unshare fork when they enter a PID namespace and pass no signals on: their child is what counts.
      kill(childOf(identity.pid) ?? identity.pid, signal);
      if (!(await goneWithin(identity, termGraceMs))) {
        kill(childOf(identity.pid) ?? identity.pid, 'SIGKILL');
        kill(identity.pid, 'SIGKILL');
        await goneWithin(identity, termGraceMs);
      }
    }
    await rm(this.#record(name), { force: true });
  }

  /** Ends every process of the lab at once, recorded or marked, and returns when all are gone. */
  async stopAll(): Promise<void> {
    const names = await readdir(join(this.#folder, 'processes')).catch(() => []);
    const recorded = await Promise.all(names.map((name) => this.find(name.replace(/\.json$/, ''))));
    const all = [...recorded.filter((identity) => identity !== undefined), ...markedProcesses(this.#folder)];
    for (const { pid } of all) kill(pid, 'SIGKILL');
    await Promise.all(all.map((identity) => goneWithin(identity, 2 * termGraceMs)));
    await rm(join(this.#folder, 'processes'), { recursive: true, force: true });
  }

  /** Ends all that were started under a name with this beginning, at once, and returns when they are gone. */
  async stopThose(beginning: string): Promise<void> {
    const files = await readdir(join(this.#folder, 'processes')).catch(() => []);
    const names = files.map((file) => file.replace(/\.json$/, '')).filter((name) => name.startsWith(beginning));
    await Promise.all(names.map((name) => this.stop(name, 'SIGKILL')));
  }

  /** The last lines that a process wrote. */
  async lastWords(name: string, lines = 15): Promise<string> {
    const text = await readFile(this.logOf(name), 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  #record(name: string): string {
    return join(this.#folder, 'processes', `${name}.json`);
  }
}

/** The host's pid of a process's only child. */
export function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** Processes of any parent that carry a lab's mark: those of a crash between start and record, shims, strays. */
function markedProcesses(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  const entry = `${mark}=${folder}`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && environmentOf(pid).includes(entry))
    .map(identify)
    .filter((identity) => identity !== undefined);
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

async function started(child: ChildProcess): Promise<ProcessIdentity> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('spawn', resolve).once('error', reject);
  await promise;
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(`${child.spawnfile} ended as soon as it was started`);
  return identity;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function goneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}
