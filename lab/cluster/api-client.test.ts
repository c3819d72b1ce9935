import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { ApiClient, ApiError } from './api-client.ts';

/** A client of a server that answers so, one after the other, and the last for ever. */
async function clientOf(
  context: TestContext,
  ...answers: readonly (readonly [status: number, message: string])[]
): Promise<ApiClient> {
  let count = 0;
  const server = createServer((_request, response) => {
    const [status, message] = answers[Math.min(count, answers.length - 1)] ?? [200, ''];
    count += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message, count }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new ApiClient({ server: `http://127.0.0.1:${port}`, ca: '', token: '' });
  context.after(async () => {
    await client.close();
    server.close();
  });
  return client;
}

suite('the client that tests use', () => {
  test('asks again where the API server has too much to do', async (context) => {
    const client = await clientOf(context, [429, ''], [500, 'etcdserver: request timed out'], [504, ''], [200, 'here']);
    assert.deepEqual(await client.get('/'), { message: 'here', count: 4 });
  });

  test('takes every other word of it as it is', async (context) => {
    for (const status of [409, 422, 500, 503]) {
      const client = await clientOf(context, [status, 'no'], [200, 'here']);
      await assert.rejects(client.get('/'), (error) => error instanceof ApiError && error.status === status);
    }
  });
});
