import { setTimeout as sleep } from 'node:timers/promises';
import type { LightLab } from '../../light-lab.ts';
import { eip, on, ours, slice } from '../../local/objects.ts';
import { ManagerLab } from '../../scenarios/manager/manager-lab.ts';
import { NodeVerdicts } from '../../scenarios/manager/node-verdicts.ts';
import { heardPaths, medsByReplica } from '../../scenarios/manager/paths.ts';
import { linkRanges } from '../../scenarios/layer2/link-lab.ts';
import { until } from '../../state/until.ts';
import { isAnswered, PacedTraffic } from '../../story/traffic.ts';
import { RouteMoves } from './route-moves.ts';
import { sampleOf, type Sample } from './sample.ts';

export const nodes = ['n1', 'n2', 'n3'];
export type TrafficKind = 'local' | 'cluster' | 'layer2';
/** Nothing lost for so long, and the fault is over. */
const quietMs = 2_000;
/** Most Services until every node owns one by chance. */
const mostTries = 24;

/** A moment, in milliseconds since the epoch, as outcomes of requests have it. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Three nodes with a replica each, all of which serve all addresses, a router, a client behind it and a host on the nodes' network:
 * the places from which requests come.
 */
export class FailoverSite {
  readonly manager: ManagerLab;
  /** The Service with `Local` and that with `Cluster`, in BGP. */
  readonly ips: Readonly<Record<'local' | 'cluster', string>>;
  /** An address on the link that each node owns while all is well. */
  readonly owned: ReadonlyMap<string, string>;
  readonly #verdicts: NodeVerdicts;

  private constructor(manager: ManagerLab, verdicts: NodeVerdicts, addresses: Pick<FailoverSite, 'ips' | 'owned'>) {
    this.manager = manager;
    this.#verdicts = verdicts;
    this.ips = addresses.ips;
    this.owned = addresses.owned;
  }

  static async in(lab: LightLab): Promise<FailoverSite> {
    const manager = await ManagerLab.in(lab, nodes);
    const verdicts = new NodeVerdicts(manager);
    for (const node of nodes) await verdicts.serve(node);
    await lab.apply(eip('lan', { addresses: linkRanges, protocol: 'layer2' }));
    const serve = async (name: string, wishes: object): Promise<string> => {
      await manager.create(name, wishes);
      const ip = await manager.address(name);
      await Promise.all(lab.nodes.map((node) => node.serve(ip)));
      return ip;
    };
    const local = await serve('local', { spec: { ...ours, externalTrafficPolicy: 'Local' } });
    const cluster = await serve('cluster', { spec: ours });
    const owned = new Map<string, string>();
    for (let i = 0; owned.size < nodes.length && i < mostTries; i++) {
      const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'lan' };
      const ip = await serve(`lan-${i}`, { spec: ours, annotations });
      const owner = await ownerOf(lab, ip);
      if (owned.has(owner)) await manager.deleteService(`lan-${i}`);
      else owned.set(owner, ip);
    }
    const site = new FailoverSite(manager, verdicts, { ips: { local, cluster }, owned });
    await site.atRest();
    return site;
  }

  /**
   * Has requests made every 10 ms to all three addresses while `act` goes on, and until none has been lost for a while. `act` gets a
   * function to say when its fault is done; without that it counts from its beginning.
   */
  async during(victim: string, act: (mark: () => void) => Promise<void>): Promise<Record<TrafficKind, Sample>> {
    const pace = { everyMs: 10, timeoutMs: 300 };
    const { lab } = this.manager;
    const traffics = {
      local: new PacedTraffic(lab.client('c1'), this.ips.local, pace),
      cluster: new PacedTraffic(lab.client('c1'), this.ips.cluster, pace),
      layer2: new PacedTraffic(lab.host('h1'), this.owned.get(victim) ?? '', pace),
    };
    const all = Object.values(traffics);
    // Each node serves each address, and the router leads to all of them.
    const gateways = lab.nodes.map(({ addresses }) => addresses.ipv4);
    const routes = new Map(Object.values(this.ips).map((ip) => [ip, gateways] as const));
    const moves = await RouteMoves.start(lab.router('r1'), routes, nowMs);
    try {
      const flows = (): Promise<boolean> =>
        Promise.resolve(all.every(({ outcomes }) => outcomes.length > 50 && outcomes.slice(-50).every(isAnswered)));
      await until(flows, { what: 'answers to everybody' });
      let faultAt = nowMs();
      await act(() => (faultAt = nowMs()));
      await sleep(quietMs);
      const since = (): number => nowMs() - quietMs;
      const quiet = (): Promise<boolean> =>
        Promise.resolve(all.every(({ outcomes }) => outcomes.every((one) => isAnswered(one) || one.sentAt < since())));
      await until(quiet, { what: 'no request to be lost any more', timeoutMs: 120_000 });
      // What was lost before the fault, while connections began, is none of its business.
      const seen = async (traffic: PacedTraffic, changes: readonly number[] = []): Promise<Sample> => {
        const outcomes = (await traffic.stop()).filter(({ endedAt }) => endedAt >= faultAt);
        return sampleOf(outcomes, faultAt, changes);
      };
      return {
        local: await seen(traffics.local, moves.of(this.ips.local)),
        cluster: await seen(traffics.cluster, moves.of(this.ips.cluster)),
        layer2: await seen(traffics.layer2),
      };
    } finally {
      moves.stop();
      await Promise.all(all.map((traffic) => traffic.stop()));
    }
  }

  /** Endpoints of the Service with `Cluster` on these nodes only: the survivors. */
  async clusterEndpoints(...on_: string[]): Promise<void> {
    await this.manager.setEndpoints(slice('cluster', on(on_)));
  }

  async localEndpoints(...on_: string[]): Promise<void> {
    await this.manager.setEndpoints(slice('local', on(on_)));
  }

  /** Waits until replicas, routes and owners are as they are when nothing is wrong. */
  async atRest(): Promise<void> {
    await this.manager.sessions(...nodes);
    await this.meds([100, 200, 200]);
    for (const ip of Object.values(this.ips)) await this.manager.routed(ip);
    for (const [owner, ip] of this.owned) {
      const due = { what: `${owner} to own ${ip}`, timeoutMs: 60_000 };
      await until(async () => (await ownerOf(this.manager.lab, ip)) === owner, due);
    }
  }

  /** Waits until the router has heard these MEDs from n1, n2 and n3 (undefined: nothing), from sessions that are up. */
  async meds(wanted: readonly (number | undefined)[]): Promise<void> {
    const expected = wanted.flatMap((med, i) => {
      const from = this.manager.lab.node(nodes[i] ?? '').addresses.ipv4;
      return med === undefined ? [] : [[from, [med]] as const];
    });
    const text = JSON.stringify(Object.fromEntries(expected));
    const now = async (): Promise<string> => {
      const paths = await heardPaths(this.manager.lab.router('r1'), this.ips.cluster);
      return JSON.stringify(medsByReplica(paths.filter(({ stale }) => !stale)));
    };
    await until(async () => (await now()) === text, { what: `the MEDs ${text}`, timeoutMs: 60_000, explain: now });
  }

  /** As after a power failure, with all that runs on a node; then everybody forgets that it ever died. */
  async powerOn(node: string): Promise<void> {
    const { lab, replicas } = this.manager;
    await lab.node(node).powerOn();
    await this.#verdicts.serve(node);
    await replicas.loseState(node);
    // A node that dies again soon has to prove itself for longer each time; replicas that start anew know nothing of that.
    await Promise.all(nodes.map((other) => replicas.stop(other, 'SIGKILL')));
    const before = await Promise.all(nodes.map(async (other) => (await replicas.log(other)).length));
    await replicas.start(...nodes);
    await this.manager.sessions(...nodes);
    for (const [i, other] of nodes.entries()) await this.#meetsAll(other, before[i] ?? 0);
  }

  /** Waits until a replica has had answers of all nodes, by what its log says after so many characters. */
  async #meetsAll(replica: string, after: number): Promise<void> {
    const met = async (): Promise<boolean> => {
      const lines = (await this.manager.replicas.log(replica)).slice(after).split('\n');
      const alive = lines.filter((line) => line.includes('"verdict on a node changed"') && line.includes('"alive"'));
      return nodes.every((node) => alive.some((line) => line.includes(`"${node}"`)));
    };
    await until(met, { what: `the replica on ${replica} to have met all nodes` });
  }
}

async function ownerOf(lab: LightLab, ip: string): Promise<string> {
  const answering = async (): Promise<string | undefined> => {
    // Not by the host that sends requests: a kernel that is told to forget an address drops what waits for it to be found.
    const mac = await lab.host('h2').neighbours.ask(ip);
    return mac === undefined ? undefined : lab.nodeWith(mac)?.name;
  };
  return until(answering, { what: `a node to answer for ${ip}` });
}
