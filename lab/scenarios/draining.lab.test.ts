/** Nodes that are about to go, under traffic: what the router is told, and what its clients notice. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test';
import type { WhoamiAnswer } from '../images/images.ts';
import { ours } from '../local/objects.ts';
import { patience, type Client, type HttpAnswer, type Outcome } from '../network/client.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { heardPaths, type HeardPath } from './manager/paths.ts';
import { routesDuring } from './manager/routes-during.ts';

const all = ['n1', 'n2', 'n3'];
const others = ['n1', 'n2'];
/** Longer than any test takes: what is seen in the grace time does not pass while a slow machine looks. */
const graceSeconds = 600;

suite('a node is drained', () => {
  let lab: ManagerLab;
  let client: Client;
  let ip: string;

  before(async () => {
    const environment = { DRAIN_GRACE_SECONDS: String(graceSeconds), DRAIN_ON_CORDON: 'true' };
    lab = await ManagerLab.up({ members: others, clients: 1, environment });
    client = lab.lab.client('c1');
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    await Promise.all(lab.lab.nodes.map((node) => node.serve(ip)));
  });
  after(() => lab.down());
  beforeEach(async () => {
    for (const node of all) await lab.patchNode(node, { spec: { taints: null, unschedulable: null } });
    await lab.routed(ip);
    await unmarked();
  });

  /** Has the autoscaler's taint on a node, as old as this. */
  async function taint(node: string, ageSeconds: number): Promise<void> {
    const value = String(Math.floor(Date.now() / 1_000) - ageSeconds);
    const taints = [{ key: 'ToBeDeletedByClusterAutoscaler', value, effect: 'NoSchedule' }];
    await lab.patchNode(node, { spec: { taints } });
  }

  async function untaint(node: string): Promise<void> {
    await lab.patchNode(node, { spec: { taints: null } });
  }

  function isThrough(node: string): (path: HeardPath) => boolean {
    return ({ nextHop }) => nextHop === lab.lab.node(node).addresses.ipv4;
  }

  /** Waits until what the router has heard of the address is so. */
  async function heard(what: string, fulfilled: (paths: readonly HeardPath[]) => boolean): Promise<HeardPath[]> {
    const router = lab.lab.router('r1');
    const look = async (): Promise<HeardPath[] | false> => {
      const paths = await heardPaths(router, ip);
      return fulfilled(paths) && paths;
    };
    const explain = async (): Promise<string> => JSON.stringify(await heardPaths(router, ip));
    return until(look, { what: `r1 to have ${what}`, explain });
  }

  function isMarked({ communities }: HeardPath): boolean {
    return communities.includes('graceful-shutdown');
  }

  /** Both replicas have told of all three nodes, of none as one that drains. */
  async function unmarked(): Promise<void> {
    await heard('six paths without the community', (paths) => paths.length === 6 && !paths.some(isMarked));
  }

  /** Both replicas have marked their paths through this node, and no other. */
  async function marked(node: string): Promise<HeardPath[]> {
    const isSo = (path: HeardPath): boolean => isMarked(path) === isThrough(node)(path);
    const paths = await heard(`marked paths through ${node} only`, (now) => now.length === 6 && now.every(isSo));
    return paths.filter(isThrough(node));
  }

  async function withdrawn(node: string): Promise<void> {
    const isGone = (paths: readonly HeardPath[]): boolean => paths.length === 4 && !paths.some(isThrough(node));
    await heard(`no path through ${node}`, isGone);
  }

  /**
   * Runs `action` while the client sends a request every 20 ms; returns those without an answer, and the distinct states of the kernel's
   * route meanwhile.
   */
  async function under(t: TestContext, what: string, action: () => Promise<void>): Promise<[Outcome[], string[]]> {
    const traffic = new PacedTraffic(client, ip, { timeoutMs: patience.long });
    await until(async () => traffic.outcomes.length >= 10, { what: 'the traffic to flow' });
    const states = await routesDuring(lab, [ip], action);
    const before = traffic.outcomes.length;
    await until(async () => traffic.outcomes.length >= before + 25, { what: 'the traffic to go on' });
    const outcomes = await traffic.stop();
    const lost = outcomes.filter((outcome) => !isAnswered(outcome));
    const route = [...new Set(states.get(ip))];
    t.diagnostic(
      `${what}: ${lost.length} of ${outcomes.length} requests lost; route of the kernel: ${route.join(' > ')}`,
    );
    return [lost, route];
  }

  /**
   * A router that hashes moves connections when the set of next hops changes: those that were under way at that moment may break, and
   * nothing else does.
   */
  function assertOnlyRehashed(lost: readonly Outcome[]): void {
    const lastSent = Math.max(...lost.map(({ sentAt }) => sentAt));
    const firstEnded = Math.min(...lost.map(({ endedAt }) => endedAt));
    assert.ok(lastSent <= firstEnded, `not under way at one moment: ${JSON.stringify(lost)}`);
  }

  function gateways(nodes: readonly string[]): string {
    return nodes.map((node) => lab.lab.node(node).addresses.ipv4).join();
  }

  interface Connection {
    readonly name: string;
    /** Which the router has chosen for it. */
    readonly node: string;
  }

  async function opened(prefix: string, count: number): Promise<Connection[]> {
    const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
    return Promise.all(
      names.map(async (name) => {
        const { body } = await client.get(ip, { held: name, timeoutMs: 10_000 });
        return { name, node: (JSON.parse(body) as WhoamiAnswer).node };
      }),
    );
  }

  async function goesOn({ name }: Connection): Promise<boolean> {
    const answer: HttpAnswer | undefined = await client
      .get(ip, { held: name, timeoutMs: 10_000 })
      .catch(() => undefined);
    return answer?.reused === true;
  }

  test('the autoscaler’s taint: nobody’s choice at once, withdrawn later, and back; nothing is lost but by the router’s hash', async (t) => {
    const old = await opened('old', 24);
    const [lostFirst, first] = await under(t, 'marked', async () => {
      await taint('n3', 0);
      for (const path of await marked('n3')) {
        // What FRR makes of the community by itself (RFC 8326, 4.1), and what it would do without.
        assert.deepEqual([path.localPref, path.med % 100], [0, 50]);
      }
      // It chooses anew a moment after it has heard a path.
      await heard('n3 out of use', (paths) => !paths.filter(isThrough('n3')).some(({ inUse }) => inUse));
      await lab.routed(ip, others);
    });
    assert.deepEqual(first, [gateways(others)]);
    assertOnlyRehashed(lostFirst);
    for (const node of all) {
      const through = old.filter((connection) => connection.node === node);
      const kept = await Promise.all(through.map(goesOn));
      t.diagnostic(
        `connections from before, through ${node}: ${kept.filter(Boolean).length} of ${through.length} go on`,
      );
    }

    const held = await opened('held', 24);
    assert.deepEqual([...new Set(held.map(({ node }) => node))].sort(), others);
    const [lostThen, then] = await under(t, 'withdrawn', async () => {
      await taint('n3', graceSeconds);
      await withdrawn('n3');
    });
    assert.deepEqual(lostThen, []);
    // The router had left it out before: withdrawing it changes nothing in how packets go, and every connection goes on.
    assert.ok(
      then.every((state) => state === gateways(others)),
      then.join(),
    );
    assert.deepEqual(
      await Promise.all(held.map(goesOn)),
      held.map(() => true),
    );

    const [lostAtLast, last] = await under(t, 'back', async () => {
      await untaint('n3');
      await lab.routed(ip);
    });
    assert.deepEqual(last, [gateways(all)]);
    assertOnlyRehashed(lostAtLast);
  });

  test('the grace time runs out by itself', async () => {
    await taint('n3', graceSeconds - 3);
    await withdrawn('n3');
  });

  test('a cordon, where it is to count', async () => {
    await lab.patchNode('n3', { spec: { unschedulable: true } });
    await marked('n3');
    await lab.patchNode('n3', { spec: { unschedulable: null } });
    await unmarked();
    await lab.routed(ip);
  });

  test('its Node is deleted, and registers anew', async () => {
    await lab.lab.api.delete('/api/v1/nodes/n3');
    await marked('n3');
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    await unmarked();
    await lab.routed(ip);
  });

  test('all nodes are drained: the address stays, through all of them, and the first that is not any more takes over', async () => {
    const states = await routesDuring(lab, [ip], async () => {
      for (const node of ['n3', 'n2']) await taint(node, graceSeconds);
      await lab.routed(ip, ['n1']);
      await taint('n1', graceSeconds);
      await lab.routed(ip);
      await unmarked();
      await untaint('n2');
      await lab.routed(ip, ['n2']);
      for (const node of ['n1', 'n3']) await untaint(node);
      await lab.routed(ip);
    });
    assert.ok(!(states.get(ip) ?? []).includes(''), 'there is a route all the time');
  });
});
