import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FakeLogger } from '../platform/fake/logger.ts';
import { HealthServer } from './health.ts';

interface Probe {
  notAlive: string[];
  notReady: string[];
  /** Status and text of an answer. */
  ask(path: string, method?: string): Promise<string>;
}

async function serving(t: TestContext): Promise<Probe> {
  const probe: Probe = {
    notAlive: [],
    notReady: [],
    ask: async (path, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return `${response.status} ${(await response.text()).trimEnd()}`;
    },
  };
  const server = new HealthServer({
    logger: new FakeLogger(),
    notAlive: () => probe.notAlive,
    notReady: () => probe.notReady,
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
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
  assert.match(await probe.ask('/healthz', 'POST'), /^405 /);
});
