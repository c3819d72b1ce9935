/** A cluster moves from MetalLB by the commands of docs/how-to/from-metallb.md, typed into a shell as a reader does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { bundleCli } from '../../tools/package-cli/bundle.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import { Lab } from '../lab.ts';
import { until } from '../state/until.ts';
import { installManager } from '../story/install.ts';
import { whoami } from '../story/manifests.ts';
import { request } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { configuration, definitions, served, workloads } from './import-metallb/metallb.ts';
import { heardPaths } from './manager/paths.ts';

const root = join(import.meta.dirname, '../..');
const page = 'docs/how-to/from-metallb.md';

/** What the page has to type, block by block. */
const blocks = [
  ...readFileSync(join(root, page), 'utf8').matchAll(
    /^```sh run-by=lab\/scenarios\/import-metallb\.lab\.test\.ts\n([\s\S]*?)^```$/gm,
  ),
].map(([, text = '']) => text);

/** As MetalLB left them: which Service has which address. */
const HELD: Readonly<Record<string, string>> = {
  web: '172.30.0.17',
  named: '172.30.1.5',
  http: '172.30.0.99',
  https: '172.30.0.99',
  lan: '10.50.0.207',
};

/** Given when the file was made already. */
const LATE = '172.30.0.18';

type Service = KubeObject & {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
};

suite('a cluster that moves from MetalLB', () => {
  let lab: Lab;
  let path: string;

  before(async () => {
    assert.equal(blocks.length, 5, 'the page has the blocks that are typed here');
    lab = await Lab.up({ nodes: 2, routers: 1, clients: 1, progress: progressToStderr });
    const bundle = await bundleCli(root);
    path = [dirname(bundle.path), dirname(lab.kubectlProgram), process.env['PATH'] ?? ''].join(delimiter);
    const [router] = lab.routers;
    assert.ok(router !== undefined);
    for (const each of definitions) await lab.apply(each);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    const objects = configuration({ address: router.addresses.ipv4, asn: router.asn });
    for (const each of [...workloads, ...objects, whoami('web', 2)]) await lab.apply(each);
    const pool = { 'metallb.io/ip-allocated-from-pool': 'public' };
    const shared = { ...pool, 'metallb.universe.tf/allow-shared-ip': 'key' };
    await serve('web', { annotations: pool });
    await serve('named', {
      annotations: { 'metallb.io/address-pool': 'named', 'metallb.io/loadBalancerIPs': '172.30.1.5' },
    });
    await serve('http', { annotations: shared });
    await serve('https', { annotations: shared, port: 443 });
    await serve('lan', { annotations: { 'metallb.io/address-pool': 'lan' } });
    await lab.kubectl(['rollout', 'status', 'deployment/web', '--timeout=300s']);
    await installManager(lab, progressToStderr);
  });
  after(() => lab.down());

  /** A Service with the address that MetalLB gave to it. */
  async function serve(name: string, given: Omit<Parameters<typeof served>[1], 'app'>, ip = HELD[name]): Promise<void> {
    await lab.apply(served(name, { app: 'web', ...given }));
    await lab.api.patch(`/api/v1/namespaces/default/services/${name}/status`, {
      status: { loadBalancer: { ingress: [{ ip }] } },
    });
  }

  async function type(text: string): Promise<string> {
    const env = { KUBECONFIG: lab.kubeconfig, PATH: path };
    return await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: root, env, timeoutMs: 180_000 });
  }

  function block(index: number): string {
    return blocks[index] ?? assert.fail(`there is no block ${index}`);
  }

  async function service(name: string): Promise<Service> {
    return await lab.api.get<Service>(`/api/v1/namespaces/default/services/${name}`);
  }

  async function addresses(name: string): Promise<(string | undefined)[]> {
    return ((await service(name)).status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  }

  async function announced(name: string): Promise<Service> {
    return await until(
      async () => {
        const found = await service(name);
        const condition = found.status?.conditions?.find(({ type: of }) => of === 'network.kubesphere.io/Announced');
        return condition?.status === 'True' ? found : undefined;
      },
      {
        what: `${name} to be announced`,
        timeoutMs: 120_000,
        explain: () => lab.kubectl(['get', 'svc', name, '-o', 'yaml']),
      },
    );
  }

  /** A client beyond the router gets answers of both Pods; kube-proxies may be a little behind. */
  async function answers(ip: string): Promise<void> {
    const [client] = lab.clients;
    assert.ok(client !== undefined);
    await until(async () => (await request(client, ip, 20).catch(() => undefined))?.size === 2, {
      what: `both Pods to answer at ${ip}`,
      timeoutMs: 120_000,
    });
  }

  test('installed beside it, PorterLB leaves every Service as it is', async () => {
    const text = await type(block(0));
    assert.match(text, /IPAddressPool public +Eip public\n/);
    assert.match(text, /5 Services +the same, with the addresses that they have\n/);
    assert.doesNotMatch(text, /To be done|Not carried over/);
    for (const [name, ip] of Object.entries(HELD)) {
      assert.deepEqual(await addresses(name), [ip], name);
      assert.equal((await service(name)).metadata.annotations?.['lb.kubesphere.io/v1alpha1'], undefined);
    }
    assert.deepEqual(await lab.routers[0]?.establishedPeers(), []);
  });

  test('what MetalLB gave after the file was made is seen once its controller is stopped, and is in the file that is made anew', async () => {
    await serve('late', { annotations: { 'metallb.io/ip-allocated-from-pool': 'public' } }, LATE);
    const difference = await type(`${block(1).trimEnd()} || [ $? = 1 ]\n`);
    assert.match(difference, /^> {3}name: late$/m);
    await type(block(0));
    // A difference would end it, too.
    assert.doesNotMatch(await type(block(1)), /^[<>] /m);
  });

  test('once MetalLB is stopped and the file applied, every Service has its address, and the network delivers it', async () => {
    await type(block(2));
    const gateways = lab.nodes.map((node) => node.addresses.ipv4);
    for (const [name, ip] of Object.entries(HELD)) {
      await announced(name);
      assert.deepEqual(await addresses(name), [ip], name);
      if (name !== 'lan') await lab.routers[0]?.waitForRoutes(ip, gateways);
    }
    await announced('late');
    assert.deepEqual(await addresses('late'), [LATE]);
    for (const ip of [HELD['web'], HELD['named'], HELD['http'], HELD['lan']]) await answers(ip ?? '');
    const [router] = lab.routers;
    assert.ok(router !== undefined);
    const heard = await heardPaths(router, HELD['web'] ?? '');
    assert.ok(heard.length > 0 && heard.every(({ communities }) => communities.includes('65001:77')));
  });

  test('what the page says to look at shows it', async () => {
    const text = await type(block(3));
    assert.match(text, /bgppeer\.network\.kubesphere\.io\/r1 /);
    for (const [name, ip] of Object.entries(HELD))
      assert.match(text, new RegExp(`${name} .*${ip.replaceAll('.', '\\.')}`));
  });

  test('a new Service gets an address of the default pool that none of them has', async () => {
    await lab.apply(served('new', { app: 'web' }));
    await announced('new');
    const [ip] = await addresses('new');
    assert.match(ip ?? '', /^172\.30\.0\./);
    assert.ok(!Object.values(HELD).includes(ip ?? ''));
  });

  test('a Service with a class of its own moves by the two commands that the import tells, with its addresses', async () => {
    const ip = '172.30.0.55';
    const spec = { loadBalancerClass: 'metallb.example/lb', loadBalancerSourceRanges: ['10.0.0.0/8'] };
    await serve('classy', { spec: { ...spec, externalTrafficPolicy: 'Local' } }, ip);
    const { clusterIP } = (await service('classy')).spec;
    const imported = await type('kubectl porterlb import metallb -o json || [ $? = 1 ]');
    const { findings, objects } = JSON.parse(imported) as {
      findings: { kind: string; object: string; next?: string }[];
      objects: KubeObject[];
    };
    const todo = findings.filter(({ kind }) => kind === 'todo');
    assert.deepEqual(
      todo.map(({ object }) => object),
      ['Service default/classy'],
    );
    const annotations = objects.find(({ metadata }) => metadata.name === 'classy')?.metadata.annotations;
    await lab.api.patch('/api/v1/namespaces/default/services/classy', { metadata: { annotations } });
    await type((todo[0]?.next ?? '').replace('After applying the rest: ', ''));
    const found = await announced('classy');
    assert.deepEqual(await addresses('classy'), [ip]);
    assert.deepEqual([found.spec.clusterIP, found.spec.loadBalancerClass], [clusterIP, 'lb.kubesphere.io/porter']);
    assert.deepEqual(
      [found.spec.externalTrafficPolicy, found.spec.loadBalancerSourceRanges],
      ['Local', ['10.0.0.0/8']],
    );
    await answers(ip);
  });

  test('without MetalLB, its annotations and our wishes every Service keeps its address', async () => {
    await lab.kubectl(['delete', 'namespace', 'metallb-system', '--timeout=120s']);
    for (const { metadata } of definitions) await lab.kubectl(['delete', 'crd', metadata.name, '--timeout=120s']);
    // Of a Service that the file doesn't have: its owner's own.
    await lab.kubectl(['annotate', 'service', 'new', `lb.kubesphere.io/ips=${(await addresses('new'))[0]}`]);
    await type(block(4));
    assert.ok((await service('new')).metadata.annotations?.['lb.kubesphere.io/ips'] !== undefined);
    await lab.apply(served('last', { app: 'web' }));
    await announced('last');
    for (const [name, ip] of Object.entries(HELD)) {
      const { metadata } = await announced(name);
      assert.deepEqual(await addresses(name), [ip], name);
      assert.equal(metadata.annotations?.['lb.kubesphere.io/ips'], undefined);
    }
    for (const ip of [HELD['web'], HELD['lan']]) await answers(ip ?? '');
  });
});
