import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { suite, test, type TestContext } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { KubeProxy } from './kube-proxy.ts';

interface Scene {
  readonly proxy: KubeProxy;
  readonly clock: FakeClock;
  asked: number;
}

async function scene(context: TestContext, status: number, body: string): Promise<Scene> {
  const clock = new FakeClock();
  const server = createServer((_request, response) => {
    own.asked += 1;
    response.writeHead(status).end(body);
  });
  context.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { readonly port: number };
  const own: Scene = {
    clock,
    asked: 0,
    proxy: new KubeProxy({ clock }, { url: `http://127.0.0.1:${port}/proxyMode` }),
  };
  return own;
}

suite("kube-proxy's mode", () => {
  test('is what it says, and is not asked for again and again', async (context) => {
    const own = await scene(context, 200, 'ipvs');
    assert.deepEqual([await own.proxy.mode(), await own.proxy.mode(), own.asked], ['ipvs', 'ipvs', 1]);
    own.clock.advance(60_000);
    assert.deepEqual([await own.proxy.mode(), own.asked], ['ipvs', 2]);
  });

  test('is not known where somebody else answers, or nobody', async (context) => {
    assert.equal(await (await scene(context, 404, 'ipvs')).proxy.mode(), undefined);
    assert.equal(await (await scene(context, 200, '<html>')).proxy.mode(), undefined);
    assert.equal(
      await new KubeProxy({ clock: new FakeClock() }, { url: 'http://127.0.0.1:1/proxyMode' }).mode(),
      undefined,
    );
  });
});
