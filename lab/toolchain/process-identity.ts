import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Names one process for good: a pid alone is reused, a pid with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; on Linux the boot's id and the start time in clock ticks. */
  readonly started: string;
}

/** The identity of a running process; `undefined` if there is none with this pid (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

export function ownIdentity(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error('this process has no entry in the process table');
  return identity;
}

/** State and start time of a `/proc/<pid>/stat` line: fields 3 and 22 (proc(5)); the name before them may hold anything. */
export function parseStat(line: string): { state: string; startTicks: string } {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
}

let bootId: string | undefined;

function startedOnLinux(pid: number): string | undefined {
  try {
    const { state, startTicks } = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return state === 'Z' || state === 'X' ? undefined : `${bootId}:${startTicks}`;
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
