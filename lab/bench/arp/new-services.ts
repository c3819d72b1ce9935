import { services } from '../../../backend/src/cluster/kinds.ts';
import type { LanRecord } from '../../lan/records.ts';
import { service } from '../../local/objects.ts';
import { milliseconds, percentile } from '../figures.ts';
import { printRow } from '../report.ts';
import { createEndpoints, createService, type Bench } from './arp-bench.ts';

/** Of each family. */
const created = 20;
/** Services before those of each family that are timed: what runs for the first time is slower. */
const untimed = 12;
const reactionMs = 15;
/** Of the probe, by the defaults of the speaker. */
const probeMs = 300;
/** From one question of the host to the next, in milliseconds; each wakes all replicas, so that few are better. */
const askEachMs = 5;
/** The same as soon as an answer may come any moment. */
const awaitEachMs = 1;
/** What `bareApi` takes at most, but on a machine that is very busy, in milliseconds. */
const bareMs = 50;

/** In milliseconds since the Service's creation. */
interface Stages {
  /** The Service, as a watch sees it. */
  readonly seen: number;
  /** The address was in its status, as a watch sees it. */
  readonly addressed: number;
}

interface Announced extends Stages {
  /** The same of a Service that is nobody's, at about the same time: what the API server takes, alone. */
  readonly bare: Stages;
  readonly answered: number;
  /** First frame about the address: its probe, where an announcement would be if it needed none. */
  readonly probed: number;
  readonly announced: number;
  readonly firstAnswer: number;
}

/** A create, and a patch of the status as soon as a watch brings it, as a controller would. The host asks for something meanwhile. */
async function bareApi({ kube, ingress, lab, asker }: Bench, name: string, ip: string): Promise<Stages> {
  const asking = asker.ask({ ips: [ip], rounds: bareMs / askEachMs, pauseMs: 0, timeoutMs: askEachMs });
  const start = performance.now();
  const answered = lab.api.create(service(name, { spec: { loadBalancerClass: 'example.com/none' } }));
  const seen = await ingress.seen(name);
  const body = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } };
  const change = { type: 'strategic', body: body as never } as const;
  await kube.patch(services, { namespace: 'default', name }, change, { subresource: 'status' });
  const { at } = await ingress.of(name);
  await Promise.all([answered, asking]);
  return { seen: seen - start, addressed: at - start };
}

/** Asks until there is an answer; when that came, in milliseconds since the epoch. */
async function firstAnswerFor({ asker }: Bench, ip: string): Promise<number> {
  const ask = { ips: [ip], pauseMs: 0, untilAnswered: true };
  const early = await asker.ask({ ...ask, rounds: Math.floor(probeMs / askEachMs), timeoutMs: askEachMs });
  const { answeredAt } =
    early.answeredAt === null ? await asker.ask({ ...ask, rounds: 10_000, timeoutMs: awaitEachMs }) : early;
  if (answeredAt === null) throw new Error(`nobody answered for ${ip}`);
  return answeredAt;
}

async function createAndAsk(bench: Bench, name: string, ip: string): Promise<Announced> {
  const { lab, ingress } = bench;
  const bare = await bareApi(bench, `bare-${name}`, ip);
  await createEndpoints(lab, name);
  const sniffer = await lab.sniff();
  const asking = firstAnswerFor(bench, ip);
  const start = performance.now();
  await createService(lab, name, [ip]);
  const answered = performance.now() - start;
  const [seen, { at: addressed }] = await Promise.all([ingress.seen(name), ingress.of(name)]);
  const answeredAt = await asking;
  const records = await sniffer.stop();
  const since = (epoch: number): number => epoch - performance.timeOrigin - start;
  const first = (what: string, wanted: (record: LanRecord) => boolean): number => {
    const found = records.find((record) => record.ip === ip && record.source !== lab.host('h1').mac && wanted(record));
    if (found === undefined) throw new Error(`no ${what} for ${ip} was seen`);
    return since(found.at);
  };
  const isProbe = ({ kind, from }: LanRecord): boolean =>
    (kind === 'arp-request' || kind === 'ns') && (from === '0.0.0.0' || from === '::');
  return {
    bare,
    answered,
    seen: seen - start,
    addressed: addressed - start,
    probed: first('probe', isProbe),
    announced: first('announcement', ({ kind }) => kind === 'gratuitous' || kind === 'unsolicited-na'),
    firstAnswer: since(answeredAt),
  };
}

function printFamily(family: string, samples: readonly Announced[]): void {
  const row = (what: string, of: (one: Announced) => number, goalMs?: number): void => {
    const all = samples.map(of);
    const goal = { text: `< ${goalMs ?? 0} ms`, met: percentile(all, 50) < (goalMs ?? 0) };
    printRow(what, milliseconds(all), goalMs === undefined ? undefined : goal);
  };
  row(`Service created, ${family} -> API answer:`, ({ answered }) => answered);
  row('  -> a watch sees it:', ({ seen }) => seen);
  row('  -> address in its status, as a watch sees it:', ({ addressed }) => addressed);
  row("  nobody's Service -> a watch sees it:", ({ bare }) => bare.seen);
  row('  -> a patch at once of its status, likewise:', ({ bare }) => bare.addressed);
  row('  -> first frame about the address, its probe:', ({ probed }) => probed, reactionMs);
  row('  -> the same, without what the API server takes:', ({ bare, probed }) => probed - bare.addressed);
  row('  from the address in its status to that frame:', ({ addressed, probed }) => probed - addressed);
  row('  -> announcement:', ({ announced }) => announced);
  row('  -> first answer to a host that asks all the time:', ({ firstAnswer }) => firstAnswer, reactionMs + probeMs);
  row('  from the probe to that answer:', ({ probed, firstAnswer }) => firstAnswer - probed);
}

/** How soon a new Service is announced; families in turn, as all programs get faster in the first minute. */
export async function newServices(bench: Bench): Promise<void> {
  const families = [
    { family: 'IPv4', prefix: '10.50.0.', samples: [] as Announced[] },
    { family: 'IPv6', prefix: 'fd00:50::1:', samples: [] as Announced[] },
  ];
  for (let i = 0; i < untimed + created; i++) {
    for (const { family, prefix, samples } of families)
      samples.push(await createAndAsk(bench, `new-${family.toLowerCase()}-${i}`, `${prefix}${160 + i}`));
  }
  for (const { family, samples } of families) printFamily(family, samples.slice(untimed));
}
