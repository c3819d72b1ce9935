import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, getPriority, loadavg, release, totalmem } from 'node:os';
import { run } from '../../toolchain/run.ts';

/** Where and how a table was made: one line each. */
export async function conditions(runs: number, foreign: string): Promise<string[]> {
  const root = new URL('../../..', import.meta.url).pathname;
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const commit = (await run('git', ['-C', root, 'rev-parse', '--short', 'HEAD']).catch(() => 'unknown')).trim();
  const frr = (await run('/usr/lib/frr/bgpd', ['--version'])).split('\n')[0] ?? '';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return [
    `${new Date().toISOString().slice(0, 10)}, PorterLB ${version} (${commit}), ${runs} runs of each row`,
    `${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory}, Linux ${release()}, Node.js ${process.version}, ${frr}`,
    `load of the machine by others: ${foreign} (at the end; ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}); the lab at nice ${getPriority()}`,
  ];
}
