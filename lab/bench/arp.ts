/**
 * `npm run bench:arp`: how fast a host on the nodes' network gets answers for a Service's addresses, beside those that the node's
 * kernel gives for its own; what a flood of ARP requests costs; how soon a new Service is announced; and what users notice when
 * addresses go from one node to another. Three replicas of this checkout on a light lab. All answers are timed in one process on the
 * host, in turn, so that what else the machine does falls on all of them alike; the host's own event loop is part of each.
 * `-- --only new` (or `answers`, `flood`, `moves`) measures that alone.
 */
import { parseArgs } from 'node:util';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import type { LightNode } from '../cluster/light-node.ts';
import { Asker, Flood } from '../lan/asker.ts';
import type { LightLab } from '../light-lab.ts';
import { eip } from '../local/objects.ts';
import { linkRanges, pairOf } from '../scenarios/layer2/link-lab.ts';
import { installObjects, LocalReplicas } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { answers, figures } from './arp/answer-figures.ts';
import { createEndpoints, createService, nodes, type Bench, type Pair } from './arp/arp-bench.ts';
import { underFlood } from './arp/flood.ts';
import { newServices } from './arp/new-services.ts';
import { percentile } from './figures.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, inLab } from './in-lab.ts';
import { IngressWatch } from './ingress-watch.ts';
import { linkMoves } from './link-moves.ts';
import { printRow, print } from './report.ts';

const SECTIONS = ['answers', 'flood', 'new', 'moves'] as const;
type Section = (typeof SECTIONS)[number];

const four = '10.50.0.200';
const six = 'fd00:50::1:200';
const rounds = 3000;

async function ownerPair(lab: LightLab, ip: string): Promise<Pair> {
  const found = async (): Promise<LightNode | undefined> => {
    const mac = await lab.host('h1').neighbours.ask(ip);
    return mac === undefined ? undefined : lab.nodeWith(mac);
  };
  const owner = await until(found, { what: `a node to answer for ${ip}`, explain: () => lab.log('n1.porter-manager') });
  return { ip, owner, ownIp: owner.addresses[ip.includes(':') ? 'ipv6' : 'ipv4'] };
}

async function answerTimes({ asker }: Bench, pairs: readonly Pair[]): Promise<void> {
  const ips = pairs.flatMap(({ ip, ownIp }) => [ownIp, ip]);
  await asker.ask({ ips, rounds: 200, pauseMs: 1, timeoutMs: 1000 });
  const asked = await asker.ask({ ips, rounds, pauseMs: 1, timeoutMs: 1000 });
  for (const { ip, ownIp, owner } of pairs) {
    const protocol = ip.includes(':') ? 'NS -> NA' : 'ARP';
    printRow(`${protocol}, ${owner.name}'s kernel for its own address:`, figures(asked, ownIp));
    printRow(`${protocol}, PorterLB on ${owner.name} for a Service's:`, figures(asked, ip));
    const [kernel, ours] = [answers(asked, ownIp).ms, answers(asked, ip).ms];
    const ratio = (percent: number): string => (percentile(ours, percent) / percentile(kernel, percent)).toFixed(2);
    printRow('  PorterLB / kernel:', `median ${ratio(50)}, p99 ${ratio(99)}`);
  }
}

async function prepare(lab: LightLab): Promise<{ pairs: Pair[]; replicas: LocalReplicas }> {
  const replicas = new LocalReplicas(lab);
  await installObjects(lab);
  await replicas.setMembers(...nodes);
  await lab.apply(
    eip('lan', { addresses: linkRanges, protocol: 'layer2' }, { 'eip.openelb.kubesphere.io/is-default-eip': 'true' }),
  );
  await replicas.start(...nodes);
  await createEndpoints(lab, 'web');
  await createService(lab, 'web', [four, six]);
  const moving = pairOf(nodes);
  await createEndpoints(lab, 'moving');
  await createService(lab, 'moving', moving);
  for (const node of lab.nodes) await node.serve(...moving);
  return { replicas, pairs: await Promise.all([four, six].map((ip) => ownerPair(lab, ip))) };
}

async function benchIn(lab: LightLab, wanted: readonly Section[], signal: AbortSignal): Promise<void> {
  const { pairs, replicas } = await prepare(lab);
  const kube = new HttpKube({ clock: systemClock }, { config: await readKubeconfig(lab.kubeconfig, systemClock) });
  const ingress = await IngressWatch.start(kube);
  const bench = { lab, kube, ingress, asker: new Asker(lab.host('h1')), flood: new Flood(lab.host('h2')) };
  const ips = pairOf(nodes);
  const sections: Readonly<Record<Section, () => Promise<void>>> = {
    answers: () => answerTimes(bench, pairs),
    flood: () => underFlood(bench, pairs),
    new: () => newServices(bench),
    moves: () => linkMoves({ lab, replicas, ips }, signal),
  };
  const measure = async (): Promise<void> => {
    for (const name of wanted) {
      const section = sections[name];
      signal.throwIfAborted();
      const load = await ForeignLoad.start(lab.name);
      await section();
      print(`    (${await load.describe()})`);
    }
  };
  try {
    await Promise.race([measure(), aborted(signal)]);
  } finally {
    bench.asker.close();
    bench.flood.close();
    ingress.stop();
    await kube.close();
  }
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wanted = SECTIONS.filter((name) => values.only === undefined || values.only === name);
if (wanted.length === 0) throw new Error(`--only takes one of ${SECTIONS.join(', ')}`);
const size = { nodes: 3, routers: 1, clients: 1, hosts: 2 };
process.exit(await inLab((lab, signal) => benchIn(lab, wanted, signal), size));
