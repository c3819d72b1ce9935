import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface RouterOptions {
  readonly password?: string;
  /** How many prefixes it takes in a session. */
  readonly maxPrefixes?: number;
}

/** A router of some make in a namespace, one veth away from a speaker's. It waits for the speaker at both of its addresses. */
export interface Router {
  readonly speakerNamespace: string;
  /** All that the program has written since it was started. */
  readonly log: string;
  /** Starts the program anew: nothing is left of before. */
  restart(options?: RouterOptions): Promise<void>;
  /** What it would route by: prefix -> next hops, sorted. */
  table(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** How many sessions are established. */
  established(): Promise<number>;
  /** Until `thaw` the program does nothing at all, while its kernel keeps its connections. */
  freeze(): void;
  /** It goes on, and has no reason to wait before it takes sessions again. */
  thaw(): Promise<void>;
  remove(): Promise<void>;
}

/** Adds a next hop of a prefix to a table. */
export function addHop(table: Map<string, string[]>, prefix: string, hop: string): void {
  table.set(prefix, [...(table.get(prefix) ?? []), hop].sort());
}

/** Runs a program in a namespace and returns what it says. */
export async function inNamespace(namespace: string, ...command: readonly string[]): Promise<string> {
  const args = [`--net=/var/run/netns/${namespace}`, ...command];
  return (await execute('nsenter', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}
