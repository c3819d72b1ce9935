import assert from 'node:assert/strict';
import { Agent, request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { LightLab, until } from '../../../lab/index.ts';
import { KsApiserver } from '../../../lab/kubesphere/ks-apiserver.ts';
import { HttpKube } from '../cluster/http/http-kube.ts';
import { readKubeconfig } from '../cluster/http/kubeconfig.ts';
import { eips } from '../cluster/custom-kinds.ts';
import { secrets, services } from '../cluster/kinds.ts';
import { ClusterView } from '../cluster/watch/cluster-view.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { systemClock, systemRandom } from '../platform/linux/clock.ts';
import { Api } from './api.ts';
import { BASE_PATH } from './routes.ts';
import { NO_FACTS, served } from './testing/api-bench.ts';

const namespace = 'porterlb-system';
const deps = { clock: systemClock, random: systemRandom, logger: new FakeLogger() };
const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });

let lab: LightLab;
let kube: HttpKube;
let view: ClusterView;
let kubesphere: KsApiserver;
let kubesphereUrl: string;
const apis: Api[] = [];
let direct: string;
const tokens = new Map<string, string>();

/** Who may what, in RBAC: cluster-wide, or in the namespace shop. */
const ROLES = {
  admin: { cluster: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  viewer: { cluster: [{ apiGroups: ['porterlb.kubesphere.io'], resources: ['*'], verbs: ['get', 'list'] }] },
  tenant: {
    cluster: [{ apiGroups: ['porterlb.kubesphere.io'], resources: ['pools', 'pools/addresses'], verbs: ['get'] }],
    shop: [
      {
        apiGroups: ['porterlb.kubesphere.io'],
        resources: ['services', 'services/explanation'],
        verbs: ['get', 'list'],
      },
    ],
  },
  /** By its name alone. */
  guest: {
    shop: [
      {
        apiGroups: ['porterlb.kubesphere.io'],
        resources: ['services', 'services/explanation'],
        resourceNames: ['web'],
        verbs: ['get'],
      },
    ],
  },
  nothing: {},
} as const;

async function makeUser(name: keyof typeof ROLES): Promise<void> {
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }];
  await lab.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } });
  const roles: { readonly cluster?: readonly object[]; readonly shop?: readonly object[] } = ROLES[name];
  for (const [scope, rules] of Object.entries(roles)) {
    const [kind, at] = scope === 'cluster' ? ['ClusterRole', {}] : ['Role', { namespace: scope }];
    const metadata = { name: `test-${name}`, ...at };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name };
    await lab.apply({ ...rbac, kind, metadata, rules });
    await lab.apply({ ...rbac, kind: `${kind}Binding`, metadata, roleRef, subjects });
  }
  const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`;
  const { body } = await lab.api.request('POST', path, { body: { spec: { expirationSeconds: 3_600 } } });
  tokens.set(name, (body as { status: { token: string } }).status.token);
}

/** A replica of the API, in this process. */
async function startApi(replica: string): Promise<{ api: Api; url: string }> {
  const api = new Api(
    {
      ...{ ...deps, kube, view, notReady: () => (view.synced ? [] : ['waiting']) },
      ask: async () => await Promise.resolve({ ...NO_FACTS }),
      askAddresses: async () => await Promise.resolve([]),
      reports: new Map(),
      leads: () => true,
      beside: () => [],
      boundSockets: () => undefined,
      ...{ serviceRanges: () => [], subnets: () => [] },
    },
    { port: 0, docs: true, tlsDir: undefined, kubesphere: kubesphereUrl },
    { replica, node: 'n1', address: '127.0.0.1', namespace, name: 'porter-manager' },
  );
  apis.push(api);
  return { api, url: `https://127.0.0.1:${await api.start()}` };
}

before(async () => {
  lab = await LightLab.up();
  kube = new HttpKube(deps, { config: await readKubeconfig(lab.kubeconfig, systemClock) });
  await lab.kubectl(['apply', '-f', join(import.meta.dirname, '../../../charts/backend/crds')]);
  await lab.kubectl(['wait', '--for', 'condition=Established', 'crd', '--all', '--timeout', '60s']);
  for (const name of ['shop', 'bank', namespace]) await lab.kubectl(['create', 'namespace', name]);
  for (const name of Object.keys(ROLES)) await makeUser(name as keyof typeof ROLES);
  await kube.create(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29' } });
  for (const object of [served('shop/web', '192.0.2.1'), served('bank/vault', '192.0.2.2')]) {
    const { metadata, spec, status } = object;
    const { name = '', namespace: at = '', annotations = {} } = metadata ?? {};
    await kube.create(services, { metadata: { name, namespace: at, annotations }, spec } as typeof object);
    const body = { status } as typeof object;
    await kube.patch(services, { name, namespace: at }, { type: 'merge', body }, { subresource: 'status' });
  }
  view = new ClusterView(
    { ...deps, api: kube },
    {
      ...{ membership: undefined, namespace: 'porterlb-system', address: '127.0.0.1' },
      ...{ serviceRanges: () => [], onSynced: () => undefined, onInputs: () => undefined, onChange: () => undefined },
    },
  );
  view.start();
  await until(() => Promise.resolve(view.synced && view.services.get('bank/vault')?.claims === true), {
    what: 'the view',
  });
  kubesphere = new KsApiserver('');
  kubesphereUrl = await kubesphere.start();
  direct = (await startApi('porter-0')).url;
  kubesphere.upstream = direct;
});

after(async () => {
  for (const api of apis) await api.stop();
  await kubesphere.stop();
  agent.destroy();
  view.stop();
  await kube.close();
  await lab.down();
});

interface Reply {
  readonly status: number;
  readonly reason: string | undefined;
  readonly json: unknown;
}

async function get(base: string, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  const url = `${base}${BASE_PATH}/${path}`;
  return await new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest(url, { headers, agent }) : httpRequest(url, { headers });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const json = JSON.parse(text) as { readonly reason?: string };
        resolve({ status: response.statusCode ?? 0, reason: json.reason, json });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function asUser(name: keyof typeof ROLES, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return await get(direct, path, { ...bearer(tokens.get(name) ?? ''), ...headers });
}

/** The API server's authorizer follows new bindings by a watch. */
async function eventually(name: keyof typeof ROLES, path: string): Promise<Reply> {
  let reply: Reply | undefined;
  await until(async () => (reply = await asUser(name, path)).status === 200, { what: `${name} may read ${path}` });
  assert.ok(reply !== undefined);
  return reply;
}

function owners({ json }: Reply): unknown[] {
  return (json as { items: { services: unknown[] }[] }).items.flatMap(({ services: keys }) => keys);
}

suite('who comes with a token of Kubernetes', () => {
  test('nobody reads nothing, whatever the headers say', async () => {
    const forged = { 'x-remote-user': 'system:admin', 'x-remote-group': 'system:masters' };
    for (const headers of [{}, forged, bearer('guessed'), { ...bearer('guessed'), ...forged }]) {
      assert.equal((await get(direct, 'overview', headers)).status, 401);
    }
    assert.equal((await asUser('nothing', 'overview')).status, 403);
    assert.notEqual((await asUser('nothing', 'overview', forged)).status, 200);
  });

  test('the viewer reads everything', async () => {
    for (const path of ['version', 'overview', 'pools', 'pools/a', 'peers', 'nodes', 'services']) {
      assert.equal((await eventually('viewer', path)).status, 200, path);
    }
    assert.deepEqual(owners(await eventually('viewer', 'pools/a/addresses?state=used')), ['shop/web', 'bank/vault']);
    assert.equal((await eventually('viewer', 'namespaces/bank/services/vault/explanation')).status, 200);
  });

  test('the tenant reads of his own Services, and not whose the others are', async () => {
    await eventually('tenant', 'namespaces/shop/services');
    await eventually('tenant', 'namespaces/shop/services/web/explanation');
    assert.deepEqual(owners(await eventually('tenant', 'pools/a/addresses?state=used')), ['shop/web', null]);
    for (const path of ['services', 'peers', 'namespaces/bank/services', 'namespaces/bank/services/vault']) {
      assert.deepEqual((await asUser('tenant', path)).reason, 'Forbidden', path);
    }
  });

  test('who may read a Service by its name reads that one and no other', async () => {
    for (const path of ['web', 'web/explanation']) await eventually('guest', `namespaces/shop/services/${path}`);
    for (const path of [
      'shop/services',
      'shop/services/other',
      'shop/services/other/explanation',
      'bank/services/web',
    ]) {
      assert.equal((await asUser('guest', `namespaces/${path}`)).reason, 'Forbidden', path);
    }
  });

  test('the administrator reads everything too', async () => {
    assert.deepEqual(owners(await eventually('admin', 'pools/a/addresses?state=used')), ['shop/web', 'bank/vault']);
  });
});

suite('who comes through KubeSphere', () => {
  const allows = (...paths: string[]): string[] => paths.map((path) => `GET ${BASE_PATH}${path}`);

  before(() => {
    kubesphere.users.set('jwt.of.viewer', { name: 'viewer', allows: allows('') });
    kubesphere.users.set('jwt.of.tenant', { name: 'tenant', allows: allows('/namespaces/shop', '/pools') });
    kubesphere.users.set('jwt.of.nobody', { name: 'nobody', allows: [] });
  });

  test('reads what its roles there let it read, though RBAC knows nothing of it', async () => {
    for (const path of ['overview', 'pools/a', 'namespaces/bank/services/vault/explanation']) {
      assert.equal((await get(kubesphereUrl, path, bearer('jwt.of.viewer'))).status, 200, path);
    }
    const tenant = bearer('jwt.of.tenant');
    assert.equal((await get(kubesphereUrl, 'namespaces/shop/services/web', tenant)).status, 200);
    assert.deepEqual(owners(await get(kubesphereUrl, 'pools/a/addresses?state=used', tenant)), ['shop/web', null]);
    assert.equal((await get(kubesphereUrl, 'namespaces/bank/services', tenant)).status, 403);
    assert.equal((await get(kubesphereUrl, 'overview', bearer('jwt.of.nobody'))).status, 403);
    assert.equal((await get(kubesphereUrl, 'overview', bearer('jwt.of.stranger'))).status, 401);
  });

  test('can not claim another name there', async () => {
    const forged = { ...bearer('jwt.of.tenant'), 'x-remote-user': 'viewer' };
    assert.equal((await get(kubesphereUrl, 'namespaces/shop/services', forged)).status, 200);
    assert.equal((await get(kubesphereUrl, 'overview', forged)).status, 403);
  });

  test('can not go past it to our port', async () => {
    const tenant = { ...bearer('jwt.of.tenant'), 'x-remote-user': 'tenant' };
    assert.equal((await get(direct, 'overview', tenant)).reason, 'Forbidden');
    assert.equal((await get(direct, 'namespaces/bank/services', tenant)).reason, 'Forbidden');
    const other = { ...bearer('jwt.of.tenant'), 'x-remote-user': 'viewer' };
    assert.equal((await get(direct, 'overview', other)).reason, 'IdentityMismatch');
    assert.equal((await get(direct, 'overview', bearer('jwt.of.viewer'))).reason, 'Unauthorized');
  });
});

test('two replicas serve with the one certificate of the Secret', async () => {
  const { url } = await startApi('porter-1');
  const { data } = await kube.get(secrets, { namespace, name: 'porter-manager-api' });
  assert.match(Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString(), /BEGIN CERTIFICATE/);
  // Asked through KubeSphere, the other one may be the one that answers the question of the first.
  const viewer = { ...bearer('jwt.of.viewer'), 'x-remote-user': 'viewer' };
  assert.equal((await get(url, 'peers', viewer)).status, 200);
});
