// What a replica does about nodes, and nothing else of it. One JSON command per line on stdin; one JSON line on stdout per command that is done:
// `replica-process.ts NAMESPACE HOST`, of which the first is there for people who look at the list of processes.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { NodeProber } from '../../../backend/src/health/nodes.ts';
import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { systemDialer } from '../../../backend/src/platform/linux/dialer.ts';
import { systemLinks } from '../../../backend/src/platform/linux/links.ts';
import { silent } from '../bgp/silent.ts';
import { packets, type Look } from './look.ts';

export interface ReplicaCommand {
  /** Addresses of the nodes from now on, which are their names as well; without it they stay. */
  readonly nodes?: readonly string[];
}

const [, , , host = ''] = process.argv;
/** When each node that is dead was found to be so, in milliseconds since the epoch. */
const dead = new Map<string, number>();
const prober = new NodeProber(
  {
    ...{ clock: systemClock, random: systemRandom, dialer: systemDialer, links: systemLinks, logger: silent },
    onChange: noteDeaths,
  },
  { self: '', host },
);

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function noteDeaths(): void {
  for (const [node, health] of prober.health()) {
    if (health !== 'dead') dead.delete(node);
    else if (!dead.has(node)) dead.set(node, nowMs());
  }
}

async function look(): Promise<Look> {
  const { user, system } = process.cpuUsage();
  const probes = Object.values(prober.probes()).reduce((sum, count) => sum + count, 0);
  return {
    ...{ atMs: nowMs(), cpuMs: (user + system) / 1_000, rssMiB: process.memoryUsage().rss / 2 ** 20, probes },
    ...packets(await readFile('/proc/self/net/dev', 'utf8'), 'eth0'),
    alive: [...prober.health().values()].filter((health) => health === 'alive').length,
    dead: Object.fromEntries(dead),
  };
}

prober.start();
for await (const line of createInterface({ input: process.stdin })) {
  const { nodes } = JSON.parse(line) as ReplicaCommand;
  if (nodes !== undefined) prober.setNodes(nodes.map((address) => ({ name: address, address })));
  process.stdout.write(`${JSON.stringify(await look())}\n`);
}
process.exit();
