import { readdir, readFile } from 'node:fs/promises';

/** CPU time and memory of processes at one moment. */
export interface Usage {
  /** Milliseconds of CPU time since they started, user and system. */
  readonly cpuMs: number;
  /** Resident memory, in MiB. */
  readonly rssMiB: number;
}

/** USER_HZ is 100 on every Linux architecture that Kubernetes runs on. */
export const MS_PER_TICK = 10;

/** PIDs (as this process sees them) of the processes whose command line fits. */
export async function findProcesses(fits: (commandLine: string) => boolean): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (fits(line.replaceAll('\0', ' '))) found.push(Number(pid));
  }
  return found;
}

/** Nothing, for a process that has ended. */
async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (stat === undefined || status === undefined) return { cpuMs: 0, rssMiB: 0 };
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK,
    rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
  };
}

/** The sum over some processes. */
export async function usage(pids: readonly number[]): Promise<Usage> {
  const all = await Promise.all(pids.map(usageOf));
  return all.reduce((sum, one) => ({ cpuMs: sum.cpuMs + one.cpuMs, rssMiB: sum.rssMiB + one.rssMiB }), {
    cpuMs: 0,
    rssMiB: 0,
  });
}
