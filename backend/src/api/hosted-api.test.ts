import assert from 'node:assert/strict';
import { request } from 'node:https';
import { suite, test, type TestContext } from 'node:test';
import { FakeFaultZone } from '../platform/fake/fault-zone.ts';
import { HostedApi } from './hosted-api.ts';
import { BASE_PATH } from './routes.ts';
import { ApiBench, NO_FACTS } from './testing/api-bench.ts';

class Bench {
  readonly zone = new FakeFaultZone();
  readonly #api = new ApiBench();
  readonly hosted: HostedApi;

  constructor() {
    const { clock, logger, kube, view, reservations } = this.#api;
    this.hosted = new HostedApi(
      {
        ...{ clock, logger, kube, view, faults: this.zone, ...reservations, leads: () => true, notReady: () => [] },
        beside: () => [],
        boundSockets: () => undefined,
        ask: async () => await Promise.resolve({ ...NO_FACTS }),
        askAddresses: async () => await Promise.resolve([]),
        reports: new Map(),
      },
      {
        api: { port: 0, docs: false, tlsDir: undefined, kubesphere: '' },
        self: { replica: 'porter-0', node: 'n1', address: '127.0.0.1', namespace: 'porterlb-system', name: 'manager' },
      },
    );
  }

  /** Port after port of the API as it is served; sockets and certificates take real time, the limit is there to end a failing test. */
  async ports(count: number): Promise<number[]> {
    const ports = (): number[] =>
      this.#api.logger.entries
        .filter(({ message }) => message === 'serving the API')
        .map(({ fields }) => Number(fields['port']));
    for (let left = 1_000; ports().length < count && left > 0; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.#api.clock.advance(100);
    }
    assert.equal(ports().length, count);
    return ports();
  }

  logged(message: string): number {
    return this.#api.logger.entries.filter((entry) => entry.message === message).length;
  }
}

async function bench(context: TestContext): Promise<Bench> {
  const own = new Bench();
  context.after(async () => await own.hosted.stop());
  own.hosted.start();
  await own.ports(1);
  return own;
}

/** The status of an answer, or the code of the error. */
async function ask(port: number | undefined): Promise<string> {
  const options = { host: '127.0.0.1', port, path: `${BASE_PATH}/version`, rejectUnauthorized: false, agent: false };
  return await new Promise((resolve) => {
    const sent = request(options, (response) => response.resume().on('end', () => resolve(`${response.statusCode}`)));
    sent.on('error', (error: Error & { readonly code?: string }) => resolve(error.code ?? error.message));
    sent.end();
  });
}

suite('the API as a part of a replica', () => {
  test('begins anew after a fault, and only once for many', async (context) => {
    const own = await bench(context);
    const [port] = await own.ports(1);
    assert.equal(await ask(port), '401');
    for (let i = 0; i < 3; i += 1) own.zone.fail(new Error('nobody expected this'));
    assert.equal(own.logged('the API has failed, announcing goes on without it'), 3);
    const [, again] = await own.ports(2);
    assert.deepEqual([await ask(port), await ask(again)], ['ECONNREFUSED', '401']);
  });

  test('does not begin anew when the replica leaves', async (context) => {
    const own = await bench(context);
    const [port] = await own.ports(1);
    own.zone.fail(new Error('nobody expected this'));
    await own.hosted.stop();
    assert.equal(await ask(port), 'ECONNREFUSED');
    assert.equal(own.logged('serving the API'), 1);
  });
});
