/**
 * What replicas go through, as a client and two makes of router see it: FRR, which the client's traffic crosses, and BIRD beside it. No BFD
 * anywhere.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test, type TestContext } from 'node:test';
import { bgpPeer, ours } from '../local/objects.ts';
import { httpPort, podOn } from '../local/replicas.ts';
import type { BirdRouter } from '../network/bird-router.ts';
import { patience, type Outcome } from '../network/client.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { isAnswered, longestGap, PacedTraffic } from '../story/traffic.ts';
import { ingressOf, ManagerLab } from './manager/manager-lab.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { heardPaths, hearsMeds } from './manager/paths.ts';
import { RouteHistory } from './manager/route-history.ts';

const all = ['n1', 'n2', 'n3'];
/** Another candidate respects a silent leader's lease for 15 s after it saw the last change; the rest is for a slow machine. */
const leaseTimeMs = 60_000;
const nodes = '/api/v1/nodes';

/** Every state that the kernel's route had while something happened, by router. */
interface Seen {
  readonly frr: readonly string[];
  readonly bird: readonly string[];
}

suite('replicas are scaled, restarted, cut off, frozen, and lose their machine', () => {
  let lab: ManagerLab;
  let frr: Router;
  let bird: BirdRouter;
  let health: NodeVerdicts;
  let ip: string;

  before(async () => {
    lab = await ManagerLab.up({ clients: 1, hosts: 1 });
    frr = lab.lab.router('r1');
    bird = await lab.lab.startBird(lab.lab.host('h1'));
    const timers = { config: { holdTime: '9', keepaliveInterval: '3' } };
    for (const router of [frr, bird]) await lab.lab.apply(bgpPeer(router, router.addresses.ipv4, { timers }));
    health = new NodeVerdicts(lab);
    for (const node of all) await health.serve(node);
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    for (const node of lab.lab.nodes) await node.serve(ip);
    await health.are('alive', all);
    await are('n1');
    await lab.leads('n1');
  });
  after(() => lab.down());

  function hops(names: readonly string[]): string {
    return names.map((node) => lab.lab.node(node).addresses.ipv4).join();
  }

  /** Waits until both kernels have these next hops, each once. */
  async function routed(...names: string[]): Promise<void> {
    await lab.routed(ip, names);
    const has = async (): Promise<string> => (await bird.gateways(ip)).join();
    await until(async () => (await has()) === hops(names), {
      what: `BIRD's kernel to have the next hops ${hops(names)}`,
      explain: async () => `it has ${await has()}\n${await bird.birdc('show', 'route', 'all', 'for', ip)}`,
    });
  }

  /** Waits until exactly the replicas on these machines have a session with both routers, and their ranks are settled. */
  async function are(...members: string[]): Promise<void> {
    await lab.sessions(...members);
    await until(async () => (await bird.established()) === members.length, {
      what: `BIRD to have sessions with ${members.join(', ')}`,
      explain: () => bird.birdc('show', 'protocols'),
    });
    await meds(Object.fromEntries(members.map((node, i) => [node, i === 0 ? 100 : 200])));
    await routed(...all);
  }

  async function meds(wanted: Readonly<Record<string, number>>): Promise<void> {
    const entries = Object.entries(wanted).map(([node, med]) => [lab.lab.node(node).addresses.ipv4, med]);
    await hearsMeds(frr, ip, Object.fromEntries(entries) as Record<string, number>);
  }

  async function during(action: () => Promise<void>): Promise<Seen> {
    const histories = [await RouteHistory.start(frr, ip), await RouteHistory.start(bird, ip)];
    let states: string[][] = [];
    try {
      await action();
    } finally {
      states = await Promise.all(histories.map((history) => history.stop()));
    }
    const [ofFrr = [], ofBird = []] = states;
    return { frr: ofFrr, bird: ofBird };
  }

  /**
   * No state of either kernel's route is without next hops, has one twice or one of another machine; all of FRR's have all. BIRD acts on each
   * path as it comes.
   */
  function assertComplete(seen: Seen, names: readonly string[]): void {
    for (const state of seen.frr) assert.equal(state, hops(names));
    for (const state of seen.bird) {
      const now = state.split(',');
      assert.deepEqual(now, [...new Set(now)]);
      assert.ok(
        now.every((hop) => hops(names).split(',').includes(hop)),
        state,
      );
    }
  }

  async function withTraffic(action: () => Promise<void>, timeoutMs: number): Promise<readonly Outcome[]> {
    return await PacedTraffic.during(action, lab.lab.client('c1'), ip, { everyMs: 40, timeoutMs });
  }

  test('from one to three, one restarted after the other, from three to one: no request is lost', async () => {
    let seen: Seen = { frr: [], bird: [] };
    const outcomes = await withTraffic(async () => {
      seen = await during(async () => {
        await lab.replicas.setMembers(...all);
        await lab.replicas.start('n2', 'n3');
        await are(...all);
        for (const node of all) {
          await lab.replicas.stop(node);
          await lab.replicas.start(node);
          await are(...all);
        }
        await Promise.all(['n1', 'n2'].map((node) => lab.replicas.stop(node)));
        await lab.replicas.setMembers('n3');
        await are('n3');
      });
    }, patience.long);
    assert.deepEqual(
      outcomes.filter((outcome) => !isAnswered(outcome)),
      [],
    );
    assertComplete(seen, all);
  });

  test('the first of three leaves in order, and comes back: the routes of another one are there before its own get worse, and no kernel sees it', async () => {
    // As Kubernetes does: the new ones are ready before the old one has to go.
    await lab.replicas.setMembers(...all);
    await lab.replicas.start('n1', 'n2');
    await are(...all);
    const seen = await during(async () => {
      await lab.replicas.stop('n1');
      await are('n2', 'n3');
      await lab.replicas.start('n1');
      await are(...all);
    });
    assertComplete(seen, all);
    assert.deepEqual(seen.bird, []);
  });

  test('the first of two loses its machine: its own, retained routes never win over those of the other', async (t) => {
    await lab.replicas.stop('n3');
    await lab.replicas.setMembers('n1', 'n2');
    await are('n1', 'n2');
    let seen: Seen = { frr: [], bird: [] };
    let rightAt = Infinity;
    const outcomes = await withTraffic(async () => {
      seen = await during(async () => {
        const start = performance.now();
        await lab.lab.node('n1').powerOff();
        await routed('n2', 'n3');
        rightAt = Date.now();
        t.diagnostic(
          `both kernels without the dead next hop ${seconds(performance.now() - start)} s after the power was off`,
        );
        // Until then its session stands; what a router retains after that has still its MED of 100.
        const held = async (): Promise<boolean> => (await frr.establishedPeers()).join() === hops(['n2']);
        await until(held, { what: 'the hold time of the dead session to end' });
        await routed('n2', 'n3');
        tellRetained(t, await heardPaths(frr, ip));
      });
    }, patience.short);
    assertNeverBack(seen.frr, 'n1');
    assertNeverBack(seen.bird, 'n1');
    const lost = outcomes.filter((outcome) => !isAnswered(outcome));
    t.diagnostic(
      `${lost.length} of ${outcomes.length} requests lost; without any answer for ${longestGap(outcomes)?.ms ?? 0} ms at most`,
    );
    assert.deepEqual(
      lost.filter(({ sentAt }) => sentAt > rightAt),
      [],
    );
    await lab.lab.node('n1').powerOn();
    await health.serve('n1');
    await lab.replicas.start('n1');
    await are('n1', 'n2');
  });

  function tellRetained(t: TestContext, paths: readonly { from: string; stale: boolean }[]): void {
    const stale = paths.filter((path) => path.stale && path.from === hops(['n1']));
    t.diagnostic(`paths of the dead replica that FRR retains: ${stale.length}`);
  }

  /** Once a machine is no next hop any more, it is none in any later state. */
  function assertNeverBack(states: readonly string[], node: string): void {
    const gone = states.findIndex((state) => !state.split(',').includes(hops([node])));
    assert.ok(gone >= 0, states.join(' | '));
    for (const state of states.slice(gone)) assert.ok(!state.split(',').includes(hops([node])), states.join(' | '));
  }

  /** Runs `action` while n3 is no node of the cluster; it is as healthy as before, so that only the API server knows. */
  async function withoutN3(action: () => Promise<void>): Promise<void> {
    await lab.lab.api.delete(`${nodes}/n3`);
    await routed('n1', 'n2');
    try {
      await action();
    } finally {
      const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
      await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    }
    await routed(...all);
  }

  test('the first one is cut off from the API server, the world moves on: its old view loses, also when it is back', async () => {
    const server = /https:\/\/([0-9.]+):/.exec(await readFile(lab.lab.insideKubeconfig, 'utf8'))?.[1] ?? '';
    const n1 = lab.lab.node('n1');
    await n1.exec('ip', 'route', 'add', 'blackhole', server);
    await meds({ n1: 400, n2: 100 });
    await withoutN3(async () => {
      const seen = await during(async () => {
        await n1.exec('ip', 'route', 'del', 'blackhole', server);
        await meds({ n1: 100, n2: 200 });
        await routed('n1', 'n2');
      });
      assertComplete(seen, ['n1', 'n2']);
    });
  });

  test('the first one, which leads, is frozen past its lease: it writes nothing when it goes on, and its old view loses', async () => {
    // The other one leaves for a moment, so that the first leads.
    await lab.replicas.stop('n2');
    await lab.leads('n1');
    await lab.replicas.start('n2');
    await are('n1', 'n2');
    const listening = await lab.lab.node('n1').exec('ss', '-Hltnp', `sport = :${httpPort}`);
    const pid = Number(/pid=(\d+)/.exec(listening)?.[1]);
    assert.ok(pid > 1, listening);
    process.kill(pid, 'SIGSTOP');
    try {
      // It will find this on its connections, and may not act on it.
      await lab.create('asked', { spec: ours });
      const leads = async (): Promise<boolean> => (await lab.replicas.leader()) === podOn('n2');
      await until(leads, { what: `${podOn('n2')} to lead`, timeoutMs: leaseTimeMs });
      const taken = await lab.address('asked');
      await lab.deleteService('asked');
      await lab.gone('asked');
      await lab.create('heir', { spec: { ...ours, loadBalancerIP: taken } });
      await lab.announcedBecause('heir', 'Announced');
      assert.equal(await lab.address('heir'), taken);
      await withoutN3(async () => {
        const { resourceVersion } = (await lab.service('heir')).metadata;
        const seen = await during(async () => {
          process.kill(pid, 'SIGCONT');
          await meds({ n1: 100, n2: 200 });
          await routed('n1', 'n2');
        });
        assertComplete(seen, ['n1', 'n2']);
        assert.equal(await lab.replicas.leader(), podOn('n2'));
        await lab.patchService('heir', { metadata: { labels: { looked: 'at' } } });
        for (const state of await lab.history('heir', resourceVersion)) assert.deepEqual(ingressOf(state), [taken]);
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('a machine dies while the API server is down: it leaves the routes of both, and comes back', async (t) => {
    await lab.lab.stopApiServer();
    try {
      await meds({ n1: 400, n2: 500 });
      const start = performance.now();
      await lab.lab.node('n3').disconnect();
      await routed('n1', 'n2');
      t.diagnostic(`both kernels without it ${seconds(performance.now() - start)} s after its cable was pulled`);
      await lab.lab.node('n3').reconnect();
      await routed(...all);
    } finally {
      await lab.lab.startApiServer();
    }
    await are('n1', 'n2');
  });

  test('the first one is cut off with its machine, another machine dies, the first one is back: what it said before never wins', async () => {
    // So long that nobody has noticed anything of a session by then.
    const timers = { config: { holdTime: '60', keepaliveInterval: '3' } };
    for (const router of [frr, bird]) await lab.lab.apply(bgpPeer(router, router.addresses.ipv4, { timers }));
    await lab.replicas.setMembers('n1', 'n2');
    for (const node of ['n2', 'n1']) {
      await lab.replicas.stop(node);
      await lab.replicas.start(node);
      await are('n1', 'n2');
    }
    await lab.lab.partition(['n1'], ['n2', 'n3', 'r1', 'h1']);
    await routed('n2', 'n3');
    const seen = await during(async () => {
      await lab.lab.node('n3').powerOff();
      await routed('n2');
      await until(async () => (await backoffs('n1')).every((times) => times >= 6), {
        what: 'TCP to wait more than ten seconds before it sends again',
        explain: async () => (await backoffs('n1')).join(),
      });
      await lab.lab.heal();
      await routed('n1', 'n2');
      await meds({ n1: 100, n2: 200 });
      await routed('n1', 'n2');
    });
    assertNeverBack(seen.frr, 'n3');
    assertNeverBack(seen.bird, 'n3');
    await lab.lab.node('n3').powerOn();
    await health.serve('n3');
    await routed(...all);
  });

  /** How often TCP has waited twice as long as before, for each session of a machine's replica. */
  async function backoffs(node: string): Promise<number[]> {
    const sessions = await lab.lab.node(node).exec('ss', '-Htin', 'dport = :179');
    const found = sessions.split('\n').filter((line) => line.includes('cwnd:'));
    assert.equal(found.length, 2, sessions);
    return found.map((line) => Number(/\bbackoff:(\d+)/.exec(line)?.[1] ?? 0));
  }
});

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}
