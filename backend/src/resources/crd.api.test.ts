import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ApiError, LightLab, until } from '../../../lab/index.ts';
import { crdOf, KINDS } from './crd.ts';
import { API_VERSION, GROUP } from './keys.ts';
import { goodManifests, manifest, objectOf } from './testing/manifests.ts';
import type { Manifest } from './testing/manifests.ts';
import { refusedByParse, refusedSpecs } from './testing/refused.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const crdFolder = join(import.meta.dirname, '../../../charts/backend/crds');
const manifestFolder = join(import.meta.dirname, 'testing/manifests');

interface Stored extends Manifest {
  readonly status?: Readonly<Record<string, unknown>>;
}

let lab: LightLab;

function collectionOf(kind: Manifest['kind']): string {
  return `/apis/${API_VERSION}/${kind.toLowerCase()}s`;
}

function pathOf({ kind, metadata }: Manifest): string {
  return `${collectionOf(kind)}/${metadata.name}`;
}

/** Tries to create an object and keeps none; `strict`: unknown fields are errors. */
async function tryCreate(object: Manifest): Promise<{ status: number; message: string }> {
  const query = '?dryRun=All&fieldValidation=Strict';
  const { status, body } = await lab.api.request('POST', collectionOf(object.kind) + query, { body: object });
  return { status, message: (body as { message?: string }).message ?? '' };
}

/** The condition alone isn't enough: the API server's handlers follow it a moment later. */
async function isServed(plural: string): Promise<boolean> {
  const crd = `${CRDS}/${plural}.${GROUP}`;
  const found = await lab.api.get<{ status?: { conditions?: { type: string; status: string }[] } }>(crd);
  const accepted = found.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  return accepted === true && (await lab.api.request('GET', `/apis/${API_VERSION}/${plural}`)).status === 200;
}

/** The CRD of Eips as OpenELB had it: both versions served, objects of the old one pruned at every read. */
function crdOfOpenElb(): object {
  const schema = (status: object) => ({
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { address: { type: 'string' } } }, status },
    },
  });
  const kept = schema({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `eips.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Cluster',
      names: { kind: 'Eip', listKind: 'EipList', plural: 'eips', singular: 'eip', categories: ['networking'] },
      versions: [
        { name: 'v1alpha1', served: true, storage: false, schema: schema({ type: 'object' }) },
        { name: 'v1alpha2', served: true, storage: true, subresources: { status: {} }, schema: kept },
      ],
    },
  };
}

/** What OpenELB 0.6 wrote. */
const oldEipStatus = {
  poolSize: 9,
  usage: 1,
  occupied: false,
  firstIP: '192.168.7.1',
  lastIP: '192.168.7.9',
  v4: true,
  used: { '192.168.7.1': 'default/a;default/b' },
};

const conditions = [
  { type: 'Ready', status: 'True', reason: 'InUse', message: 'In use.', lastTransitionTime: '2026-01-02T03:04:05Z' },
];

async function putStatus(object: Manifest, status: object): Promise<Stored> {
  const stored = await lab.api.get<Stored>(pathOf(object));
  return lab.api.put<Stored>(`${pathOf(object)}/status`, { ...stored, status });
}

before(async () => {
  lab = await LightLab.up();
  // First the cluster of somebody who comes from OpenELB, with a pool in use; then our CRDs over it, as `kubectl apply` does.
  await lab.api.request('POST', CRDS, { body: crdOfOpenElb() });
  await until(() => isServed('eips'), { what: "OpenELB's CRD to be served" });
  await lab.api.request('POST', collectionOf('Eip'), {
    body: objectOf('Eip', 'from-openelb', { address: '192.168.7.1-192.168.7.9' }),
  });
  await putStatus(objectOf('Eip', 'from-openelb', {}), oldEipStatus);
  await lab.kubectl(['apply', '--server-side', '--force-conflicts', '-f', crdFolder]);
  for (const { plural } of KINDS) {
    await until(() => isServed(plural), { what: `${plural} to be served` });
  }
  const old = `/apis/${GROUP}/v1alpha1/eips`;
  await until(async () => (await lab.api.request('GET', old)).status === 404, { what: 'v1alpha1 to be gone' });
});

after(async () => {
  await lab.down();
});

test("OpenELB's CRD is taken over: its objects keep spec and status", async () => {
  const stored = await lab.api.get<Stored>(pathOf(objectOf('Eip', 'from-openelb', {})));
  assert.deepEqual(stored.spec, { address: '192.168.7.1-192.168.7.9', protocol: 'bgp' });
  assert.deepEqual(stored.status, oldEipStatus);
});

test('the API server has no complaint about the CRDs', async () => {
  for (const kind of KINDS) {
    const name = `${kind.plural}.${GROUP}`;
    const { status } = await lab.api.get<{
      status: { conditions: { type: string; status: string; message: string }[] };
    }>(`${CRDS}/${name}`);
    const bad = status.conditions.filter(
      ({ type }) => type === 'NonStructuralSchema' || type === 'KubernetesAPIApprovalPolicyConformant',
    );
    assert.deepEqual(bad, [], name);
    const dryRun = await lab.api.request(
      'PATCH',
      `${CRDS}/${name}?dryRun=All&fieldManager=test&force=true&fieldValidation=Strict`,
      {
        body: crdOf(kind),
        type: 'application/apply-patch+yaml',
      },
    );
    assert.equal(dryRun.status, 200, JSON.stringify(dryRun.body));
  }
});

test('kubectl applies every manifest as it is, twice, and nothing of it is lost', async () => {
  const first = await lab.kubectl(['apply', '-f', manifestFolder]);
  assert.equal(
    first
      .trim()
      .split('\n')
      .filter((line) => line.endsWith(' created')).length,
    goodManifests().length,
    first,
  );
  const second = await lab.kubectl(['apply', '-f', manifestFolder]);
  assert.ok(
    second
      .trim()
      .split('\n')
      .every((line) => line.endsWith(' unchanged')),
    second,
  );
  for (const object of goodManifests()) {
    const stored = await lab.api.get<Stored>(pathOf(object));
    const defaults = object.kind === 'Eip' ? { protocol: 'bgp' } : {};
    assert.deepEqual(stored.spec, { ...defaults, ...object.spec }, object.metadata.name);
  }
});

/** The fields that an answer of the API server names; keys of maps stand in brackets there if a rule refused them. */
function fieldsIn(message: string): string[] {
  const words = message.split(/[\s,]|: /).map((word) => word.replace(/^\[/, ''));
  return words.map((word) => word.replace(/\[([^\]\d]+)\]/g, '.$1'));
}

assert.ok(refusedSpecs.length > 50, 'the table of refused objects has entries');
for (const { kind, spec, field, says } of refusedSpecs) {
  test(`${kind} with ${JSON.stringify(spec)} is refused because of ${field}`, async () => {
    const { status, message } = await tryCreate(objectOf(kind, 'default', spec));
    assert.equal(status, 422, message);
    assert.ok(fieldsIn(message).includes(field), message);
    assert.ok(message.includes(says ?? ''), message);
  });
}

test('what only our own parse refuses is stored, and becomes a condition', async () => {
  for (const { kind, spec } of refusedByParse) {
    const { status, message } = await tryCreate(objectOf(kind, 'default', spec));
    assert.equal(status, 201, message);
  }
});

test('the name of a pool has to fit the label that Services carry', async () => {
  const { status, message } = await tryCreate(objectOf('Eip', 'x'.repeat(64), { address: '192.0.2.1' }));
  assert.equal(status, 422);
  assert.match(message, /metadata\.name/);
});

test('an unknown field is an error to kubectl and pruned for those who ask for no validation', async () => {
  const object = objectOf('Eip', 'unknown-field', { address: '192.0.2.1', colour: 'green' });
  assert.match((await tryCreate(object)).message, /unknown field "spec\.colour"/);
  const { body } = await lab.api.request('POST', `${collectionOf('Eip')}?fieldValidation=Ignore`, { body: object });
  assert.deepEqual((body as Stored).spec, { address: '192.0.2.1', protocol: 'bgp' });
});

test("no status of OpenELB's is refused, whatever stands in it", async () => {
  const pool = manifest('Eip', 'eip-v6');
  assert.deepEqual((await putStatus(pool, oldEipStatus)).status, oldEipStatus);
  // What its arithmetic makes of an IPv6 /65, beyond the numbers of JavaScript.
  const size = '-9223372036854775808';
  const patch = `{"status": {"poolSize": ${size}}}`;
  await lab.kubectl(['patch', 'eip', 'eip-v6', '--subresource=status', '--type=merge', '-p', patch]);
  assert.equal(await lab.kubectl(['get', 'eip', 'eip-v6', '-o', 'jsonpath={.status.poolSize}']), size);
  const peer = manifest('BgpPeer', 'plain');
  const nodesPeerStatus = {
    n1: {
      peerState: {
        ...{ neighborAddress: 'not-an-ip', peerAs: -1, peerType: 1, sessionState: 'ACTIVE', routerId: '', flops: 2 },
        messages: { received: { keepalive: '12', total: '14' }, sent: { open: '1', withdrawPrefix: '3' } },
        queues: {},
      },
      timersState: { keepaliveInterval: '30', negotiatedHoldTime: '90', uptime: '2022-06-01T08:11:12Z' },
    },
  };
  assert.deepEqual((await putStatus(peer, { nodesPeerStatus })).status, { nodesPeerStatus });
  const conf = manifest('BgpConf', 'default');
  const nodesConfStatus = { n1: { routerId: '192.168.0.2', as: 4_200_000_000 } };
  assert.deepEqual((await putStatus(conf, { nodesConfStatus })).status, { nodesConfStatus });
});

async function applyEntry(peer: Manifest, replica: string, replicas: readonly object[]): Promise<Stored> {
  const { apiVersion, kind, metadata } = peer;
  const path = `${pathOf(peer)}/status?fieldManager=${replica}&force=true`;
  const body = { apiVersion, kind, metadata: { name: metadata.name }, status: { replicas } };
  const response = await lab.api.request('PATCH', path, { body, type: 'application/apply-patch+yaml' });
  if (response.status !== 200) throw new ApiError(path, response);
  return response.body as Stored;
}

test('replicas write their own entries of a peer by server-side apply, and take back only those', async () => {
  const peer = objectOf('BgpPeer', 'two-writers', { conf: { peerAs: 65000, neighborAddress: '192.0.2.1' } });
  await lab.api.request('POST', collectionOf('BgpPeer'), { body: peer });
  const entry = (replica: string, sessionState: string) => ({ replica, node: `node-${replica}`, sessionState });
  await applyEntry(peer, 'a', [entry('a', 'Established')]);
  await applyEntry(peer, 'b', [entry('b', 'Connect')]);
  const both = await applyEntry(peer, 'b', [entry('b', 'Established')]);
  assert.deepEqual(both.status?.['replicas'], [entry('a', 'Established'), entry('b', 'Established')]);
  const left = await applyEntry(peer, 'a', []);
  assert.deepEqual(left.status?.['replicas'], [entry('b', 'Established')]);
});

/** The table that kubectl prints, cells by two or more blanks. */
async function table(...args: string[]): Promise<string[][]> {
  const text = await lab.kubectl(['get', ...args]);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s{2,}/));
}

test('kubectl get answers whether all is well', async () => {
  await putStatus(manifest('Eip', 'eip-cidr'), { poolSize: 256, usage: 3, conditions });
  await putStatus(manifest('BgpPeer', 'leaf1'), { established: '2/2', conditions });
  await putStatus(manifest('BgpConf', 'every-field'), { conditions });
  const [eipHeader, eip] = await table('eip', 'eip-cidr');
  assert.deepEqual(eipHeader, ['NAME', 'ADDRESS', 'PROTOCOL', 'USAGE', 'TOTAL', 'READY', 'CONFLICT', 'AGE']);
  assert.deepEqual(eip?.slice(0, -1), ['eip-cidr', '172.22.0.0/24', 'bgp', '3', '256', 'True']);
  const [peerHeader, peer] = await table('bgpp', 'leaf1');
  assert.deepEqual(peerHeader, ['NAME', 'NEIGHBOR', 'AS', 'ESTABLISHED', 'READY', 'AGE']);
  assert.deepEqual(peer?.slice(0, -1), ['leaf1', '192.168.0.6', '4200000001', '2/2', 'True']);
  const [confHeader, conf] = await table('bgpc', 'every-field');
  assert.deepEqual(confHeader, ['NAME', 'AS', 'ROUTERID', 'READY', 'AGE']);
  assert.deepEqual(conf?.slice(0, -1), ['every-field', '4200000000', '8.8.8.8', 'True']);
});

test('a pool with a list shows all of it; the category of OpenELB names all kinds', async () => {
  const [, dual] = await table('eip', 'dual');
  assert.equal(dual?.[1], '["203.0.113.0/26","203.0.113.100-203.0.113.110","203.0.113.200","2001:db8:ffff::/64"]');
  const names = (await lab.kubectl(['get', 'networking', '-o', 'name'])).split('\n').map((line) => line.split('/')[0]);
  for (const { singular } of KINDS) assert.ok(names.includes(`${singular}.${GROUP}`), singular);
});
