import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { suite, test, type TestContext } from 'node:test';
import { systemClock } from '../../platform/linux/clock.ts';
import { selfSigned } from '../tls/self-signed.ts';
import { ksApiserverAt, KsApiserver, Verdicts } from './kubesphere.ts';

const QUESTION = { method: 'GET', path: '/kapis/porterlb.kubesphere.io/v1alpha1/pools' };

function verdicts(secret = 'secret'): Verdicts {
  return new Verdicts({
    secrets: () => secret.split(' ').map((each) => Buffer.from(each)),
    onForeign: () => undefined,
  });
}

function answerTo(header: string, user: string | undefined, path = QUESTION.path): ReturnType<Verdicts['answer']> {
  const headers = { 'x-porterlb-verdict': header, ...(user === undefined ? {} : { 'x-remote-user': user }) };
  return verdicts().answer({ ...QUESTION, path }, headers);
}

suite('the question by which replicas ask themselves through ks-apiserver', () => {
  test('is answered with the user that ks-apiserver names', () => {
    const { header, isProof } = verdicts().ask(QUESTION);
    assert.equal(isProof(JSON.stringify(answerTo(header, 'viewer'))), 'viewer');
  });

  test('is answered to replicas only', () => {
    const { header } = verdicts('another secret').ask(QUESTION);
    assert.equal(answerTo(header, 'viewer'), 'foreign');
    assert.equal(answerTo('nonce.seal', 'viewer'), 'foreign');
    assert.equal(answerTo(verdicts().ask(QUESTION).header, undefined), 'foreign');
    assert.equal(verdicts().answer(QUESTION, {}), undefined);
  });

  test('counts for the path that it was asked for', () => {
    const { header } = verdicts().ask(QUESTION);
    assert.equal(answerTo(header, 'viewer', `${QUESTION.path}/other`), 'foreign');
  });

  test('takes no other answer: neither that to another question, nor one with another name', () => {
    const [first, second] = [verdicts().ask(QUESTION), verdicts().ask(QUESTION)];
    const answer = answerTo(first.header, 'viewer');
    assert.ok(answer !== undefined && answer !== 'foreign');
    assert.equal(second.isProof(JSON.stringify(answer)), undefined);
    assert.equal(first.isProof(JSON.stringify({ ...answer, user: 'admin' })), undefined);
    for (const body of ['', 'null', '[]', '{"user":"viewer"}']) assert.equal(first.isProof(body), undefined, body);
  });
});

function asked(url: string, isVerified = true): KsApiserver {
  return new KsApiserver({ clock: systemClock, verdicts: verdicts(), at: () => ({ url, isVerified }) });
}

suite('ks-apiserver', () => {
  async function answering(context: TestContext, status: number, body: string): Promise<KsApiserver> {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    context.after(() => void server.close());
    const { port } = server.address() as { port: number };
    return asked(`http://127.0.0.1:${port}`);
  }

  test('knows whose a token is', async (context) => {
    const body = JSON.stringify({ name: 'viewer', preferred_username: 'viewer', email: 'viewer@example.com' });
    assert.equal(await (await answering(context, 200, body)).userOf('token'), 'viewer');
    assert.equal(await (await answering(context, 401, '')).userOf('token'), undefined);
  });

  test('is asked over TLS where its Service has the port for that, with a certificate that KubeSphere makes itself', async (context) => {
    const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
    const made = await selfSigned({ name: 'ks-apiserver', dnsNames: ['ks-apiserver.kubesphere-system.svc'], ...times });
    const server = createTlsServer(made, (_request, response) => response.end('{"preferred_username":"viewer"}'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };
    assert.equal(await asked(`https://127.0.0.1:${port}`, false).userOf('token'), 'viewer');
    await assert.rejects(asked(`https://127.0.0.1:${port}`).userOf('token'), /self-signed/);
  });

  test('is where its Service is', () => {
    const at = (clusterIP: string, ...ports: number[]): unknown =>
      ksApiserverAt({ clusterIP, ports: ports.map((port) => ({ port })) });
    assert.deepEqual(at('10.96.1.2', 80), { url: 'http://10.96.1.2:80', isVerified: false });
    assert.deepEqual(at('10.96.1.2', 443), { url: 'https://10.96.1.2:443', isVerified: false });
    assert.deepEqual(at('fd00::1', 80), { url: 'http://[fd00::1]:80', isVerified: false });
    assert.equal(at('None', 80), undefined);
    assert.equal(at('10.96.1.2'), undefined);
    assert.equal(ksApiserverAt(undefined), undefined);
  });

  test('that answers what it should not has said nothing', async (context) => {
    for (const [status, body] of [
      [500, ''],
      [200, 'welcome'],
      [200, '{}'],
      [302, ''],
      [200, '{"name":7}'],
    ] as const) {
      await assert.rejects((await answering(context, status, body)).userOf('token'), `${status} ${body}`);
    }
    await assert.rejects((await answering(context, 200, 'x'.repeat(70_000))).userOf('token'), /longer than/);
  });

  test('that does not lead back to a replica lets nobody through', async (context) => {
    assert.equal(await (await answering(context, 403, '')).admits('token', QUESTION), undefined);
    await assert.rejects(
      (await answering(context, 200, '{"items":[]}')).admits('token', QUESTION),
      /does not lead to us/,
    );
    await assert.rejects((await answering(context, 404, '')).admits('token', QUESTION), /does not lead to us/);
  });
});
