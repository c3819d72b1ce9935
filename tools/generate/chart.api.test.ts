import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { LightLab, run, until } from '../../lab/index.ts';
import type { KubeObject } from '../../lab/index.ts';
import { ensureHelm } from '../../lab/toolchain/index.ts';
import { singleRules, type PolicyRule } from '../package/helm-executor.ts';

const root = join(import.meta.dirname, '../..');
const chart = join(root, 'charts/backend');
const namespace = 'porterlb-system';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface PodSpec {
  readonly hostNetwork: boolean;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly seccompProfile: { readonly type: string };
  };
  readonly volumes?: readonly { readonly name: string; readonly emptyDir?: object; readonly secret?: object }[];
  readonly containers: readonly {
    readonly image: string;
    readonly env: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
    }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
    readonly livenessProbe: Probe;
    readonly readinessProbe: Probe;
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    readonly securityContext: {
      readonly readOnlyRootFilesystem: boolean;
      readonly allowPrivilegeEscalation: boolean;
      readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
    };
  }[];
}

let helm: string;
let lab: LightLab;

async function render(...args: string[]): Promise<KubeObject[]> {
  const text = await run(helm, ['template', 'porterlb', chart, '-n', namespace, '--kube-version', '1.28.0', ...args]);
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

function podSpec(objects: readonly KubeObject[]): PodSpec {
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  assert.ok(deployment !== undefined);
  return (deployment as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
}

function image(objects: readonly KubeObject[]): string | undefined {
  return podSpec(objects).containers[0]?.image;
}

before(async () => {
  helm = await ensureHelm();
  lab = await LightLab.up();
  await lab.kubectl(['create', 'namespace', namespace]);
  for (const object of await render()) await lab.apply(object);
});

after(async () => {
  await lab.down();
});

test('helm has nothing to say against the chart', async () => {
  assert.match(await run(helm, ['lint', '--strict', chart]), /1 chart\(s\) linted, 0 chart\(s\) failed/);
});

test('values that nobody reads are refused', async () => {
  await assert.rejects(render('--set', 'image.registri=x'), /registri/);
  await assert.rejects(render('--set', 'ports.http=70000'), /http/);
});

test('the image has the version of package.json; extension.yaml lists the same one; its registry can be replaced', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(image(await render()), `docker.io/porterlb/porter-manager:${version}`);
  const { images } = parse(readFileSync(join(root, 'extension.yaml'), 'utf8')) as { images: string[] };
  assert.deepEqual(images, [`docker.io/porterlb/porter-manager:${version}`]);
  const mirrored = await render('--set', 'global.imageRegistry=mirror.example:5000', '--set', 'image.tag=t');
  assert.equal(image(mirrored), 'mirror.example:5000/porterlb/porter-manager:t');
  assert.equal(image(await render('--set', 'global=null')), `docker.io/porterlb/porter-manager:${version}`);
  assert.match(
    image(await render('--set', 'global.imageRegistry=mirror.example/')) ?? '',
    /^mirror\.example\/porterlb\//,
  );
  const pinned = await render('--set', `image.tag=sha256:${'0'.repeat(64)}`);
  assert.match(image(pinned) ?? '', /^docker\.io\/porterlb\/porter-manager@sha256:0{64}$/);
});

test('what KubeSphere sets for all charts reaches the Pods, beside values of our own', async () => {
  const spec = podSpec(
    await render(
      '--set',
      'global.nodeSelector.a=b',
      '--set',
      'nodeSelector.c=d',
      '--set',
      'global.imagePullSecrets={s}',
    ),
  );
  assert.deepEqual(spec.nodeSelector, { a: 'b', c: 'd' });
  assert.deepEqual(spec.imagePullSecrets, [{ name: 's' }]);
  // Other charts of a release read the same value, and may want it as Pods have it.
  const mixed = podSpec(await render('--set-json', 'global.imagePullSecrets=["s",{"name":"t"}]'));
  assert.deepEqual(mixed.imagePullSecrets, [{ name: 's' }, { name: 't' }]);
  await assert.rejects(render('--set-json', 'global.imagePullSecrets=[{"nom":"t"}]'), /additional properties 'nom'/);
});

test('the Pods have no more than they need: a read-only root, NET_RAW and root for Layer 2, neither without it', async () => {
  const needs = async (...args: string[]): Promise<{ user: object; capabilities: object | undefined }> => {
    const { securityContext: pod, containers } = podSpec(await render(...args));
    assert.equal(pod.seccompProfile.type, 'RuntimeDefault');
    assert.equal(containers.length, 1);
    const container = containers[0]?.securityContext;
    assert.equal(container?.readOnlyRootFilesystem, true);
    assert.equal(container.allowPrivilegeEscalation, false);
    const { runAsNonRoot, runAsUser, runAsGroup } = pod;
    return { user: { runAsNonRoot, runAsUser, runAsGroup }, capabilities: container.capabilities };
  };
  assert.deepEqual(await needs(), {
    user: { runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
    capabilities: { drop: ['ALL'], add: ['NET_RAW'] },
  });
  assert.deepEqual(await needs('--set', 'layer2.enabled=false'), {
    user: { runAsNonRoot: true, runAsUser: 65_534, runAsGroup: 65_534 },
    capabilities: { drop: ['ALL'] },
  });
});

test('what kubelet and Prometheus ask is at one named port, where the manager is told to listen', async () => {
  const [container] = podSpec(await render('--set', 'ports.http=18080')).containers;
  const metrics = { name: 'metrics', containerPort: 18_080, protocol: 'TCP' };
  assert.deepEqual(container?.ports[0], metrics);
  assert.equal(container.env.find(({ name }) => name === 'HTTP_PORT')?.value, '18080');
  const asked = [container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet);
  assert.deepEqual(asked, [
    { path: '/healthz', port: 'metrics' },
    { path: '/readyz', port: 'metrics' },
  ]);
});

test('Layer 2 and drains are told to the manager as the values have them', async () => {
  const told = async (...args: string[]): Promise<(string | undefined)[]> => {
    const env = podSpec(await render(...args)).containers[0]?.env ?? [];
    const names = ['LAYER2', 'LAYER2_STEADY_SECONDS', 'DRAIN_GRACE_SECONDS', 'DRAIN_ON_CORDON'];
    return names.map((name) => env.find((entry) => entry.name === name)?.value);
  };
  assert.deepEqual(await told(), ['true', '60', '10', 'false']);
  const other = 'layer2.enabled=false,layer2.steadySeconds=0,drain.graceSeconds=0,drain.onCordon=true';
  assert.deepEqual(await told('--set', other), ['false', '0', '0', 'true']);
});

test('what the manager keeps for its next container is in memory, and where it is told; nothing is if the values say so', async () => {
  const state = async (...args: string[]): Promise<unknown> => {
    const pod = podSpec(await render(...args));
    const { env = [], volumeMounts: mounts = [] } = pod.containers[0] ?? {};
    const ofState = ({ name }: { readonly name: string }): boolean => name === 'state';
    const [volumes, volumeMounts] = [(pod.volumes ?? []).filter(ofState), mounts.filter(ofState)];
    return { volumes, volumeMounts, folder: env.find(({ name }) => name === 'STATE_DIR')?.value };
  };
  const folder = '/run/porterlb';
  const volumeMounts = [{ name: 'state', mountPath: folder }];
  const volume = (sizeLimit: string): object[] => [{ name: 'state', emptyDir: { medium: 'Memory', sizeLimit } }];
  assert.deepEqual(await state(), { volumes: volume('64Mi'), volumeMounts, folder });
  assert.deepEqual(await state('--set', 'state.sizeLimit=8Mi'), { volumes: volume('8Mi'), volumeMounts, folder });
  const nothing = { volumes: [], volumeMounts: [], folder: undefined };
  assert.deepEqual(await state('--set', 'state.enabled=false'), nothing);
  const { env = [] } = podSpec(await render()).containers[0] ?? {};
  assert.equal(env.find(({ name }) => name === 'POD_UID')?.valueFrom?.fieldRef?.fieldPath, 'metadata.uid');
});

test('the log level of a Pod that runs is read from a file that has its annotation', async () => {
  const { volumes = [], containers } = podSpec(await render());
  const { env = [], volumeMounts = [] } = containers[0] ?? {};
  const items = [
    { path: 'log-level', fieldRef: { fieldPath: "metadata.annotations['porterlb.kubesphere.io/log-level']" } },
  ];
  assert.deepEqual(
    volumes.find(({ name }) => name === 'pod'),
    { name: 'pod', downwardAPI: { items } },
  );
  const folder = volumeMounts.find(({ name }) => name === 'pod')?.mountPath;
  assert.equal(env.find(({ name }) => name === 'LOG_LEVEL_FILE')?.value, `${folder}/log-level`);
});

test('the API has a port, a Service and a certificate, and nothing is left of it where it is off', async () => {
  const told = async (...args: string[]): Promise<object> => {
    const objects = await render(...args);
    const { containers, volumes = [] } = podSpec(objects);
    const env = Object.fromEntries((containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    const named = objects.filter(({ metadata }) => metadata.name === 'porter-manager-api').map(({ kind }) => kind);
    return {
      on: env['API'],
      port: env['API_PORT'],
      folder: env['API_TLS_DIR'],
      named,
      secret: volumes.find(({ name }) => name === 'tls')?.secret,
    };
  };
  const off = { port: undefined, folder: undefined, secret: undefined, named: [] };
  assert.deepEqual(await told(), { ...off, on: 'true', port: '17982', named: ['Secret', 'Service'] });
  const mounted = { folder: '/run/porterlb-tls', secret: { secretName: 'mine', optional: true }, named: ['Service'] };
  assert.deepEqual(await told('--set', 'api.tlsSecret=mine'), { ...mounted, on: 'true', port: '17982' });
  assert.deepEqual(await told('--set', 'api.enabled=false'), { ...off, on: 'false' });
  await assert.rejects(render('--set', 'api.kubesphere=ks-apiserver'), /kubesphere/);
});

interface Wish {
  readonly verb: string;
  readonly resource: string;
  readonly group?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

async function isAllowed(wish: Wish): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: `system:serviceaccount:${namespace}:porter-manager`, resourceAttributes: wish },
  };
  const { body } = await lab.api.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: review,
  });
  return (body as { status: { allowed: boolean } }).status.allowed;
}

const ours = 'network.kubesphere.io';
const secret = { resource: 'secrets', namespace };
const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace };

const named = (group: string, resource: string, ...names: string[]): Wish[] =>
  names.map((name) => ({ verb: 'get', group, resource, name }));

/** All that the code asks the API server for. */
function wishesOfTheManager(): Wish[] {
  const watched = ['services', 'nodes', 'namespaces'].map((resource) => ({ resource }));
  const kinds = ['eips', 'bgpconfs', 'bgppeers'];
  const custom = kinds.map((resource) => ({ resource, group: ours }));
  const slices = { resource: 'endpointslices', group: 'discovery.k8s.io' };
  return [
    ...[...watched, ...custom, slices].flatMap((kind) => ['get', 'list', 'watch'].map((verb) => ({ ...kind, verb }))),
    ...custom.map((kind) => ({ ...kind, verb: 'patch', subresource: 'status' })),
    { verb: 'patch', resource: 'services', subresource: 'status' },
    { verb: 'patch', resource: 'eips', group: ours },
    { verb: 'list', resource: 'servicecidrs', group: 'networking.k8s.io' },
    ...['create', 'patch'].map((verb) => ({ verb, resource: 'events', group: 'events.k8s.io', namespace: 'default' })),
    { ...lease, verb: 'create' },
    ...['get', 'patch'].map((verb) => ({ ...lease, verb, name: 'porter-manager' })),
    ...['get', 'patch'].map((verb) => ({ ...secret, verb, name: 'porter-manager-api' })),
    // Passwords of peers.
    ...['list', 'watch'].map((verb) => ({ ...secret, verb })),
    { verb: 'create', resource: 'tokenreviews', group: 'authentication.k8s.io' },
    { verb: 'create', resource: 'subjectaccessreviews', group: 'authorization.k8s.io' },
    // Whether objects are gone with their kind, and whether another load balancer of this kind runs, or comes back.
    ...named('apiextensions.k8s.io', 'customresourcedefinitions', ...kinds.map((kind) => `${kind}.${ours}`)),
    ...named('apps', 'deployments', 'porter-manager', 'openelb-manager', 'openelb-controller'),
    ...named('apps', 'daemonsets', 'openelb-keepalive-vip', 'openelb-speaker'),
    ...named('apps', 'daemonsets', 'porter-manager').map((wish) => ({ ...wish, namespace })),
    { verb: 'list', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  ];
}

test('the manager may do what it does, and its roles name nothing that is not looked at here', async () => {
  const wishes = wishesOfTheManager();
  // The API server's authorizer follows new bindings by a watch.
  for (const wish of wishes) await until(() => isAllowed(wish), { what: `${JSON.stringify(wish)} to be allowed` });
  const roles = (await render()).filter(
    ({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === 'porter-manager',
  ) as unknown as { rules: PolicyRule[] }[];
  assert.equal(roles.length, 2);
  const granted = roles.flatMap(({ rules }) => rules).flatMap(singleRules);
  const told = wishes.map(({ group = '', resource, subresource, verb, name }) =>
    [group, subresource === undefined ? resource : `${resource}/${subresource}`, verb, name].join(' '),
  );
  const keyOf = ({ apiGroups, resources, verbs, resourceNames }: PolicyRule): string =>
    [apiGroups, resources, verbs, resourceNames].join(' ');
  assert.deepEqual(
    granted.map(keyOf).filter((key) => !told.includes(key)),
    [],
  );
});

test('the manager may do nothing else', async () => {
  const wishes: Wish[] = [
    ...['create', 'update', 'patch', 'delete'].map((verb) => ({ verb, resource: 'services' })),
    ...['create', 'update', 'delete'].map((verb) => ({ verb, resource: 'eips', group: ours })),
    ...['bgpconfs', 'bgppeers'].map((resource) => ({ verb: 'patch', resource, group: ours })),
    ...['get', 'watch', 'patch'].map((verb) => ({ verb, resource: 'servicecidrs', group: 'networking.k8s.io' })),
    { verb: 'patch', resource: 'nodes' },
    { verb: 'patch', resource: 'nodes', subresource: 'status' },
    { verb: 'patch', resource: 'endpointslices', group: 'discovery.k8s.io' },
    { verb: 'get', resource: 'secrets', namespace: 'kube-system' },
    { ...secret, verb: 'get', name: 'another' },
    { ...secret, verb: 'create' },
    { verb: 'list', resource: 'secrets', namespace: 'kube-system' },
    { verb: 'get', resource: 'pools', group: 'porterlb.kubesphere.io' },
    { verb: 'list', resource: 'pods' },
    { verb: 'create', resource: 'pods', namespace },
    { verb: 'create', resource: 'deployments', group: 'apps', namespace },
    { verb: 'list', resource: 'deployments', group: 'apps' },
    { verb: 'get', resource: 'deployments', group: 'apps', name: 'my-openelb-controller' },
    ...['get', 'watch', 'patch'].map((verb) => ({
      verb,
      resource: 'clusterrolebindings',
      group: 'rbac.authorization.k8s.io',
    })),
    { ...lease, verb: 'create', namespace: 'kube-system' },
    { ...lease, verb: 'patch', name: 'another' },
    { verb: 'delete', resource: 'customresourcedefinitions', group: 'apiextensions.k8s.io' },
  ];
  for (const wish of wishes) assert.equal(await isAllowed(wish), false, JSON.stringify(wish));
});

test('membership lists every replica, ready or not', async () => {
  const service = (await lab.api.get<KubeObject>(
    `/api/v1/namespaces/${namespace}/services/porter-manager`,
  )) as unknown as {
    spec: { clusterIP: string; publishNotReadyAddresses: boolean; selector: object };
  };
  assert.equal(service.spec.clusterIP, 'None');
  assert.equal(service.spec.publishNotReadyAddresses, true);
  const deployment = (await lab.api.get<KubeObject>(
    `/apis/apps/v1/namespaces/${namespace}/deployments/porter-manager`,
  )) as unknown as { spec: { selector: { matchLabels: object }; replicas: number } };
  assert.deepEqual(service.spec.selector, deployment.spec.selector.matchLabels);
  assert.equal(deployment.spec.replicas, 2);
});
