import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { installPackages, ShellUnavailable } from './packages.ts';

const environment = { npm_config_fetch_retries: '0' };

suite('packages that npm is to install', () => {
  let folder = '';
  let registry: Server;
  let answer: { readonly status: number; readonly body: string };
  const before = new Map<string, string | undefined>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porterlb-packages-'));
    registry = createServer((_request, response) => response.writeHead(answer.status).end(answer.body));
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = registry.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    await lock(url);
    const values = { ...environment, npm_config_cache: join(folder, 'cache'), npm_config_registry: url };
    for (const [name, value] of Object.entries(values)) {
      before.set(name, process.env[name]);
      process.env[name] = value;
    }
  });

  afterEach(async () => {
    registry.closeAllConnections();
    registry.close();
    await rm(folder, { recursive: true, force: true });
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  /** One package, and what its archive must be. */
  async function lock(url: string): Promise<void> {
    const dependencies = { thing: '1.0.0' };
    const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
    const thing = { version: '1.0.0', resolved: `${url}/thing-1.0.0.tgz`, integrity };
    const packages = { '': { name: 'user', dependencies }, 'node_modules/thing': thing };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'user', dependencies }));
    const lockFile = { name: 'user', lockfileVersion: 3, requires: true, packages };
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockFile));
  }

  for (const [what, status] of [
    ['has them no more', 404],
    ['wants to know who asks', 401],
    ['is out of order', 503],
  ] as const) {
    test(`can't be had when the registry ${what}`, async () => {
      answer = { status, body: '{}' };
      await assert.rejects(installPackages(folder), ShellUnavailable);
    });
  }

  test("can't be had when nobody answers", async () => {
    registry.close();
    await assert.rejects(installPackages(folder), ShellUnavailable);
  });

  test('are a fault when they are not what the lock file says', async () => {
    answer = { status: 200, body: 'something else' };
    await assert.rejects(installPackages(folder), (error) => {
      assert.match(String(error), /EINTEGRITY/);
      return !(error instanceof ShellUnavailable);
    });
  });
});
