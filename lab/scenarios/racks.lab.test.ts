/** Two racks with a router each, which hears the replicas of its rack only: in the left one those on n2 and n3, in the right one n1 and n4. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { LightLab } from '../light-lab.ts';
import { bgpConf, bgpPeer, ours } from '../local/objects.ts';
import { patience } from '../network/client.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { isAnswered, longestGap, PacedTraffic } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { heardPaths, hearsMeds, type HeardPath } from './manager/paths.ts';
import { RouteHistory } from './manager/route-history.ts';

const rackLabel = 'openelb.kubesphere.io/rack';
const racks = { left: ['n2', 'n3'], right: ['n1', 'n4'] } as const;
const all = ['n1', 'n2', 'n3', 'n4'];

suite('racks with routers of their own', () => {
  let lab: ManagerLab;
  let left: Router;
  let right: Router;
  let health: NodeVerdicts;
  let ip: string;

  before(async () => {
    const network = { nodes: 4, routers: 2, clients: 1 };
    const light = await LightLab.up({ network, progress: progressToStderr });
    try {
      lab = await ManagerLab.in(light, []);
    } catch (error) {
      await light.down();
      throw error;
    }
    [left, right] = [light.router('r1'), light.router('r2')];
    await light.apply(bgpConf({ as: 65_001, asPerRack: { left: 65_011, right: 65_012 } }));
    for (const [rack, router] of [['left', left] as const, ['right', right] as const]) {
      for (const node of racks[rack]) await lab.patchNode(node, { metadata: { labels: { [rackLabel]: rack } } });
      const timers = { config: { holdTime: '9', keepaliveInterval: '3' } };
      const nodeSelector = { matchLabels: { [rackLabel]: rack } };
      await light.apply(bgpPeer(router, router.addresses.ipv4, { timers, nodeSelector }));
    }
    health = new NodeVerdicts(lab);
    for (const node of all) await health.serve(node);
    await lab.replicas.setMembers(...all);
    await lab.replicas.start(...all);
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    for (const node of light.nodes) await node.serve(ip);
    // One that has not met them all yet ranks after those that have.
    for (const replica of all) await health.are('alive', all, replica);
  });
  after(() => lab.down());

  function address(node: string): string {
    return lab.lab.node(node).addresses.ipv4;
  }

  async function meds(router: Router, wanted: Readonly<Record<string, number>>): Promise<void> {
    const byAddress = Object.entries(wanted).map(([node, med]): [string, number] => [address(node), med]);
    await hearsMeds(router, ip, Object.fromEntries(byAddress));
  }

  /** Waits until a router uses one path for each of these next hops, all heard from one replica. */
  async function uses(router: Router, from: string, hops: readonly string[]): Promise<readonly HeardPath[]> {
    const wanted = hops.map((hop) => `${address(hop)} from ${address(from)}`).sort();
    const look = async (): Promise<readonly HeardPath[] | false> => {
      const paths = await heardPaths(router, ip);
      const used = paths.filter(({ inUse }) => inUse).map((path) => `${path.nextHop} from ${path.from}`);
      return used.sort().join() === wanted.join() && paths;
    };
    const explain = async (): Promise<string> => JSON.stringify(await heardPaths(router, ip), undefined, 1);
    return until(look, { what: `${router.name} to use ${wanted.join(', ')}`, explain });
  }

  test('each router has a first replica, whoever is the first elsewhere, and uses its paths only', async () => {
    await meds(left, { n2: 100, n3: 200 });
    await meds(right, { n1: 100, n4: 200 });
    await lab.routed(ip);
    await uses(left, 'n2', all);
    await uses(right, 'n1', all);
  });

  test('the first of a rack dies with its machine: its router never returns to what it retains, the other one hears nothing', async (t) => {
    const living = all.filter((node) => node !== 'n2');
    const histories = await Promise.all([left, right].map((router) => RouteHistory.start(router, ip)));
    const traffic = new PacedTraffic(lab.lab.client('c1'), ip, { everyMs: 40, timeoutMs: patience.short });
    let rightAt = Infinity;
    let retained: readonly HeardPath[] = [];
    try {
      await lab.lab.node('n2').powerOff();
      await lab.routed(ip, living);
      rightAt = Date.now();
      // Until then its session stands.
      const held = async (): Promise<boolean> => (await left.establishedPeers()).join() === address('n3');
      await until(held, { what: 'the hold time of the dead session to end' });
      retained = (await uses(left, 'n3', living)).filter(({ stale }) => stale);
      await meds(right, { n1: 100, n4: 200 });
      await uses(right, 'n1', living);
      await lab.routed(ip, living);
    } finally {
      const outcomes = await traffic.stop();
      const [ofLeft = [], ofRight = []] = await Promise.all(histories.map((history) => history.stop()));
      const lost = outcomes.filter((outcome) => !isAnswered(outcome));
      t.diagnostic(`${lost.length} of ${outcomes.length} requests lost, ${longestGap(outcomes)?.ms ?? 0} ms at most`);
      t.diagnostic(`${ofLeft.length} and ${ofRight.length} changes of the kernels' routes`);
      for (const states of [ofLeft, ofRight]) assertLeft(states, 'n2');
      assert.deepEqual(
        lost.filter(({ sentAt }) => sentAt > rightAt),
        [],
      );
    }
    assert.deepEqual(
      retained.map(({ from, med }) => `${from} ${med}`),
      all.map(() => `${address('n2')} 100`),
    );
  });

  /** Each state of a kernel's route has each next hop once, and that one in none after the first without it. */
  function assertLeft(states: readonly string[], node: string): void {
    const shown = states.join(' | ');
    const hops = states.map((state) => state.split(','));
    for (const state of hops) assert.deepEqual(state, [...new Set(state)], shown);
    const gone = hops.findIndex((state) => !state.includes(address(node)));
    assert.ok(gone >= 0, shown);
    for (const state of hops.slice(gone)) assert.ok(!state.includes(address(node)), shown);
  }

  test('it is back: the first of its rack again', async () => {
    await lab.lab.node('n2').powerOn();
    await health.serve('n2');
    await lab.replicas.start('n2');
    await meds(left, { n2: 100, n3: 200 });
    await meds(right, { n1: 100, n4: 200 });
    await lab.routed(ip);
    await uses(left, 'n2', all);
  });
});
