import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FakeLogger } from '../platform/fake/logger.ts';
import { HealthServer } from './health.ts';

interface Probe {
  base: string;
  notAlive: string[];
  notReady: string[];
  metrics: () => Promise<{ contentType: string; text: string }>;
  /** Status and text of an answer. */
  ask(path: string, method?: string): Promise<string>;
}

async function serving(t: TestContext): Promise<Probe> {
  const probe: Probe = {
    base: '',
    notAlive: [],
    notReady: [],
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    ask: async (path, method = 'GET') => {
      const response = await fetch(`${probe.base}${path}`, { method });
      return `${response.status} ${(await response.text()).trimEnd()}`;
    },
  };
  const server = new HealthServer({
    logger: new FakeLogger(),
    notAlive: () => probe.notAlive,
    notReady: () => probe.notReady,
    metrics: () => probe.metrics(),
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  probe.base = `http://127.0.0.1:${port}`;
  t.after(() => server.close());
  return probe;
}

test('a replica that lives and is ready says so', async (t) => {
  const probe = await serving(t);
  assert.equal(await probe.ask('/healthz'), '200 ok');
  assert.equal(await probe.ask('/readyz'), '200 ok');
});

test('one whose engine hangs is not alive, with the reason, until it turns again', async (t) => {
  const probe = await serving(t);
  probe.notAlive = ['the engine hangs', 'and more'];
  assert.equal(await probe.ask('/healthz?verbose'), '503 the engine hangs\nand more');
  assert.equal(await probe.ask('/readyz'), '200 ok');
  probe.notAlive = [];
  assert.equal(await probe.ask('/healthz'), '200 ok');
});

test('one that waits for its lists is alive, and not ready', async (t) => {
  const probe = await serving(t);
  probe.notReady = ['waiting for nodes'];
  assert.equal(await probe.ask('/healthz'), '200 ok');
  assert.equal(await probe.ask('/readyz'), '503 waiting for nodes');
});

test('there is nothing else, and nothing can be changed', async (t) => {
  const probe = await serving(t);
  assert.match(await probe.ask('/'), /^404 /);
  for (const path of ['/metrics/', '/metrics/x', '//metrics', '/Metrics']) assert.match(await probe.ask(path), /^404 /);
  for (const path of ['/healthz', '/metrics']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.match(await probe.ask(path, method), /^405 /);
  }
});

test('metrics come in the format that they are in; asked for their head alone, they have no body', async (t) => {
  const probe = await serving(t);
  const response = await fetch(`${probe.base}/metrics?x=1`);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4');
  assert.equal(await response.text(), 'up 1\n');
  assert.equal(await probe.ask('/metrics', 'HEAD'), '200 ');
});

test('metrics that cannot be told are an error of the server, which goes on, and say nothing of what went wrong', async (t) => {
  const probe = await serving(t);
  probe.metrics = () => Promise.reject(new Error('a secret'));
  assert.equal(await probe.ask('/metrics'), '500 metrics cannot be told; the log says why');
  assert.equal(await probe.ask('/healthz'), '200 ok');
});
