/** The packaged extension over its whole life, in a real cluster, installed as ks-core does: users of Services notice none of it. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Lab } from '../lab.ts';
import { until } from '../state/until.ts';
import { extensionNamespace, InstalledExtension } from '../story/extension.ts';
import { managerNamespace } from '../story/install.ts';
import { addressOf } from '../story/main-job.ts';
import { configuration, service, whoami } from '../story/manifests.ts';
import { PageReader } from '../story/page-reader.ts';
import { Scraping, type PodMonitor } from '../story/scraping.ts';
import { request, SteadyTraffic } from '../story/traffic.ts';
import { heardPaths } from './manager/paths.ts';
import type { Fence } from '../../tools/docs/fences.ts';
import { EXTENSION_LABEL } from '../../tools/package/ks-core-helm.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';

const self = 'lab/scenarios/extension.lab.test.ts';
const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

interface ServiceObject {
  readonly metadata: { readonly finalizers?: readonly string[] };
  readonly status: { readonly loadBalancer: object };
}

/** What the page of logs has for a Pod to write more, and as before. */
function logLevel(pod: string): { page: PageReader; more: Fence; asBefore: Fence } {
  const page = new PageReader('docs/reference/logs.md', self, { [managerNamespace]: extensionNamespace, PODNAME: pod });
  const [more, asBefore, ...others] = page.commands;
  assert.ok(more !== undefined && asBefore !== undefined);
  assert.deepEqual(others, [], 'all blocks of the page have their turn');
  return { page, more, asBefore };
}

suite('the extension in a cluster', () => {
  let lab: Lab;
  let extension: InstalledExtension;
  let ip: string;
  let annotated: string;
  let other: string;

  before(async () => {
    await ensurePrograms(['prometheus'], progressToStderr);
    lab = await Lab.up({ nodes: 3, routers: 1, progress: progressToStderr });
    extension = await InstalledExtension.prepare(lab, progressToStderr);
  });
  after(async () => {
    extension.close();
    await lab.down();
  });

  async function pods(): Promise<string[]> {
    const selector = 'labelSelector=app.kubernetes.io%2Fname%3Dporter-manager';
    const found = await lab.api.list(`/api/v1/namespaces/${extensionNamespace}/pods?${selector}`);
    return found.map(({ metadata }) => metadata.name).sort();
  }

  /** Those that were replaced may take a moment to end. */
  async function running(count: number): Promise<string[]> {
    const due = { what: `${count} replicas`, timeoutMs: 120_000, explain: async () => (await pods()).join() };
    return until(async () => {
      const now = await pods();
      return now.length === count && now;
    }, due);
  }

  async function routed(): Promise<void> {
    const gateways = lab.nodes.map(({ addresses }) => addresses.ipv4);
    await lab.router('r1').waitForRoutes(ip, gateways);
  }

  async function sessions(count: number): Promise<void> {
    const established = async (): Promise<boolean> => (await lab.router('r1').establishedPeers()).length === count;
    await until(established, { what: `${count} sessions`, timeoutMs: 120_000 });
  }

  /** kube-proxies may be some seconds behind. */
  async function answered(): Promise<void> {
    const byAll = async (): Promise<boolean> => (await request(lab.client('c1'), ip, 60)).size === 3;
    await until(byAll, { what: 'three Pods to answer', timeoutMs: 120_000 });
  }

  async function serviceObject(): Promise<ServiceObject> {
    return lab.api.get('/api/v1/namespaces/default/services/whoami');
  }

  async function hasFinalizer(): Promise<boolean> {
    return (await serviceObject()).metadata.finalizers?.includes(FINALIZER) === true;
  }

  /** Nothing of it may cost a request, nor the address. */
  async function unnoticed(action: () => Promise<void>): Promise<void> {
    const traffic = new SteadyTraffic(lab.client('c1'), ip).start();
    let outcome: Awaited<ReturnType<SteadyTraffic['stop']>>;
    try {
      await action();
      await routed();
    } finally {
      outcome = await traffic.stop();
    }
    assert.deepEqual(outcome.failures, []);
    assert.ok(outcome.answered > 0);
    assert.equal(await addressOf(lab, 'whoami'), ip);
  }

  test('is installed with the rights of permissions.yaml, and a Service is announced', async () => {
    await extension.install();
    await running(2);
    for (const object of configuration(lab)) await lab.apply(object);
    await lab.apply(whoami('whoami', 3));
    await lab.apply(service('whoami', { app: 'whoami' }));
    await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=300s']);
    ip = await addressOf(lab, 'whoami');
    await routed();
    await sessions(2);
    await answered();
  });

  // The kubelet takes up to a minute and a half to show that to the Pod: what else is seen of it is seen meanwhile.
  test('is told by an annotation of one of its Pods to write more', async () => {
    [annotated = '', other = ''] = await running(2);
    const { page, more } = logLevel(annotated);
    await page.type(lab, more);
  });

  test('brings its alerts, dashboards and monitor, with the label by which ks-core finds what it has installed', async () => {
    const kinds = 'clusterrulegroups,clusterdashboards,podmonitors,apiservices.extensions.kubesphere.io,jsbundles';
    const ours = ['-A', '-l', `${EXTENSION_LABEL}=porterlb`, '-o', 'name'];
    const found = (await lab.kubectl(['get', kinds, ...ours])).trim().split('\n');
    assert.deepEqual(found.sort(), [
      'apiservice.extensions.kubesphere.io/v1alpha1.porterlb.kubesphere.io',
      'clusterdashboard.monitoring.kubesphere.io/porterlb',
      'clusterrulegroup.alerting.kubesphere.io/porterlb',
      'jsbundle.extensions.kubesphere.io/porterlb',
      'podmonitor.monitoring.coreos.com/porter-manager',
    ]);
  });

  test("is scraped by a Prometheus that goes by its PodMonitor's labels and ports", async () => {
    const path = `/apis/monitoring.coreos.com/v1/namespaces/${extensionNamespace}/podmonitors/porter-manager`;
    const prometheus = await Scraping.start(lab, await lab.api.get<PodMonitor>(path));
    try {
      const names = await running(2);
      const ask = async (): Promise<string[]> => {
        const up = await prometheus.query('up').catch(() => []);
        return up.map(({ metric, value }) => `${metric['pod']} ${value[1]}`).sort();
      };
      const wanted = names.map((name) => `${name} 1`).join();
      const due = { what: wanted, explain: async () => (await ask()).join(), timeoutMs: 120_000 };
      await until(async () => (await ask()).join() === wanted, due);
      const announced = await prometheus.query('porterlb_bgp_session_up');
      assert.equal(announced.filter(({ value }) => value[1] === '1').length, 2);
    } finally {
      await prometheus.stop();
    }
  });

  test('writes as much as the annotation of a Pod says, and the other Pod as before', async () => {
    assert.deepEqual(await running(2), [annotated, other]);
    const logOf = (name: string): Promise<string> => lab.kubectl(['logs', '-n', extensionNamespace, name]);
    const writes = (what: RegExp, timeoutMs: number): Promise<unknown> => {
      const due = { what: `${what}`, timeoutMs, intervalMs: 1_000, explain: () => logOf(annotated) };
      return until(async () => what.test(await logOf(annotated)), due);
    };
    // Each of its threads looks by itself.
    await writes(/"component":"manager".*the log level is set/, 180_000);
    await lab.apply(service('more', { app: 'whoami' }));
    await writes(/^\{"level":"debug"/m, 90_000);
    assert.doesNotMatch(await logOf(other), /^\{"level":"debug"/m);
    await lab.kubectl(['delete', 'svc', 'more', '--timeout=120s']);
    const { page, asBefore } = logLevel(annotated);
    await page.type(lab, asBefore);
    const annotations = ['-n', extensionNamespace, '-o', 'jsonpath={.metadata.annotations}'];
    assert.doesNotMatch(await lab.kubectl(['get', 'pod', annotated, ...annotations]), /log-level/);
  });

  test('takes the TCP-MD5 password of a router from the one Secret that it may read', async () => {
    const router = lab.router('r1');
    const [name, password] = ['r1-bgp', 'correct-horse-battery'];
    const page = new PageReader('docs/bgp-quick-start.md', self, {
      [managerNamespace]: extensionNamespace,
      '...': password,
    });
    const [tell, ...others] = page.commands;
    assert.ok(tell !== undefined && page.text(tell).includes(name));
    assert.deepEqual(others, [], 'all blocks of the page have their turn');
    await extension.install([`backend.passwordSecrets[0]=${name}`]);
    await running(2);
    const as = ['--as', `system:serviceaccount:${extensionNamespace}:porter-manager`, '-n', extensionNamespace];
    await lab.kubectl(['get', 'secrets', `--field-selector=metadata.name=${name}`, ...as]);
    await assert.rejects(lab.kubectl(['get', 'secrets', ...as]), /forbidden/);
    await router.vtysh('configure terminal', `router bgp ${router.asn}`, `neighbor cluster password ${password}`);
    await page.type(lab, tell);
    const condition = '.status.conditions[?(@.type=="Ready")]';
    const told = `jsonpath={.metadata.generation} {${condition}.observedGeneration} {${condition}.status}`;
    const look = (): Promise<string> => lab.kubectl(['get', 'bgppeer', router.name, '-o', told]);
    const ready = async (): Promise<boolean> => /^(\d+) \1 True$/.test(await look());
    await until(ready, { what: 'sessions with the password', timeoutMs: 90_000, explain: look });
    await sessions(2);
    await routed();
    for (const pod of await running(2)) {
      const log = await lab.kubectl(['logs', '-n', extensionNamespace, pod]);
      assert.doesNotMatch(log, /forbidden|"status":403/i, pod);
      assert.ok(!log.includes(password), pod);
    }
  });

  test('is scaled and upgraded, with kinds of an older version, and users notice nothing', async () => {
    const old = await pods();
    const kind = 'crd/eips.network.kubesphere.io';
    const older = [{ op: 'remove', path: '/spec/versions/0/additionalPrinterColumns' }];
    await lab.kubectl(['patch', kind, '--type=json', '-p', JSON.stringify(older)]);
    await unnoticed(async () => {
      await extension.install(['backend.replicas=3', 'backend.minReadySeconds=10'], '0.1.1');
      await sessions(3);
    });
    const now = await running(3);
    const columns = await lab.kubectl([
      'get',
      kind,
      '-o',
      'jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}',
    ]);
    assert.match(columns, /Address Protocol Usage/);
    assert.deepEqual(
      now.filter((name) => old.includes(name)),
      [],
    );
  });

  test('is rolled back, and users notice nothing', async () => {
    await unnoticed(async () => {
      await extension.rollback();
      await running(2);
      await sessions(2);
    });
  });

  test('is disabled, and announcing goes on', async () => {
    const before = await running(2);
    await unnoticed(() => extension.disable());
    assert.deepEqual(await pods(), before);
  });

  test('needs no right that the chart does not give, and has no other', async () => {
    for (const name of await pods()) {
      const log = await lab.kubectl(['logs', '-n', extensionNamespace, name]);
      assert.match(log, /"level"/);
      assert.doesNotMatch(log, /forbidden|"status":403/i, name);
    }
    const as = `--as=system:serviceaccount:${extensionNamespace}:porter-manager`;
    await lab.kubectl(['get', 'svc', '-A', as]);
    await assert.rejects(lab.kubectl(['get', 'pods', '-A', as]), /forbidden/);
    await assert.rejects(lab.kubectl(['delete', 'svc', 'whoami', as]), /forbidden/);
  });

  test('is uninstalled: routes and finalizers go; kinds, objects and the address stay', async () => {
    assert.ok(await hasFinalizer());
    const before = await serviceObject();
    const r1 = lab.router('r1');
    const explain = async (): Promise<string> => JSON.stringify(await heardPaths(r1, ip), undefined, 1);
    // What it keeps of Pods that an earlier step has replaced on other nodes is not theirs to withdraw who go now: that ends by itself.
    const forgotten = async (): Promise<boolean> => (await heardPaths(r1, ip)).every(({ stale }) => !stale);
    await until(forgotten, { what: 'r1 to keep no path of an earlier Pod', timeoutMs: 150_000, explain });
    await extension.uninstall();
    assert.deepEqual(await pods(), []);
    await sessions(0);
    // Withdrawn: as after a crash, the router would keep them for two minutes.
    const gone = async (): Promise<boolean> => (await heardPaths(r1, ip)).length === 0;
    await until(gone, { what: 'r1 to hear of the address from nobody', timeoutMs: 30_000, explain });
    await r1.waitForRoutes(ip, []);
    assert.deepEqual((await serviceObject()).status.loadBalancer, before.status.loadBalancer);
    assert.equal(await hasFinalizer(), false);
    const pool = await lab.api.get('/apis/network.kubesphere.io/v1alpha2/eips/public');
    assert.equal(pool.metadata['finalizers'], undefined);
    assert.doesNotMatch(await lab.kubectl(['get', 'clusterrole,clusterrolebinding', '-o', 'name']), /\/porter/);
  });

  test('is installed again and goes on with what is there', async () => {
    await extension.install();
    await routed();
    await answered();
    assert.equal(await addressOf(lab, 'whoami'), ip);
    await until(hasFinalizer, { what: 'the Service to have its finalizer again' });
  });

  test('is made a DaemonSet, upgraded as one, and users notice nothing', async () => {
    const everywhere = ['backend.workload=DaemonSet', 'backend.minReadySeconds=10'];
    // Its Pods find their ports taken until those of the Deployment have ended, all at once: routers keep the routes for as long as by default.
    for (const object of configuration(lab)) await lab.apply(object);
    await sessions(2);
    await unnoticed(async () => {
      await extension.install(everywhere);
      await running(3);
      await sessions(3);
    });
    const old = await pods();
    await unnoticed(async () => {
      await extension.install(everywhere, '0.1.1');
      await sessions(3);
    });
    const now = await running(3);
    assert.ok(old.every((name) => !now.includes(name)));
    const workloads = await lab.kubectl(['get', 'deployments,daemonsets,pdb', '-n', extensionNamespace, '-o', 'name']);
    assert.equal(workloads.trim(), 'daemonset.apps/porter-manager');
  });

  test('is gone for good after what the README says', async () => {
    await extension.uninstall();
    assert.deepEqual(await pods(), []);
    const crds = ['eips', 'bgpconfs', 'bgppeers'].map((plural) => `${plural}.network.kubesphere.io`);
    await lab.kubectl(['delete', 'eip,bgpconf,bgppeer', '--all', '--timeout=120s']);
    await lab.kubectl(['delete', 'crd', ...crds, '--timeout=120s']);
    await lab.kubectl(['delete', 'svc', 'whoami', '--timeout=120s']);
    const left = await lab.kubectl(['get', 'secret,configmap,sa,role,job', '-n', extensionNamespace, '-o', 'name']);
    const ours = left.split('\n').filter((line) => /porter/.test(line) && !/helm-executor/.test(line));
    assert.deepEqual(ours, []);
  });
});
