/** What happens in a real cluster every day, with kubelets and kube-proxy as they are: no node is taken for dead, and users notice nothing. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../bench/figures.ts';
import { Lab } from '../lab.ts';
import { patience } from '../network/client.ts';
import { until } from '../state/until.ts';
import { installManager, managerNamespace, managerPods } from '../story/install.ts';
import { addressOf } from '../story/main-job.ts';
import { configuration, service, whoami } from '../story/manifests.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { RouteHistory } from './manager/route-history.ts';

/** So long that a health port which refuses for all of it would be its node's end (15 s). */
const longerThanRefusals = 17_000;
/** As many as kube-proxies on a small machine have written in half a minute; with a thousand, on nodes without them: `node-health`. */
const burst = 300;

/** A line of a replica's log. */
interface Verdict {
  readonly by: string;
  readonly ts: string;
  readonly node: string;
  readonly health: string;
}

suite('in a real cluster, from day to day', () => {
  let lab: Lab;
  let ip: string;

  before(async () => {
    lab = await Lab.up({ routers: 1, progress: progressToStderr });
    await installManager(lab, progressToStderr);
    for (const object of configuration(lab)) await lab.apply(object);
    await lab.apply(whoami('whoami', 6));
    await lab.apply(service('whoami', { app: 'whoami' }));
    await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=300s']);
    ip = await addressOf(lab, 'whoami');
  });
  after(() => lab.down());
  beforeEach(async () => {
    await routed();
    const allAlive = async (): Promise<boolean> => {
      const last = new Map((await verdicts()).map(({ by, node, health }) => [`${by} ${node}`, health]));
      return last.size === 2 * lab.nodes.length && [...last.values()].every((health) => health === 'alive');
    };
    const explain = async (): Promise<string> => JSON.stringify(await verdicts());
    await until(allAlive, { what: 'both replicas to have met all nodes', explain });
  });

  async function routed(address = ip): Promise<void> {
    const gateways = lab.nodes.map(({ addresses }) => addresses.ipv4);
    await lab.router('r1').waitForRoutes(address, gateways, { timeoutMs: 120_000 });
  }

  /** What replicas have said of nodes so far, from first to last. */
  async function verdicts(): Promise<Verdict[]> {
    const said = (await managerPods(lab)).map(async ({ name }) => {
      const lines = (await lab.kubectl(['logs', '-n', managerNamespace, name])).split('\n');
      return lines
        .filter((line) => line.includes('"verdict on a node changed"'))
        .map((line) => ({ ...(JSON.parse(line) as Omit<Verdict, 'by'>), by: name }));
    });
    return (await Promise.all(said)).flat().sort((a, b) => a.ts.localeCompare(b.ts));
  }

  /** Runs `action` while a client asks every 10 ms: it is always answered. */
  async function unnoticed(action: () => Promise<void>): Promise<void> {
    const pace = { everyMs: 10, timeoutMs: patience.long };
    const outcomes = await PacedTraffic.during(action, lab.client('c1'), ip, pace);
    assert.deepEqual(
      outcomes.filter((outcome) => !isAnswered(outcome)),
      [],
    );
    process.stderr.write(`      ${outcomes.length} requests meanwhile, none lost\n`);
  }

  /** Runs `action`: in every state of the router's route there are all nodes. Returns the verdicts that replicas have changed. */
  async function stays(action: () => Promise<void>): Promise<Verdict[]> {
    const before = (await verdicts()).length;
    const history = await RouteHistory.start(lab.router('r1'), ip);
    let states: string[] = [];
    try {
      await action();
    } finally {
      states = await history.stop();
    }
    const all = lab.nodes.map(({ addresses }) => addresses.ipv4).join();
    for (const state of states) assert.equal(state, all);
    await routed();
    return (await verdicts()).slice(before);
  }

  test('kube-proxy is updated, on one node after the other: nothing, and no request is lost', async () => {
    const update = async (): Promise<void> => {
      for (const node of lab.nodes) {
        await node.stopKubeProxy();
        // Long enough to be noticed; the rest until it is well again takes as long as the machine takes for it.
        await sleep(2_000);
        await node.startKubeProxy();
        await answers(node.addresses.ipv4);
      }
    };
    await unnoticed(async () => {
      assert.deepEqual(await stays(update), []);
    });
  });

  /** Waits until kube-proxy says that it is well: it has written its rules once. */
  async function answers(address: string): Promise<void> {
    const ask = async (): Promise<string> =>
      lab.router('r1').exec('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `http://${address}:10256/livez`);
    await until(async () => (await ask().catch(() => '')) === '200', { what: `kube-proxy on ${address} to be well` });
  }

  test('a node is drained by kubectl, and the autoscaler says that it goes: it is no dead one', async () => {
    const busy = new Set((await managerPods(lab)).map(({ node }) => node));
    const node = lab.nodes.find(({ name }) => !busy.has(name));
    assert.ok(node, 'with two replicas on three nodes one node has none');
    const changed = await stays(async () => {
      await lab.kubectl(['drain', node.name, '--ignore-daemonsets', '--timeout=300s']);
      await lab.kubectl(['uncordon', node.name]);
    });
    assert.deepEqual(changed, []);
    const before = await verdicts();
    const taint = 'ToBeDeletedByClusterAutoscaler';
    await lab.kubectl(['taint', 'node', node.name, `${taint}=${Math.floor(Date.now() / 1_000)}:NoSchedule`]);
    const old = async (): Promise<string> =>
      lab.router('r1').exec('curl', '-s', '-w', '%{http_code}', `http://${node.addresses.ipv4}:10256/healthz`);
    await until(async () => (await old()).endsWith('503'), { what: 'kube-proxy to say that the node goes' });
    await sleep(longerThanRefusals);
    assert.deepEqual(await verdicts(), before);
    await lab.kubectl(['taint', 'node', node.name, `${taint}-`]);
    await routed();
  });

  test('a firewall hides the health ports of all nodes from the first-ranked replica: nothing', async () => {
    const [first] = await managerPods(lab);
    assert.ok(first);
    const rule = ['OUTPUT', '-p', 'tcp', '--dport', '10256', '-j', 'DROP'];
    const before = (await verdicts()).length;
    const isUnknown = async (): Promise<boolean> =>
      (await verdicts()).slice(before).some(({ health }) => health === 'unknown');
    const explain = async (): Promise<string> => JSON.stringify(await verdicts());
    const changed = await stays(async () => {
      await lab.node(first.node).exec('iptables', '-I', ...rule);
      try {
        await sleep(longerThanRefusals);
        // What nobody can confirm is unknown in the end, and Kubernetes has the word.
        await until(isUnknown, { what: 'nodes to be unknown', explain });
      } finally {
        await lab.node(first.node).exec('iptables', '-D', ...rule);
      }
    });
    assert.deepEqual(
      changed.filter(({ health }) => health === 'dead'),
      [],
    );
  });

  test('the manager is scaled from two to three, to one and back, and restarted: no request is lost', async () => {
    const manager = ['deployment/porter-manager', '-n', managerNamespace];
    const scaled = async (replicas: number): Promise<void> => {
      await lab.kubectl(['scale', ...manager, `--replicas=${replicas}`]);
      await sessions(replicas);
    };
    await unnoticed(async () => {
      for (const replicas of [3, 1, 2]) await scaled(replicas);
      await lab.kubectl(['rollout', 'restart', ...manager]);
      await lab.kubectl(['rollout', 'status', ...manager, '--timeout=300s']);
      await sessions(2);
    });
  });

  /** Waits until exactly so many Pods of the manager are there, all Ready, each with a session. */
  async function sessions(count: number): Promise<void> {
    await lab.kubectl([
      ...['rollout', 'status', 'deployment/porter-manager', '-n', managerNamespace],
      '--timeout=300s',
    ]);
    const settled = async (): Promise<boolean> => {
      const pods = await managerPods(lab);
      const wanted = pods.map(({ node }) => lab.nodes.find(({ name }) => name === node)?.addresses.ipv4 ?? '').sort();
      return pods.length === count && (await lab.router('r1').establishedPeers()).join() === wanted.join();
    };
    await until(settled, { what: `${count} replicas with a session each`, timeoutMs: 90_000 });
  }

  test(`a burst of ${burst} Services, with endpoints for each kube-proxy to write: nothing`, async () => {
    await lab.apply({
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name: 'burst' },
      spec: { address: '172.31.0.0/21' },
    });
    const start = performance.now();
    const changed = await stays(async () => {
      const wishes = { app: 'whoami', pool: 'burst' };
      await inParallel(burst, 8, async (i) => void (await lab.api.create(service(`burst-${i}`, wishes))));
      await routed(await addressOf(lab, `burst-${burst - 1}`));
    });
    assert.deepEqual(changed, []);
    process.stderr.write(`      all of it took ${((performance.now() - start) / 1_000).toFixed(0)} s\n`);
  });
});
