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
import { askable, findReplicas, managerPlace } from './manager.ts';

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

it('that impersonates somebody has no token of him', () => {
  for (const more of [{ as: 'tom' }, { as: 'tom', 'as-groups': ['shop'] }, { 'as-groups': ['shop'] }]) {
    assert.deepEqual(signIn({ token: 'own', ...more }), { kind: 'other' });
    assert.deepEqual(signIn({ exec: { command: 'c' }, ...more }), { kind: 'other' });
  }
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
    credential.renew('minted-1');
    assert.equal(await credential.token(), 'minted-2');
    assert.deepEqual(kubectl.ran[0], 'create token porterlb-viewer --namespace porterlb-system --duration 10m');
  });

  it('is made anew once, however many hear that it was refused', async () => {
    const kubectl = fakeKubectl();
    const credential = credentialOf({ kind: 'other' }, { kubectl }, { viewer, wanted: undefined });
    const ask = async (): Promise<string> => {
      credential.renew(await credential.token());
      return await credential.token();
    };
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), ['minted-2', 'minted-2', 'minted-2']);
    credential.renew('minted-1');
    assert.equal(await credential.token(), 'minted-2');
  });

  it('is not handed out any more once it has ended', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'porterlb-token-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const script = join(folder, 'plugin.sh');
    const counter = join(folder, 'count');
    writeFileSync(counter, '');
    const expirationTimestamp = new Date(Date.now() + 3_600_000).toISOString();
    const lines = [
      '#!/bin/sh',
      `echo x >> ${counter}`,
      `n=$(wc -l < ${counter} | tr -d ' ')`,
      `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$n'","expirationTimestamp":"${expirationTimestamp}"}}'`,
    ];
    writeFileSync(script, lines.join('\n'), { mode: 0o755 });
    const apiVersion = 'client.authentication.k8s.io/v1';
    const plugin = { apiVersion, command: script, args: [], env: {}, cluster: undefined };
    const how = { viewer, wanted: undefined };
    const credential = credentialOf({ kind: 'exec', plugin }, { kubectl: fakeKubectl() }, how);
    assert.equal(await credential.token(), '1');
    assert.equal(await credential.token(), '1');
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
    assert.equal(await credential.token(), '2');
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

  const binding = (namespace: string): string =>
    JSON.stringify({
      subjects: [
        { kind: 'User', name: 'porter-manager' },
        { kind: 'ServiceAccount', name: 'porter-manager', namespace },
      ],
    });

  it('are where the ClusterRoleBinding of the manager says, whatever Pods are elsewhere', async () => {
    const ran: string[] = [];
    const kubectl: Kubectl = {
      ...fakeKubectl(),
      run: (args) => {
        ran.push(args.join(' '));
        if (args[1] === 'pods') return Promise.resolve(JSON.stringify({ items: [pod('a', true)] }));
        return Promise.resolve(binding('lb'));
      },
    };
    const place = managerPlace(kubectl, undefined);
    assert.deepEqual(await findReplicas(kubectl, await place()), [{ namespace: 'lb', name: 'a', port: 17982 }]);
    assert.equal(await place(), 'lb');
    assert.deepEqual(ran, [
      'get clusterrolebindings.rbac.authorization.k8s.io porter-manager --output json',
      'get pods --namespace lb --selector app.kubernetes.io/name=porter-manager --output json',
    ]);
    assert.equal(await managerPlace(kubectl, 'named')(), 'named');
  });

  it('are not guessed where the ClusterRoleBinding may not be read or is not there', async () => {
    const forbidden = fakeKubectl(
      'Error from server (Forbidden): clusterrolebindings.rbac.authorization.k8s.io "porter-manager" is forbidden: User "tom" cannot get',
    );
    await assert.rejects(managerPlace(forbidden, undefined)(), {
      exitCode: EXIT.refused,
      message: /in which namespace porter-manager runs:\nError from server \(Forbidden\)/,
      hint: /--manager-namespace NAME/,
    });
    const gone = fakeKubectl(
      'Error from server (NotFound): clusterrolebindings.rbac.authorization.k8s.io "porter-manager" not found',
    );
    await assert.rejects(managerPlace(gone, undefined)(), { exitCode: EXIT.unreachable, message: /not installed/ });
    const nobody = { ...fakeKubectl(), run: () => Promise.resolve('{}') };
    await assert.rejects(managerPlace(nobody, undefined)(), { hint: /--manager-namespace NAME/ });
  });

  it('are looked for again after nobody could be asked', async () => {
    const answers = [new KubectlFailed('connection refused'), binding('lb')];
    const run = (): Promise<string> => {
      const answer = answers.shift() ?? '';
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const place = managerPlace({ ...fakeKubectl(), run }, undefined);
    await assert.rejects(place(), { exitCode: EXIT.unreachable });
    assert.equal(await place(), 'lb');
  });

  it('that are not there are told by why', () => {
    const running = { containerStatuses: [{ state: { running: {} } }] };
    const waiting = { ...pod('w', false), status: running };
    assert.deepEqual(askable([pod('a', false), waiting], 'x'), [{ namespace: 'x', name: 'w', port: 17982 }]);
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
