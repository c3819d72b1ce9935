import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { seconds } from './figures.ts';
import { findProcesses, MS_PER_TICK, usage } from './usage.ts';

/** What others did on this machine meanwhile: figures of a busy machine say little, so each section tells how busy it was. */
export class ForeignLoad {
  readonly #labName: string;
  readonly #startedAt = performance.now();
  readonly #before: number;

  private constructor(labName: string, before: number) {
    this.#labName = labName;
    this.#before = before;
  }

  static async start(labName: string): Promise<ForeignLoad> {
    return new ForeignLoad(labName, await foreignMs(labName));
  }

  /** `foreign CPU 1.20 s in 10.00 s, load 2.1`. Processes of the lab that ended in between count as foreign. */
  async describe(): Promise<string> {
    const foreign = Math.max(0, (await foreignMs(this.#labName)) - this.#before);
    const elapsed = performance.now() - this.#startedAt;
    return `foreign CPU ${seconds(foreign)} in ${seconds(elapsed)}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`;
  }
}

/** CPU time that the machine has spent, but for this process and those that have the lab's name in their command line. */
async function foreignMs(labName: string): Promise<number> {
  const own = await findProcesses((line) => line.includes(labName));
  const { cpuMs } = await usage([process.pid, ...own]);
  return (await busyMs()) - cpuMs;
}

/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. */
async function busyMs(): Promise<number> {
  const [, ...ticks] = (await readFile('/proc/stat', 'utf8')).split('\n', 1).join().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks.map(Number);
  return (user + nice + system + irq + softirq + steal) * MS_PER_TICK;
}
