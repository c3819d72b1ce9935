import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { inClusterConfig } from './in-cluster.ts';
import { readKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'porterlb-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function kubeconfig(user: object, cluster: object = {}): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
      { name: 'two', context: { cluster: 'c2', user: 'u' } },
    ],
    clusters: [
      { name: 'c', cluster: { server: 'https://192.0.2.1:6443', ...cluster } },
      { name: 'c2', cluster: { server: 'https://192.0.2.2:6443' } },
    ],
    users: [{ name: 'u', user }],
  };
  // JSON is YAML.
  return write('config', JSON.stringify(document));
}

describe('readKubeconfig', () => {
  it('reads YAML with a token and a certificate authority', async () => {
    const file = write(
      'config.yaml',
      [
        'apiVersion: v1',
        'kind: Config',
        'current-context: dev',
        'contexts: [{name: dev, context: {cluster: c, user: u}}]',
        'clusters:',
        '- name: c',
        '  cluster:',
        '    server: https://[2001:db8::1]:6443',
        `    certificate-authority-data: ${Buffer.from('the CA').toString('base64')}`,
        'users:',
        '- {name: u, user: {token: abc}}',
      ].join('\n'),
    );
    const config = await readKubeconfig(file, new FakeClock());
    assert.equal(config.server, 'https://[2001:db8::1]:6443');
    assert.equal(config.namespace, 'default');
    assert.equal(config.tls.ca?.toString(), 'the CA');
    assert.equal(await config.credential.header(), 'Bearer abc');
  });

  it('reads client certificates, from files beside it too, and the name to expect', async () => {
    write('client.crt', 'the certificate');
    const user = { 'client-certificate': 'client.crt', 'client-key-data': Buffer.from('the key').toString('base64') };
    const file = kubeconfig(user, { 'tls-server-name': 'kubernetes', 'insecure-skip-tls-verify': true });
    const { tls, namespace, credential } = await readKubeconfig(file, new FakeClock());
    assert.equal(tls.cert?.toString(), 'the certificate');
    assert.equal(tls.key?.toString(), 'the key');
    assert.equal(tls.serverName, 'kubernetes');
    assert.equal(tls.insecure, true);
    assert.equal(namespace, 'shop');
    assert.equal(await credential.header(), undefined);
  });

  it('reads a token file anew each minute and after a refusal, and keeps the token while the file is gone', async () => {
    const clock = new FakeClock();
    const token = write('token', 'first\n');
    const { credential } = await readKubeconfig(kubeconfig({ tokenFile: 'token' }), clock);
    assert.equal(await credential.header(), 'Bearer first');
    writeFileSync(token, 'second');
    clock.advance(59_000);
    assert.equal(await credential.header(), 'Bearer first');
    clock.advance(2_000);
    assert.equal(await credential.header(), 'Bearer second');
    writeFileSync(token, 'third');
    credential.invalidate();
    assert.equal(await credential.header(), 'Bearer third');
    rmSync(token);
    credential.invalidate();
    assert.equal(await credential.header(), 'Bearer third');
  });

  it('runs an exec plugin', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const script = `console.log(${JSON.stringify(JSON.stringify(credential))})`;
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] };
    const config = await readKubeconfig(kubeconfig({ exec }), new FakeClock());
    assert.equal(config.server, 'https://192.0.2.1:6443');
    assert.equal(await config.credential.header(), 'Bearer from-plugin');
  });

  it('takes the context that is asked for, and names what is missing', async () => {
    const file = kubeconfig({ token: 'hidden' });
    assert.equal((await readKubeconfig(file, new FakeClock(), 'two')).server, 'https://192.0.2.2:6443');
    await assert.rejects(readKubeconfig(file, new FakeClock(), 'three'), /no entry "three" among its contexts/);
    const empty = write('empty', '{}');
    await assert.rejects(readKubeconfig(empty, new FakeClock()), /names no current context/);
  });
});

describe('inClusterConfig', () => {
  it('is undefined outside of a Pod', () => {
    assert.equal(inClusterConfig(new FakeClock(), {}), undefined);
  });

  it('reads what the kubelet puts into a Pod', async () => {
    for (const [name, content] of Object.entries({ token: 't1', 'ca.crt': 'the CA', namespace: 'porterlb-system' })) {
      write(name, content);
    }
    const environment = { KUBERNETES_SERVICE_HOST: 'fd96::1', KUBERNETES_SERVICE_PORT: '443' };
    const config = inClusterConfig(new FakeClock(), environment, folder);
    assert.equal(config?.server, 'https://[fd96::1]:443');
    assert.equal(config.namespace, 'porterlb-system');
    assert.equal(config.tls.ca?.toString(), 'the CA');
    assert.equal(await config.credential.header(), 'Bearer t1');
  });
});
