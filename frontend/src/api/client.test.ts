import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { installTexts } from '../testing/fake-texts.ts';
import { ApiClient } from './client.ts';
import type { Failure } from './failure.ts';
import { failureOf } from './failure.ts';
import type { Http, HttpRequest } from './http.ts';
import { ObjectStore } from './objects.ts';

installTexts('zh');

class Wire implements Http {
  readonly sent: HttpRequest[] = [];
  answer = '{}';

  send(request: HttpRequest): Promise<string> {
    this.sent.push(request);
    return Promise.resolve(this.answer);
  }

  read(request: HttpRequest, onPiece: (piece: string) => void): Promise<void> {
    this.sent.push(request);
    for (const letter of this.answer) onPiece(letter);
    return Promise.resolve();
  }
}

suite('questions to the API', () => {
  test('go through the console to the cluster, in the language of who asks', async () => {
    const http = new Wire();
    const api = new ApiClient({ http }, { cluster: 'member 1' });
    await api.ask({ operation: 'getPool', path: { name: 'a/b' } });
    await api.ask({
      operation: 'listPools',
      query: { page: 2, name: 'a&b', ascending: false, sortBy: undefined, labelSelector: '' },
    });
    const base = '/clusters/member%201/kapis/porterlb.kubesphere.io/v1alpha1';
    assert.deepEqual(
      http.sent.map(({ method, url }) => `${method} ${url}`),
      [`GET ${base}/pools/a%2Fb`, `GET ${base}/pools?page=2&name=a%26b&ascending=false`],
    );
    assert.equal(http.sent[0]?.headers['accept-language'], 'zh');
  });

  test('hear of changes from pieces that end anywhere', async () => {
    const http = new Wire();
    http.answer = 'event: change\ndata: {"name":"a"}\n\n:\n\nevent: change\ndata: {"name":"b"}\n\n';
    const api = new ApiClient({ http }, { cluster: 'host' });
    const heard: string[] = [];
    const told = { onAnswer: ({ name }: { readonly name: string }) => heard.push(name), onAlive: () => undefined };
    await api.listen({ operation: 'getPool', path: { name: 'a' } }, told, new AbortController().signal);
    assert.deepEqual(heard, ['a', 'b']);
    assert.equal(http.sent[0]?.headers['accept'], 'text/event-stream');
  });

  test('fail as the API says in a stream', async () => {
    const http = new Wire();
    http.answer = 'event: error\ndata: {"code":404,"reason":"ObjectNotFound","message":"gone"}\n\n';
    const api = new ApiClient({ http }, { cluster: 'host' });
    const told = { onAnswer: () => undefined, onAlive: () => undefined };
    const listening = api.listen({ operation: 'getPool', path: { name: 'a' } }, told, new AbortController().signal);
    await assert.rejects(listening, (error: Failure) => error.kind === 'notFound' && error.message === 'gone');
  });
});

test('changes go to the API server of Kubernetes, which is to name fields that it does not know', async () => {
  const http = new Wire();
  const objects = new ObjectStore({ http }, { cluster: 'host' });
  const pool = { apiVersion: 'v1', kind: 'Eip', metadata: { name: 'a' } };
  await objects.create('eips', pool);
  await objects.create('eips', 'kind: Eip', { dryRun: true });
  await objects.replace('bgppeers', 'b', pool);
  await objects.patch('eips', 'a', { spec: { disable: true } });
  await objects.remove('eips', 'a');
  const base = '/clusters/host/apis/network.kubesphere.io/v1alpha2';
  const strict = 'fieldValidation=Strict';
  assert.deepEqual(
    http.sent.map(({ method, url, headers }) => [`${method} ${url}`, headers['content-type']]),
    [
      [`POST ${base}/eips?${strict}`, 'application/json'],
      [`POST ${base}/eips?${strict}&dryRun=All`, 'application/yaml'],
      [`PUT ${base}/bgppeers/b?${strict}`, 'application/json'],
      [`PATCH ${base}/eips/a?${strict}`, 'application/merge-patch+json'],
      [`DELETE ${base}/eips/a`, undefined],
    ],
  );
});

suite('what went wrong', () => {
  const kindOf = (code: number, body: object | string): string =>
    failureOf(code, typeof body === 'string' ? body : JSON.stringify(body)).kind;

  test('is told apart: an object that is not there, and an API that has not got that', () => {
    assert.equal(kindOf(404, { reason: 'ObjectNotFound', message: 'There is no Eip a.' }), 'notFound');
    assert.equal(kindOf(404, { reason: 'NotFound', message: 'eips.network.kubesphere.io "a" not found' }), 'notFound');
    assert.equal(kindOf(404, { reason: 'NotFound', message: 'There is nothing at /nodes.' }), 'unsupported');
    assert.equal(kindOf(404, '404 page not found'), 'unsupported');
  });

  test('is told apart: what a role does not let do, and what a policy of the cluster does not let anybody do', () => {
    const of = (message: string): string => kindOf(403, { reason: 'Forbidden', message });
    assert.equal(
      of('eips.network.kubesphere.io "a" is forbidden: User "ann" cannot update resource "eips"'),
      'forbidden',
    );
    assert.equal(of('admission webhook "policy.example.org" denied the request: [owner] no label'), 'invalid');
    const policy = "ValidatingAdmissionPolicy 'owner' with binding 'owner' denied request: no label";
    assert.equal(of(`eips.network.kubesphere.io "a" is forbidden: ${policy}`), 'invalid');
  });

  test('is read out of the wrapping that ks-apiserver has around its own refusals', () => {
    const of = (code: number, status: object): Failure =>
      failureOf(code, JSON.stringify({ ErrStatus: status }, null, 2));
    const message = 'Error while proxying request: dial tcp 10.96.3.7:443: connect: connection refused';
    const away = of(502, { metadata: {}, message, reason: 'Bad Gateway', code: 502 });
    assert.deepEqual([away.kind, away.message, away.reason], ['away', message, 'Bad Gateway']);
    const status = { metadata: {}, status: 'Failure', reason: 'ServiceUnavailable', code: 503 };
    assert.equal(of(503, { ...status, message: 'cluster east is not ready' }).message, 'cluster east is not ready');
    assert.equal(failureOf(502, '{"ErrStatus":null}').message, '{"ErrStatus":null}');
  });

  test('has a message whatever the answer looks like', () => {
    assert.equal(failureOf(502, '<html>Bad Gateway</html>').message, '<html>Bad Gateway</html>');
    const page = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>';
    assert.equal(failureOf(502, page).message, '502 Bad Gateway');
    assert.equal(failureOf(500, '').message, 'HTTP 500');
    assert.equal(kindOf(502, ''), 'away');
    assert.equal(kindOf(418, '{"message":7}'), 'other');
  });

  test('has the fields that are wrong', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'spec.address', message: 'no' }, {}];
    assert.deepEqual(failureOf(422, JSON.stringify({ details: { causes } })).causes, [
      { field: 'spec.address', message: 'no' },
      { field: '', message: '' },
    ]);
  });
});
