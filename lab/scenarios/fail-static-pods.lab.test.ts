/** The API server of a real cluster is down, and the manager's containers die: their kubelets restart them, and users notice nothing. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Lab } from '../lab.ts';
import { httpPort } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { installManager, managerNamespace, managerPods } from '../story/install.ts';
import { configuration, service, whoami } from '../story/manifests.ts';
import { addressOf } from '../story/main-job.ts';
import { request, SteadyTraffic } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';

suite('the containers of all replicas are killed while the API server is down', () => {
  let lab: Lab;
  let ip: string;

  before(async () => {
    lab = await Lab.up({ nodes: 2, routers: 1, progress: progressToStderr });
    await installManager(lab, progressToStderr, ['logLevel=debug']);
    for (const object of configuration(lab)) await lab.apply(object);
    await lab.apply(whoami('whoami', 4));
    await lab.apply(service('whoami', { app: 'whoami' }));
    await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=300s']);
    ip = await addressOf(lab, 'whoami');
  });
  after(() => lab.down());

  /** Until the router uses both nodes, both replicas have a session, and requests are answered. */
  async function served(): Promise<void> {
    await lab.router('r1').waitForRoutes(
      ip,
      lab.nodes.map(({ addresses }) => addresses.ipv4),
    );
    await sessions();
    await until(async () => (await request(lab.client('c1'), ip, 100)).size === 4, { what: 'four Pods to answer' });
  }

  async function sessions(): Promise<void> {
    const wanted = lab.nodes.map(({ addresses }) => addresses.ipv4).sort();
    const established = async (): Promise<boolean> =>
      (await lab.router('r1').establishedPeers()).join() === wanted.join();
    await until(established, { what: 'both replicas to have a session', timeoutMs: 90_000 });
  }

  async function readiness(name: string): Promise<string> {
    const node = lab.node(name);
    const url = `http://${node.addresses.ipv4}:${httpPort}/readyz`;
    return node.exec('curl', '-sS', '--max-time', '2', url).catch(() => '');
  }

  /** Waits until every replica has kept what it knows now. */
  async function saved(): Promise<void> {
    const pods = await managerPods(lab);
    const times = async (name: string): Promise<number> =>
      (await lab.kubectl(['logs', '-n', managerNamespace, name])).split('the state is saved').length - 1;
    const before = await Promise.all(pods.map(({ name }) => times(name)));
    // A change that is seen after all that was known before.
    await lab.kubectl(['label', 'node', lab.nodes[0]?.name ?? '', `seen=${Date.now()}`, '--overwrite']);
    for (const [i, { name }] of pods.entries()) {
      await until(async () => (await times(name)) > (before[i] ?? 0), { what: `${name} to have saved what it knows` });
    }
  }

  /** Ends the manager's process on a node without a word. */
  async function kill(node: string): Promise<void> {
    const listeners = await lab.node(node).exec('ss', '-ltnpH', `sport = :${httpPort}`);
    const [, pid = ''] = /pid=(\d+)/.exec(listeners) ?? [];
    assert.notEqual(pid, '', `nobody listens on ${node}: ${listeners}`);
    await lab.node(node).exec('kill', '-9', pid);
  }

  async function survives(): Promise<void> {
    await served();
    await saved();
    await lab.stopApiServer();
    const traffic = new SteadyTraffic(lab.client('c1'), ip).start();
    let outcome: { answered: number; failures: readonly string[] };
    try {
      for (const { name } of lab.nodes) await kill(name);
      for (const { name } of lab.nodes) {
        const back = async (): Promise<boolean> => (await readiness(name)).includes('announcing what was known at');
        await until(back, {
          what: `the container on ${name} to be back`,
          timeoutMs: 90_000,
          explain: () => readiness(name),
        });
      }
      await sessions();
    } finally {
      outcome = await traffic.stop();
      await lab.startApiServer();
    }
    assert.deepEqual(outcome.failures, []);
    process.stderr.write(`      ${outcome.answered} requests meanwhile, none lost\n`);
    for (const { name } of lab.nodes) {
      await until(async () => (await readiness(name)) === 'ok\n', { what: `${name} to be ready`, timeoutMs: 60_000 });
    }
    await served();
  }

  test('as root with NET_RAW only', survives);

  test('as nobody, without Layer 2, while the router wants a password from a Secret', async () => {
    await installManager(lab, progressToStderr, ['logLevel=debug', 'layer2.enabled=false']);
    const password = 'correct-horse';
    const metadata = { name: 'r1', namespace: managerNamespace };
    await lab.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password } });
    await lab.api.patch('/apis/network.kubesphere.io/v1alpha2/bgppeers/r1', {
      spec: { passwordSecretRef: { name: 'r1' } },
    });
    const router = lab.router('r1');
    await router.vtysh('configure terminal', `router bgp ${router.asn}`, `neighbor cluster password ${password}`);
    await router.vtysh('clear bgp *');
    await survives();
  });
});
