/**
 * `npm run bench:arp`: how fast a host on the nodes' network gets answers for a Service's addresses, beside those that the node's
 * kernel gives for its own; what a flood of ARP requests costs; how soon a new Service is announced; and what users notice when
 * addresses go from one node to another. Three replicas of this checkout on a light lab. All answers are timed in one process on the
 * host, in turn, so that what else the machine does falls on all of them alike; the host's own event loop is part of each.
 * `-- --only new` (or `answers`, `flood`, `moves`) measures that alone.
 */
import { parseArgs } from 'node:util';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { services } from '../../backend/src/cluster/kinds.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import type { LightNode } from '../cluster/light-node.ts';
import { Asker, Flood } from '../lan/asker.ts';
import type { LanRecord } from '../lan/records.ts';
import type { LightLab } from '../light-lab.ts';
import { eip, service } from '../local/objects.ts';
import { linkRanges, pairOf } from '../scenarios/layer2/link-lab.ts';
import { installObjects, LocalReplicas } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { answers, figures } from './arp/answer-figures.ts';
import { createEndpoints, createService, nodes, type Bench, type Pair } from './arp/arp-bench.ts';
import { underFlood } from './arp/flood.ts';
import { milliseconds, percentile } from './figures.ts';
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
const created = 20;
/** Services before those of each family that are timed: what runs for the first time is slower. */
const untimed = 8;
const reactionMs = 15;
/** Of the probe, by the defaults of the speaker. */
const probeMs = 300;

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

interface Announced {
  /** What the API server alone takes for such a Service, at about the same time. */
  readonly bare: number;
  readonly answered: number;
  /** The address was in the Service's status, as a watch sees it. */
  readonly addressed: number;
  /** First frame about the address: its probe, where an announcement would be if it needed none. */
  readonly probed: number;
  readonly announced: number;
  readonly firstAnswer: number;
}

/** Milliseconds from the creation of a Service that is nobody's to an address in its status, as a watch sees it. */
async function bareApi({ lab, kube, ingress }: Bench, name: string): Promise<number> {
  const start = performance.now();
  await lab.api.create(service(name, { spec: { loadBalancerClass: 'example.com/none' } }));
  const body = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } };
  const change = { type: 'strategic', body: body as never } as const;
  await kube.patch(services, { namespace: 'default', name }, change, { subresource: 'status' });
  return (await ingress.of(name)).at - start;
}

/** Milliseconds from the creation of a Service to what the wire shows. */
async function createAndAsk(bench: Bench, name: string, ip: string): Promise<Announced> {
  const { lab, asker, ingress } = bench;
  const bare = await bareApi(bench, `bare-${name}`);
  await createEndpoints(lab, name);
  const sniffer = await lab.sniff();
  const asking = asker.ask({ ips: [ip], rounds: 5000, pauseMs: 0, timeoutMs: 2, untilAnswered: true });
  const start = performance.timeOrigin + performance.now();
  await createService(lab, name, [ip]);
  const answered = performance.timeOrigin + performance.now() - start;
  const addressed = performance.timeOrigin + (await ingress.of(name)).at - start;
  const { answeredAt } = await asking;
  const records = await sniffer.stop();
  const first = (what: string, wanted: (record: LanRecord) => boolean): number => {
    const found = records.find((record) => record.ip === ip && record.source !== lab.host('h1').mac && wanted(record));
    if (found === undefined) throw new Error(`no ${what} for ${ip} was seen`);
    return found.at - start;
  };
  const isProbe = ({ kind, from }: LanRecord): boolean =>
    (kind === 'arp-request' || kind === 'ns') && (from === '0.0.0.0' || from === '::');
  if (answeredAt === null) throw new Error(`nobody answered for ${ip}`);
  return {
    bare,
    answered,
    addressed,
    probed: first('probe', isProbe),
    announced: first('announcement', ({ kind }) => kind === 'gratuitous' || kind === 'unsolicited-na'),
    firstAnswer: answeredAt - start,
  };
}

async function announcements(bench: Bench): Promise<void> {
  for (const address of ['10.50.0.', 'fd00:50::1:']) {
    const family = address.includes(':') ? 'IPv6' : 'IPv4';
    const made: Announced[] = [];
    for (let i = 0; i < untimed + created; i++) {
      made.push(await createAndAsk(bench, `new-${family.toLowerCase()}-${i}`, `${address}${202 + i}`));
    }
    const samples = made.slice(untimed);
    const row = (what: string, of: (one: Announced) => number, goalMs?: number): void => {
      const all = samples.map(of);
      const median = percentile(all, 50);
      printRow(
        what,
        milliseconds(all),
        goalMs === undefined ? undefined : { text: `< ${goalMs} ms`, met: median < goalMs },
      );
    };
    row(`Service created, ${family} -> API answer:`, ({ answered }) => answered);
    row("  a create and a status patch of nobody's Service:", ({ bare }) => bare);
    row('  -> address in its status:', ({ addressed }) => addressed);
    row('  -> first frame about the address, its probe:', ({ probed }) => probed, reactionMs);
    row('  -> the same, without what the API server takes:', ({ bare, probed }) => probed - bare);
    row('  from the address in its status to that frame:', ({ addressed, probed }) => probed - addressed);
    row('  -> announcement:', ({ announced }) => announced);
    row('  -> first answer to a host that asks all the time:', ({ firstAnswer }) => firstAnswer, reactionMs + probeMs);
    row('  from the probe to that answer:', ({ probed, firstAnswer }) => firstAnswer - probed);
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
    new: () => announcements(bench),
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
