import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../platform/linux/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { BASE_PATH } from './routes.ts';
import type { Status } from './schemas/status.ts';
import { ApiServer } from './server.ts';
import { ApiBench, factsOf } from './testing/api-bench.ts';
import { selfSigned } from './tls/self-signed.ts';

interface Said {
  readonly code: number;
  readonly head: string;
  readonly status: Status;
}

/** What a server says to these bytes before it ends the connection. */
function parsed(text: string): Said {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
  return {
    code: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    head: head.toLowerCase(),
    status: JSON.parse(body) as Status,
  };
}

/** The API's own port, on the application of a bench. */
async function saidTo(context: TestContext, bytes: string): Promise<Said> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
  const made = await selfSigned({ name: 'porter-manager', dnsNames: ['localhost'], ...times });
  const server = new ApiServer({
    ...{ clock: systemClock, logger: new FakeLogger(), app: api.app, boundSockets: () => undefined },
    certificate: { current: { ...made, fingerprint: '' } as never, accepts: () => false },
    isReplica: () => false,
    facts: async () => await Promise.resolve(factsOf('porter-0')),
    addresses: async () => await Promise.resolve({ addresses: [] }),
    takers: () => ({ addresses: [] }),
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  context.after(async () => await server.close());
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  context.after(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(bytes);
  await once(socket, 'close');
  return parsed(text);
}

suite('what Node.js refuses before anything else sees it', () => {
  const cases = [
    [
      'an expectation that is none',
      'GET / HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n',
      417,
      'ExpectationFailed',
    ],
    ['what is no HTTP', 'HELLO\r\n\r\n', 400, 'BadRequest'],
    [
      'headers that are too long',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'RequestHeaderFieldsTooLarge',
    ],
    ['a request that does not come to its end', 'GET / HTTP/1.1\r\nhost: x\r\n', 408, 'RequestTimeout'],
  ] as const;
  for (const [what, bytes, code, reason] of cases) {
    test(`is answered with a Status: ${what}`, { timeout: 30_000 }, async (context) => {
      const said = await saidTo(context, bytes);
      assert.deepEqual(
        [said.code, said.status.code, said.status.reason, said.status.kind],
        [code, code, reason, 'Status'],
      );
      assert.match(said.head, /\r\ncontent-type: application\/json/);
      assert.match(said.head, /\r\nx-content-type-options: nosniff/);
    });
  }
});

test('a URL that can not be read is answered with a Status, with the headers of every answer', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const socket = connect({ host: '127.0.0.1', port: api.port });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write('GET http://[::bad/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nconnection: close\r\n\r\n');
  await once(socket, 'close');
  const { code, status, head } = parsed(text);
  assert.deepEqual([code, status.reason], [400, 'BadRequest']);
  assert.match(head, /\r\nx-content-type-options: nosniff/);
});

suite('Swagger UI', () => {
  async function bench(context: TestContext, docs: boolean): Promise<ApiBench> {
    const api = await new ApiBench().start({ docs });
    context.after(async () => await api.stop());
    return api;
  }

  test('is at its own paths only, and only read', async (context) => {
    const api = await bench(context, true);
    const nothing = await api.get('docs/nope', { token: '' });
    assert.deepEqual([nothing.status, nothing.json<Status>().reason], [404, 'NotFound']);
    for (const method of ['DELETE', 'POST', 'PUT']) {
      const { status, headers } = await api.get('docs/', { token: '', method });
      assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD']);
    }
    assert.equal((await api.get('docs/', { token: '', method: 'HEAD' })).status, 200);
  });

  test('is pointed to from paths that are not there, where it is served; else the OpenAPI document is', async (context) => {
    const [on, off] = [await bench(context, true), await bench(context, false)];
    const told = async (api: ApiBench): Promise<string> => (await api.get('nowhere')).json<Status>().message;
    assert.match(await told(on), new RegExp(`See ${BASE_PATH}/docs/ for`));
    assert.match(await told(off), new RegExp(`See ${BASE_PATH}/openapi\\.json for`));
  });
});
