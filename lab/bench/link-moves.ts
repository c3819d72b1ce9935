import { setTimeout as sleep } from 'node:timers/promises';
import type { LightLab } from '../light-lab.ts';
import type { LocalReplicas } from '../local/replicas.ts';
import type { Outcome } from '../network/client.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { errorsText, sampleOf, type Sample } from './failover/sample.ts';
import { percentile } from './figures.ts';
import { printRow } from './report.ts';

const rounds = 5;
/** A request each 20 ms, of each user. */
const pace = { everyMs: 20, timeoutMs: 300 };
/** After the owner has changed: what is lost later is no part of it. */
const afterMs = 1_000;
/** A host of the segment and a client behind the router, over IPv4 and IPv6. */
const users = 4;
const goals = { plannedMs: 300, deadMs: 2_500 };

export interface LinkMoves {
  readonly lab: LightLab;
  readonly replicas: LocalReplicas;
  /** One of each family; they go from one node to another together. */
  readonly ips: readonly [string, string];
}

/** From every user of every move. */
type Samples = Record<'drain' | 'undrain' | 'leave' | 'return' | 'die', Sample[]>;

/**
 * Has the addresses go from their owner to another and back, again and again, and tells how long users had no answer.
 */
export async function linkMoves(moves: LinkMoves, signal: AbortSignal): Promise<void> {
  const { replicas } = moves;
  const home = await ownerOf(moves);
  const isHome = async (): Promise<boolean> => (await ownersOf(moves)).every((owner) => owner === home);
  const isElsewhere = async (): Promise<boolean> =>
    (await ownersOf(moves)).every((owner) => owner !== undefined && owner !== home);
  const samples: Samples = { drain: [], undrain: [], leave: [], return: [], die: [] };
  const move = async (kind: keyof Samples, act: () => Promise<void>, done: () => Promise<boolean>): Promise<void> => {
    signal.throwIfAborted();
    samples[kind].push(...(await usersDuring(moves, act, done)));
  };
  for (let i = 0; i < rounds; i++) {
    await move('drain', () => taint(moves, home, [autoscalers]), isElsewhere);
    await move('undrain', () => taint(moves, home, null), isHome);
    await move('leave', () => replicas.stop(home), isElsewhere);
    await move('return', () => replicas.start(home), isHome);
    await move('die', () => moves.lab.node(home).powerOff(), isElsewhere);
    await moves.lab.node(home).powerOn();
    await replicas.start(home);
    await until(isHome, { what: `${home} to have its addresses again`, timeoutMs: 60_000 });
  }
  print(samples);
}

const autoscalers = { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' };

async function taint({ lab }: LinkMoves, node: string, taints: readonly object[] | null): Promise<void> {
  await lab.api.patch(`/api/v1/nodes/${node}`, { spec: { taints } });
}

/** Node that answers for each address, if one does; to a host that sends no requests, as its kernel forgets whom it knew. */
async function ownersOf({ lab, ips }: LinkMoves): Promise<(string | undefined)[]> {
  const macs = await Promise.all(ips.map((ip) => lab.host('h2').neighbours.ask(ip)));
  return macs.map((mac) => (mac === undefined ? undefined : lab.nodeWith(mac)?.name));
}

async function ownerOf(moves: LinkMoves): Promise<string> {
  const one = async (): Promise<string | undefined> => {
    const [first, second] = await ownersOf(moves);
    return first === second ? first : undefined;
  };
  return until(one, { what: 'one node to answer for both addresses' });
}

/** What each user saw while `act` went on, and until it was done. */
async function usersDuring(
  { lab, ips }: LinkMoves,
  act: () => Promise<void>,
  done: () => Promise<boolean>,
): Promise<Sample[]> {
  const clients = [lab.host('h1'), lab.client('c1')];
  const traffics = clients.flatMap((client) => ips.map((ip) => new PacedTraffic(client, ip, pace)));
  const outcomes = async (): Promise<(readonly Outcome[])[]> =>
    Promise.all(traffics.map(async (traffic) => traffic.stop()));
  try {
    const answersNow = ({ outcomes: all }: PacedTraffic): boolean =>
      all.length > 10 && all.slice(-10).every(isAnswered);
    const flows = (): Promise<boolean> => Promise.resolve(traffics.every(answersNow));
    await until(flows, { what: 'answers to everybody' });
    const startedAt = performance.timeOrigin + performance.now();
    await act();
    await until(done, { what: 'the addresses to have moved', timeoutMs: 60_000, intervalMs: 20 });
    await sleep(afterMs);
    await until(flows, { what: 'answers to everybody again' });
    return (await outcomes()).map((all) =>
      sampleOf(
        all.filter(({ endedAt }) => endedAt >= startedAt),
        startedAt,
      ),
    );
  } finally {
    await outcomes();
  }
}

function print(samples: Samples): void {
  const { die, ...planned } = samples;
  const row = (what: string, own: readonly Sample[], goalMs: number): void => {
    const gaps = own.map(({ gapMs }) => gapMs);
    const worst = percentile(gaps, 100);
    const sent = total(own.map((one) => one.sent));
    const [most, median] = [100, 50].map((percent) => percentile(gaps, percent).toFixed(0));
    const figure = `worst ${most} ms (median ${median}), ${lostOf(own)} of ${sent} lost`;
    printRow(what, figure, { text: `worst < ${goalMs} ms`, met: worst < goalMs });
  };
  const all = Object.values(planned).flat();
  row(`${all.length / users} planned moves, ${users} users: no answer for`, all, goals.plannedMs);
  row('  a node is drained:', planned.drain, goals.plannedMs);
  row('  its drain is called off:', planned.undrain, goals.plannedMs);
  row('  a replica leaves:', planned.leave, goals.plannedMs);
  row('  it comes back:', planned.return, goals.plannedMs);
  row(`${die.length / users} times the owner loses power: no answer for`, die, goals.deadMs);
  // As `usersDuring` has them: of each move, both addresses of the host and then both of the client.
  const isHost = (at: number): boolean => at % users < users / 2;
  row(
    '  a host of the segment:',
    die.filter((_, at) => isHost(at)),
    goals.deadMs,
  );
  row(
    '  a client behind the router:',
    die.filter((_, at) => !isHost(at)),
    goals.deadMs,
  );
}

/** `3 (2 ECONNRESET, 1 no answer within 300 ms)`. */
function lostOf(samples: readonly Sample[]): string {
  const lost = total(samples.map((one) => one.lost));
  return lost === 0 ? '0' : `${lost} (${errorsText(samples)})`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0);
}
