/**
 * A replica on each node, and routers that take one path of an address from each session: `nextHopSelf` gives them ECMP all the same. FRR over eBGP,
 * which the client's traffic crosses, and BIRD over iBGP beside it. The hold time is 9 s, and there is no BFD but in the last test.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { bgpPeer, on, ours, slice } from '../local/objects.ts';
import type { BirdRouter } from '../network/bird-router.ts';
import { patience, type Outcome } from '../network/client.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { heardPaths, hearsMeds, type HeardPath } from './manager/paths.ts';
import { RouteHistory } from './manager/route-history.ts';
import { keepsRoutes } from './manager/routes-during.ts';

const all = ['n1', 'n2', 'n3'];
const peers = '/apis/network.kubesphere.io/v1alpha2/bgppeers';
const timers = { config: { holdTime: '9', keepaliveInterval: '3' } };
/** That of the BgpConf: the AS of BIRD as well. */
const ownAs = 65_001;

type Shown = KubeObject & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly message: string }[] };
};

suite('routers that take one path of an address from each session', () => {
  let lab: ManagerLab;
  let frr: Router;
  let bird: BirdRouter;
  let health: NodeVerdicts;
  let ip: string;

  before(async () => {
    const environment = { DRAIN_GRACE_SECONDS: '600' };
    lab = await ManagerLab.up({ members: all, clients: 1, hosts: 1, environment });
    frr = lab.lab.router('r1');
    bird = await lab.lab.startBird(lab.lab.host('h1'), { internal: ownAs, addPaths: false });
    for (const family of ['ipv4', 'ipv6']) {
      const within = [`router bgp ${frr.asn}`, `address-family ${family} unicast`];
      await frr.vtysh('configure terminal', ...within, 'neighbor cluster disable-addpath-rx');
    }
    await frr.vtysh('clear bgp *');
    health = new NodeVerdicts(lab);
    for (const node of all) await health.serve(node);
    await lab.create('web', { spec: ours });
    await lab.create('six', { spec: { ...ours, ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' } });
    ip = await lab.address('web');
    for (const node of lab.lab.nodes) await node.serve(ip);
    await health.are('alive', all);
  });
  after(() => lab.down());

  /** Has all replicas speak with both routers. */
  async function speak(spec: object): Promise<void> {
    for (const router of [frr, bird]) {
      await lab.lab.apply(bgpPeer(router, router.addresses.ipv4, { timers, ...spec }));
    }
  }

  function hops(names: readonly string[]): string {
    return names.map((node) => lab.lab.node(node).addresses.ipv4).join();
  }

  /** Waits until both kernels have exactly these machines as next hops, each once. */
  async function routed(...names: string[]): Promise<void> {
    await lab.routed(ip, names);
    await until(async () => (await bird.gateways(ip)).join() === hops(names), {
      what: `BIRD's kernel to have the next hops ${hops(names)}`,
      explain: () => bird.birdc('show', 'route', 'all', 'for', ip),
    });
  }

  async function meds(wanted: Readonly<Record<string, number>>): Promise<void> {
    const entries = Object.entries(wanted).map(([node, med]) => [lab.lab.node(node).addresses.ipv4, med]);
    await hearsMeds(frr, ip, Object.fromEntries(entries) as Record<string, number>);
  }

  async function says(name: string, message: RegExp): Promise<void> {
    const look = async (): Promise<string> => {
      const { status } = await lab.lab.api.get<Shown>(`${peers}/${name}`);
      return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
    };
    await until(async () => message.test(await look()), { what: `${name} to say ${message.source}`, explain: look });
  }

  async function withTraffic(action: () => Promise<void>, timeoutMs: number): Promise<readonly Outcome[]> {
    return await PacedTraffic.during(action, lab.lab.client('c1'), ip, { everyMs: 20, timeoutMs });
  }

  function lostOf(outcomes: readonly Outcome[]): Outcome[] {
    assert.ok(outcomes.length > 0);
    return outcomes.filter((outcome) => !isAnswered(outcome));
  }

  test('have one next hop, and with nextHopSelf each node, over eBGP and over iBGP', async () => {
    await speak({});
    const one = async (): Promise<boolean> =>
      (await frr.routes(ip)).length === 1 && (await bird.gateways(ip)).length === 1;
    for (const name of ['r1', 'bird']) await says(name, /ECMP off: .*nextHopSelf/);
    await until(one, { what: 'one next hop in each kernel' });

    await speak({ nextHopSelf: true });
    await routed(...all);
    await lab.routed(await lab.address('six'));
    await meds({ n1: 100, n2: 100, n3: 100 });
    for (const { from, nextHop, inUse } of await heardPaths(frr, ip)) assert.deepEqual([nextHop, inUse], [from, true]);
    for (const name of ['r1', 'bird']) await says(name, /^In use\.$/);
  });

  test('hear of a node only while it takes the traffic, and of one that drains as the last resort', async () => {
    await lab.patchService('web', { spec: { externalTrafficPolicy: 'Local' } });
    await lab.setEndpoints(slice('web', on(['n1', 'n3'])));
    await routed('n1', 'n3');
    assert.deepEqual((await heardPaths(frr, ip)).map(({ from }) => from).sort(), hops(['n1', 'n3']).split(','));
    await lab.setEndpoints(slice('web', on(all)));
    await lab.patchService('web', { spec: { externalTrafficPolicy: 'Cluster' } });
    await routed(...all);

    const taint = {
      key: 'ToBeDeletedByClusterAutoscaler',
      value: String(Math.floor(Date.now() / 1_000)),
      effect: 'NoSchedule',
    };
    await lab.patchNode('n3', { spec: { taints: [taint] } });
    await routed('n1', 'n2');
    await meds({ n1: 100, n2: 100, n3: 150 });
    const marked = (await heardPaths(frr, ip)).filter(({ communities }) => communities.includes('graceful-shutdown'));
    assert.deepEqual(
      marked.map(({ nextHop }: HeardPath) => nextHop),
      [hops(['n3'])],
    );
    await lab.patchNode('n3', { spec: { taints: null } });
    await routed(...all);
  });

  test('keep each node while its replica is killed, or restarted in order, and comes back: no request is lost', async () => {
    const outcomes = await withTraffic(async () => {
      await keepsRoutes(lab, [[ip], all], async () => {
        for (const [node, signal] of [
          ['n1', 'SIGKILL'],
          ['n2', 'SIGKILL'],
          ['n3', 'SIGTERM'],
        ] as const) {
          await lab.replicas.stop(node, signal);
          const left = all.filter((other) => other !== node);
          await until(async () => (await frr.establishedPeers()).join() === hops(left), {
            what: 'FRR to have noticed',
          });
          await lab.replicas.start(node);
          await lab.sessions(...all);
          await meds({ n1: 100, n2: 100, n3: 100 });
        }
      });
    }, patience.long);
    assert.deepEqual(lostOf(outcomes), []);
    await routed(...all);
  });

  test('have no dead node, also while its session stands and while its paths are retained, and the node again when it is back', async (t) => {
    let rightAt = Infinity;
    const histories = [await RouteHistory.start(frr, ip), await RouteHistory.start(bird, ip)];
    let states: string[][] = [];
    const outcomes = await withTraffic(async () => {
      try {
        const start = performance.now();
        await lab.lab.node('n3').powerOff();
        await routed('n1', 'n2');
        rightAt = Date.now();
        t.diagnostic(
          `both kernels without the dead next hop ${seconds(performance.now() - start)} s after the power was off`,
        );
        await until(async () => (await frr.establishedPeers()).join() === hops(['n1', 'n2']), {
          what: 'the hold time of the dead session to end',
        });
        await routed('n1', 'n2');
        await retained('n3', ['n1', 'n2']);
      } finally {
        states = await Promise.all(histories.map((history) => history.stop()));
      }
    }, patience.short);
    for (const seen of states) {
      assertNeverBack(seen, hops(['n3']));
      t.diagnostic(`next hops in turn: ${seen.map((hop) => `[${hop}]`).join(' ')}`);
    }
    const lost = lostOf(outcomes);
    t.diagnostic(`${lost.length} of ${outcomes.length} requests lost`);
    assert.deepEqual(
      lost.filter(({ sentAt }) => sentAt > rightAt),
      [],
    );

    await n3ComesBack();
  });

  /** Waits until FRR retains the path of a dead one, which it does not use, and uses those of the living, which are better by their MED. */
  async function retained(dead: string, living: readonly string[]): Promise<void> {
    const wanted = [...living.map((node) => `${hops([node])} MED 99 in use`), `${hops([dead])} MED 100 stale`];
    const heard = async (): Promise<string> => {
      const paths = (await heardPaths(frr, ip)).map(({ nextHop, med, inUse, stale }) => {
        return [nextHop, `MED ${med}`, ...(stale ? ['stale'] : []), ...(inUse ? ['in use'] : [])].join(' ');
      });
      return paths.sort().join(', ');
    };
    await until(async () => (await heard()) === wanted.sort().join(', '), {
      what: `FRR to have ${wanted.join(', ')}`,
      explain: heard,
    });
  }

  async function n3ComesBack(): Promise<void> {
    await lab.lab.node('n3').powerOn();
    await lab.lab.node('n3').serve(ip);
    await health.serve('n3');
    await lab.replicas.start('n3');
    await lab.sessions(...all);
    await routed(...all);
    await meds({ n1: 100, n2: 100, n3: 100 });
  }

  test('lose the dead node alone, with BFD and without graceful restart: no other next hop goes, not for a moment', async (t) => {
    // The living are not to seem dead where a busy machine has no time for one of them for a moment.
    const detectMultiplier = 10;
    const bfd = { enabled: true, detectMultiplier };
    const spec = { timers, nextHopSelf: true, bfd, gracefulRestart: { enabled: false } };
    const since = Date.now();
    await lab.lab.apply(bgpPeer(frr, frr.addresses.ipv4, spec));
    const changed = async (): Promise<boolean> =>
      (await frr.sessionChanges(since)).filter(({ isUp }) => isUp).length >= all.length;
    await until(changed, { what: 'the sessions to be others' });
    await lab.sessions(...all);
    // FRR 8.4 may forget BFD of a dynamic neighbour that is back before the one of the last session is cleared away: so BFD comes afterwards.
    await frr.startBfd(`${detectMultiplier} 300 300`);
    const up = async (): Promise<boolean> =>
      (await frr.bfdPeers()).filter(({ status }) => status === 'up').length === 3;
    await until(up, { what: 'BFD with all replicas', explain: async () => JSON.stringify(await frr.bfdPeers()) });
    await lab.sessions(...all);
    await routed(...all);
    const history = await RouteHistory.start(frr, ip);
    let states: string[] = [];
    try {
      const start = performance.now();
      await lab.lab.node('n3').powerOff();
      await lab.routed(ip, ['n1', 'n2']);
      t.diagnostic(`FRR without the dead next hop ${seconds(performance.now() - start)} s after the power was off`);
      // The others have noticed by then, and tell this router nothing of it.
      await until(async () => (await bird.gateways(ip)).join() === hops(['n1', 'n2']), { what: 'BIRD to follow' });
      await meds({ n1: 100, n2: 100 });
    } finally {
      states = await history.stop();
    }
    assert.deepEqual(states, [hops(['n1', 'n2'])]);
    await n3ComesBack();
  });

  /** Once a machine is no next hop any more, it is none in any later state. */
  function assertNeverBack(states: readonly string[], hop: string): void {
    const gone = states.findIndex((state) => !state.split(',').includes(hop));
    assert.ok(gone >= 0, states.join(' | '));
    for (const state of states.slice(gone)) assert.ok(!state.split(',').includes(hop), states.join(' | '));
  }
});

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}
