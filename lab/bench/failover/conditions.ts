import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, getPriority, loadavg, release, totalmem } from 'node:os';
import { run } from '../../toolchain/run.ts';

/** Where and how something was measured. */
export interface Conditions {
  readonly commit: string;
  /** When, and what. */
  readonly made: string;
  readonly machine: string;
  /** What else the machine did. */
  readonly load: string;
}

/** What is checked out; `unknown` outside a working copy. Pages, of which one is written here, change no figure. */
export async function commitOf(): Promise<string> {
  const root = new URL('../../..', import.meta.url).pathname;
  const git = (...args: readonly string[]): Promise<string> => run('git', ['-C', root, ...args]).catch(() => '');
  const commit = (await git('rev-parse', '--short', 'HEAD')).trim();
  const changes = await git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs');
  return `${commit === '' ? 'unknown' : commit}${changes === '' ? '' : ' with changes'}`;
}

/** @param commit what `commitOf` said when it began */
export async function conditions(commit: string, foreign: string): Promise<Conditions> {
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const frr = (await run('/usr/lib/frr/bgpd', ['--version'])).split('\n')[0] ?? '';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const loads = loadavg().map((load) => load.toFixed(1));
  return {
    commit,
    made: `${new Date().toISOString().slice(0, 10)}, PorterLB ${version} (${commit})`,
    machine: `${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory}, Linux ${release()}, Node.js ${process.version}, ${frr}`,
    load: `load of the machine by others: ${foreign} (at the end; ${loads.join(', ')}); the lab at nice ${getPriority()}`,
  };
}
