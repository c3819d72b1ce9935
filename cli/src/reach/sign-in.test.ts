import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import { credentialOf, type ServiceAccount } from './credential.ts';
import { handedOut } from './exec-plugin.ts';
import { contextOf, kubeconfigFiles, readContext, type SignIn } from './kubeconfig.ts';
import { KubectlFailed, lastWords, type Kubectl } from './kubectl.ts';
import { askable, placeOf } from './manager.ts';

const viewer = (): Promise<ServiceAccount> =>
  Promise.resolve({ namespace: 'porterlb-system', name: 'porterlb-viewer' });

/** A kubectl that mints tokens `minted-1`, `minted-2`, ..., or says this. */
function fakeKubectl(complaint?: string): Kubectl & { readonly ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    run: async (args) => {
      ran.push(args.join(' '));
      if (complaint !== undefined) throw new KubectlFailed(complaint);
      return await Promise.resolve(`minted-${ran.length}\n`);
    },
    start: () => {
      throw new Error('nothing is started here');
    },
  };
}

function signIn(user: object, cluster: object = {}): SignIn {
  const config = { contexts: [{ context: { namespace: 'shop' } }], users: [{ user }], clusters: [{ cluster }] };
  const { namespace, signIn: found } = contextOf(config, () => '/home/a/.kube');
  assert.equal(namespace, 'shop');
  return found;
}

describe('a kubeconfig', () => {
  it('has a token, a file with one, a program that hands one out, or nothing that could be shown', () => {
    assert.deepEqual(signIn({ token: 'a' }), { kind: 'token', token: 'a' });
    assert.deepEqual(signIn({ token: 'a', tokenFile: '/f' }), { kind: 'file', path: '/f' });
    assert.deepEqual(signIn({ tokenFile: 'f' }), { kind: 'file', path: '/home/a/.kube/f' });
    assert.deepEqual(signIn({ 'client-certificate-data': 'x' }), { kind: 'other' });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'c', env: [{ name: 'A', value: 'b' }] };
    const plugin = { apiVersion: exec.apiVersion, command: 'c', args: [], env: { A: 'b' } };
    assert.deepEqual(signIn({ exec }), { kind: 'exec', plugin: { ...plugin, cluster: undefined } });
    const nearby = signIn({ exec: { ...exec, command: './c' } });
    assert.ok(nearby.kind === 'exec' && nearby.plugin.command === '/home/a/.kube/c');
    assert.deepEqual(signIn({ exec: { ...exec, provideClusterInfo: true } }, { server: 's' }), {
      kind: 'exec',
      plugin: { ...plugin, cluster: { server: 's' } },
    });
  });
});

it('that does not say where it is from has relative paths of the file that has its user', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-kubeconfig-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other/config'), 'users: [{name: tom, user: {}}]');
  writeFileSync(join(folder, 'config'), 'users: [{name: erin, user: {}}]');
  const files = kubeconfigFiles(undefined, { KUBECONFIG: `/nowhere:${folder}/config:${folder}/other/config` });
  const config = { contexts: [{ context: {} }], users: [{ name: 'tom', user: { tokenFile: 'f' } }] };
  const context = await readContext({ ...fakeKubectl(), run: () => Promise.resolve(JSON.stringify(config)) }, files);
  assert.deepEqual(context, { namespace: 'default', signIn: { kind: 'file', path: join(folder, 'other/f') } });
});

describe('the token', () => {
  it("is the kubeconfig's own where it has one", async () => {
    const kubectl = fakeKubectl();
    const credential = credentialOf(signIn({ token: 'own' }), { kubectl }, { viewer, wanted: undefined });
    assert.equal(await credential.token(), 'own');
    assert.deepEqual(kubectl.ran, []);
  });

  it('is made for the viewer otherwise, once until it is refused', async () => {
    const kubectl = fakeKubectl();
    const credential = credentialOf({ kind: 'other' }, { kubectl }, { viewer, wanted: undefined });
    assert.deepEqual(await Promise.all([credential.token(), credential.token()]), ['minted-1', 'minted-1']);
    credential.renew();
    assert.equal(await credential.token(), 'minted-2');
    assert.deepEqual(kubectl.ran[0], 'create token porterlb-viewer --namespace porterlb-system --duration 10m');
  });

  it('is made for the ServiceAccount that is wanted, whatever the kubeconfig has', async () => {
    const kubectl = fakeKubectl();
    const wanted = { namespace: 'shop', name: 'asker' };
    const credential = credentialOf(signIn({ token: 'own' }), { kubectl }, { viewer, wanted });
    assert.equal(await credential.token(), 'minted-1');
    assert.match(kubectl.ran[0] ?? '', /^create token asker --namespace shop /);
  });

  it('that can not be made says what is missing', async () => {
    const kubectl = fakeKubectl('Error from server (Forbidden): serviceaccounts "porterlb-viewer" is forbidden');
    const credential = credentialOf({ kind: 'other' }, { kubectl }, { viewer, wanted: undefined });
    await assert.rejects(credential.token(), {
      exitCode: EXIT.refused,
      message: /ServiceAccount porterlb-system\/porterlb-viewer:\nError from server \(Forbidden\)/,
      hint: /"create" on serviceaccounts\/token of porterlb-viewer/,
    });
  });

  it('of a program is kept as long as it says, and what it prints is never repeated', () => {
    const status = { token: 'secret', expirationTimestamp: '2026-01-01T00:00:00Z' };
    assert.deepEqual(handedOut(JSON.stringify({ status }), 'c'), {
      token: 'secret',
      expiresAt: Date.parse('2026-01-01T00:00:00Z'),
    });
    assert.deepEqual(handedOut('{"status": {"clientCertificateData": "x"}}', 'c'), {
      token: undefined,
      expiresAt: undefined,
    });
    assert.throws(
      () => handedOut('secret, no JSON', 'c'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('replicas to ask', () => {
  const pod = (
    name: string,
    ready: boolean,
    more: { leaving?: boolean; api?: boolean } = {},
  ): Parameters<typeof askable>[0][number] => ({
    metadata: { name, namespace: 'x', ...(more.leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { containers: [{ ports: more.api === false ? [] : [{ name: 'api', containerPort: 17982 }] }] },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });

  it('are ready and stay', () => {
    const pods = [pod('a', false), pod('b', true, { leaving: true }), pod('c', true)];
    assert.deepEqual(askable(pods, 'x'), [{ namespace: 'x', name: 'c', port: 17982 }]);
  });

  it('are where the chart or KubeSphere put them, and so is the ServiceAccount of the viewer', async () => {
    const none = JSON.stringify({ items: [] });
    const some = JSON.stringify({ items: [pod('a', true)] });
    const run = (args: readonly string[]): Promise<string> =>
      Promise.resolve(args.includes('extension-porterlb') ? some : none);
    const kubectl = { ...fakeKubectl(), run };
    const reach = { managerNamespace: undefined, server: undefined };
    assert.equal(await placeOf(kubectl, reach), 'extension-porterlb');
    assert.equal(await placeOf(kubectl, { ...reach, managerNamespace: 'lb' }), 'lb');
    assert.equal(await placeOf(kubectl, { ...reach, server: 'https://lb' }), 'porterlb-system');
  });

  it('that are not there are told by why', () => {
    assert.throws(() => askable([pod('a', false)], 'x'), { message: /none of its 1 Pods is Ready/ });
    assert.throws(() => askable([pod('a', true, { api: false })], 'x'), { message: /its API is switched off/ });
    assert.throws(() => askable([pod('a', true, { leaving: true })], 'x'), { message: /are going away/ });
  });
});

it('kubectl is refused in more than one way of saying so', () => {
  for (const text of [
    'Error from server (Forbidden): pods is forbidden: User "carol" cannot list resource "pods"',
    'failed to create token: serviceaccounts "porterlb-viewer" is forbidden: User "carol" cannot create',
    'You must be logged in to the server (Unauthorized)',
  ])
    assert.ok(new KubectlFailed(text).isRefusal, text);
  assert.ok(!new KubectlFailed('dial tcp 127.0.0.1:6443: connect: connection refused').isRefusal);
});

it('of what kubectl says, its own words are repeated, without warnings and log lines', () => {
  const said =
    'WARNING: version difference\nE1129 09:00:00.0 1 memcache.go:265] "Unhandled"\nerror: cannot locate context a\n';
  assert.equal(lastWords(said), 'cannot locate context a');
  assert.equal(lastWords('\n'), undefined);
});
