import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAddresses } from './server-addresses.ts';

async function of(server: string | Error): Promise<string[]> {
  const run = async (): Promise<string> =>
    server instanceof Error ? await Promise.reject(server) : await Promise.resolve(server);
  return await serverAddresses({ run, start: () => assert.fail('nothing is started') });
}

test('the addresses of the API server are those of its URL', async () => {
  assert.deepEqual(await of('https://192.0.2.7:6443\n'), ['192.0.2.7']);
  assert.deepEqual(await of('https://[2001:db8::7]:6443'), ['2001:db8::7']);
});

test('they are unknown where kubectl does not say', async () => {
  assert.deepEqual(await of(new Error('no context')), []);
  assert.deepEqual(await of(''), []);
});
