import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { suite, test, type TestContext } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { FakeLogger } from '../platform/fake/logger.ts';
import { systemClock } from '../platform/linux/clock.ts';
import { addressesReport } from './replicas/addresses.ts';
import type { ReplicaReport } from './replicas/facts.ts';
import { FACTS_PATH, ReplicaClient } from './replicas/replica-client.ts';
import { MAX_TAKERS, takersOf } from './replicas/takers.ts';
import { ApiServer } from './server.ts';
import { announced, aSession } from './testing/facts.ts';
import { factsOf } from './testing/api-bench.ts';
import { selfSigned, type KeyAndCertificate } from './tls/self-signed.ts';
import { ServingCertificate } from './tls/serving-certificate.ts';

/** As JSON has it. */
const FACTS = JSON.parse(
  JSON.stringify(
    factsOf('porter-0', {
      sessions: [aSession('r1')],
      addresses: [announced('192.0.2.1', 'd/s', ['203.0.113.1'])],
    }),
  ),
) as ReplicaReport;

async function made(): Promise<KeyAndCertificate> {
  const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
  return await selfSigned({ name: 'porter-manager', dnsNames: ['localhost'], ...times });
}

async function certificateOf(value: KeyAndCertificate): Promise<ServingCertificate> {
  const source = { load: async () => await Promise.resolve(value) };
  const certificate = new ServingCertificate({ clock: systemClock, logger: new FakeLogger(), source });
  await certificate.start(() => undefined);
  certificate.stop();
  return certificate;
}

class Serving {
  value: ServingCertificate;
  readonly asked: (readonly string[])[] = [];
  /** Answers that go on and on. */
  readonly streams: ServerResponse[] = [];
  endStreams = async (): Promise<void> => {
    for (const stream of this.streams) await new Promise<void>((resolve) => void stream.end('to the end', resolve));
  };
  readonly server: ApiServer;
  port = 0;

  constructor(value: ServingCertificate) {
    this.value = value;
    const current = (): ServingCertificate => this.value;
    this.server = new ApiServer({
      ...{ clock: systemClock, logger: new FakeLogger(), boundSockets: () => undefined },
      certificate: {
        get current() {
          return current().current;
        },
        accepts: (fingerprint) => current().accepts(fingerprint),
      },
      app: {
        handle: (request, response) => {
          if (request.url !== '/stream') return void response.end('the API');
          response.write('and on ');
          this.streams.push(response);
        },
        endStreams: async () => await this.endStreams(),
        refusal: () => ({ status: 400, headers: {}, body: '' }),
        refuse: (_code, _request, response) => void response.destroy(),
      },
      isReplica: (address) => address === '127.0.0.2',
      facts: async (ips) => {
        this.asked.push(ips);
        return await Promise.resolve(FACTS);
      },
      addresses: async (ips) => await Promise.resolve({ addresses: ips.map((ip) => announced(ip, 'shop/web', [])) }),
      takers: (ips) => takersOf(new Map(ips.map((ip) => [ip, announced(ip, 'shop/web', [])])), ips),
    });
  }

  get at(): string {
    return `127.0.0.1:${this.port}`;
  }
}

async function serving(context: TestContext, value?: ServingCertificate): Promise<Serving> {
  const own = new Serving(value ?? (await certificateOf(await made())));
  own.port = await own.server.listen({ host: '127.0.0.1', port: 0 });
  context.after(async () => await own.server.close());
  return own;
}

function clientOf(context: TestContext, certificate: ServingCertificate): ReplicaClient {
  const client = new ReplicaClient({ clock: systemClock, certificate });
  context.after(() => client.close());
  return client;
}

async function get(
  port: number,
  path: string,
  options: RequestOptions = {},
): Promise<{ code: number; text: string; fingerprint: string }> {
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...options },
      (response) => {
        const { fingerprint256: fingerprint } = (response.socket as TLSSocket).getPeerCertificate();
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text, fingerprint }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

suite('the port of the API', () => {
  test('serves the API to whoever comes, with and without a certificate of his own', async (context) => {
    const { port } = await serving(context);
    assert.equal((await get(port, '/')).text, 'the API');
    const { key, cert } = await made();
    assert.equal((await get(port, '/', { key, cert })).text, 'the API');
  });

  test('lets streams end in good order when it closes, as who passes them on may not tell that one broke', async (context) => {
    const { port, server, streams } = await serving(context);
    const heard = get(port, '/stream');
    while (streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.close();
    assert.equal((await heard).text, 'and on to the end');
  });

  test('closes all the same when a stream comes to no end', async (context) => {
    const own = await serving(context);
    own.endStreams = async () => await new Promise(() => undefined);
    const broken = assert.rejects(get(own.port, '/stream'), { code: 'ECONNRESET' });
    while (own.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await own.server.close();
    await broken;
  });

  test('tells replicas what this one knows, and nobody else', async (context) => {
    const { port, asked, value, at } = await serving(context);
    assert.deepEqual(await clientOf(context, value).ask(at, ['192.0.2.1', '192.0.2.2'], 5_000), FACTS);
    assert.deepEqual(asked, [['192.0.2.1', '192.0.2.2']]);
    const stranger = await made();
    for (const shown of [{}, { key: stranger.key, cert: stranger.cert }]) {
      assert.equal((await get(port, `${FACTS_PATH}?ips=`, shown)).code, 403);
    }
    assert.equal(asked.length, 1);
  });

  test('tells replicas of addresses alone, and hears that of one that tells all', async (context) => {
    const { asked, value, at } = await serving(context);
    const client = clientOf(context, value);
    const ips = Array.from({ length: 65 }, (_, i) => `192.0.2.${i}`);
    const addresses = ips.map((ip) => announced(ip, 'shop/web', []));
    // As of all that is told.
    assert.deepEqual(await client.askAddresses(at, ips, 5_000), { addresses: addresses.slice(0, 64) });
    assert.equal(asked.length, 0);
    // One of an earlier version knows no such question.
    assert.deepEqual(addressesReport.parse(FACTS), { addresses: FACTS.addresses });
  });

  test('tells replicas who takes the traffic of a page of addresses, however long their texts are', async (context) => {
    const { asked, value, at } = await serving(context);
    const ips = Array.from(
      { length: MAX_TAKERS },
      (_, i) => `2001:db8:ffff:ffff:ffff:ffff:ffff:${(0xf000 + i).toString(16)}`,
    );
    const { addresses } = await clientOf(context, value).askTakers(at, ips, 5_000);
    assert.deepEqual(
      [addresses.length, addresses.at(-1)],
      [MAX_TAKERS, { ip: ips.at(-1), services: ['shop/web'], nodes: ['n1', 'n2'], more: 0 }],
    );
    assert.equal(asked.length, 0);
  });

  test('goes on with another certificate without a restart', async (context) => {
    const own = await serving(context);
    const before = own.value;
    own.value = await certificateOf(await made());
    own.server.certificateChanged();
    assert.equal((await get(own.port, '/')).fingerprint, own.value.fingerprint);
    assert.deepEqual(await clientOf(context, own.value).ask(own.at, [], 5_000), FACTS);
    await assert.rejects(clientOf(context, before).ask(own.at, [], 5_000));
  });
});

/**
 * Who says nothing is gone after 5 s: where a busy machine takes that long for what is done here, nothing is shown, and it is done anew, with another
 * server.
 */
async function beforeAnybodyIsGone(does: () => Promise<void>): Promise<void> {
  for (let left = 10; ; left -= 1) {
    const start = performance.now();
    try {
      return await does();
    } catch (error) {
      if (left === 0 || performance.now() - start < 4_000) throw error;
    }
  }
}

/** A connection from this address of the loopback, on which nothing is said. */
async function silent(context: TestContext, port: number, from: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  context.after(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function secure(context: TestContext, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls(options);
  context.after(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  await once(socket, 'secureConnect');
  return socket;
}

/** Over another connection: what the client says arrives at once, what it is answered waits for `release`. */
class HeldClient {
  readonly tls: TLSSocket;
  readonly answered: Promise<unknown>;
  readonly #client: Duplex;
  readonly #waiting: Buffer[] = [];
  #isHeld = true;

  constructor(transport: Socket, options: ConnectionOptions) {
    this.#client = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void transport.write(chunk, () => done()),
    });
    transport.on('close', () => this.#client.destroy());
    this.answered = once(transport, 'data');
    transport.on('data', (chunk: Buffer) => {
      if (this.#isHeld) this.#waiting.push(chunk);
      else this.#client.push(chunk);
    });
    this.tls = connectTls({ ...options, socket: this.#client, rejectUnauthorized: false });
    this.tls.on('error', () => undefined);
  }

  release(): void {
    this.#isHeld = false;
    for (const chunk of this.#waiting.splice(0)) this.#client.push(chunk);
  }
}

suite('who connects and says nothing', () => {
  test('is gone after some seconds', { timeout: 120_000 }, async (context) => {
    const { port } = await serving(context);
    const half = await silent(context, port, '127.0.0.1');
    const whole = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    whole.on('error', () => undefined).resume();
    await Promise.all([once(half.resume(), 'close'), once(whole, 'close')]);
  });

  test('keeps nobody else from the port, and replicas not at all', async (context) => {
    await beforeAnybodyIsGone(async () => {
      const { port, at, value } = await serving(context);
      for (const from of ['127.0.0.1', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6']) {
        const all = await Promise.all(Array.from({ length: 260 }, async () => await silent(context, port, from)));
        const last = all.at(-1);
        if (last?.closed === false) await once(last.resume(), 'close');
        const next = get(port, '/', { localAddress: '127.0.0.7' });
        if (from < '127.0.0.5') assert.equal((await next).text, 'the API');
        else await next.catch(() => undefined);
      }
      await assert.rejects(get(port, '/', { localAddress: '127.0.0.7' }));
      const { key, cert } = value.current;
      assert.equal((await get(port, '/', { localAddress: '127.0.0.2', key, cert })).text, 'the API');
      await assert.rejects(clientOf(context, value).ask(at, [], 5_000));
    });
  });

  test('from the address of a replica counts like anybody, and leaves room for the replica', async (context) => {
    await beforeAnybodyIsGone(async () => {
      const { port, value } = await serving(context);
      const { key, cert } = value.current;
      const replica = { localAddress: '127.0.0.2', key, cert };
      const all = await Promise.all(Array.from({ length: 300 }, async () => await silent(context, port, '127.0.0.2')));
      // Of the first ones, which count as somebody's else, there are too many already.
      const ended = (): number => all.filter(({ closed }) => closed).length;
      for (const socket of all) socket.resume();
      while (ended() < 300 - 250 - 16) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await get(port, `${FACTS_PATH}?ips=`, replica)).code, 200);
      // Who has shown that he is no replica doesn't keep the room of one.
      await assert.rejects(get(port, '/', { localAddress: '127.0.0.2' }));
      assert.equal((await get(port, `${FACTS_PATH}?ips=`, replica)).code, 200);
    });
  });

  test('pushes no replica out that is in the middle of its handshake', { timeout: 120_000 }, async (context) => {
    const { port, value } = await serving(context);
    const { key, cert } = value.current;
    const from = '127.0.0.2';
    const crowd = async (count: number): Promise<Socket[]> =>
      await Promise.all(Array.from({ length: count }, async () => (await silent(context, port, from)).resume()));
    const all = await crowd(250 + 16);
    const replica = new HeldClient(await silent(context, port, from), { key, cert });
    await replica.answered;
    all.push(...(await crowd(40)));
    while (all.filter(({ closed }) => closed).length < 40) await new Promise((resolve) => setImmediate(resolve));
    replica.release();
    replica.tls.write(`GET ${FACTS_PATH}?ips= HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    assert.match(String(await once(replica.tls, 'data')), /^HTTP\/1.1 200 /);
    replica.tls.destroy();
  });

  test('and replicas keep what they have, however many others come from their address', async (context) => {
    await beforeAnybodyIsGone(async () => {
      const { port, value } = await serving(context);
      const { key, cert } = value.current;
      const shown = { host: '127.0.0.1', port, localAddress: '127.0.0.2', rejectUnauthorized: false, key, cert };
      const replicas = await Promise.all(Array.from({ length: 20 }, async () => await secure(context, shown)));
      const all = await Promise.all(Array.from({ length: 300 }, async () => await silent(context, port, '127.0.0.2')));
      for (const socket of all) socket.resume();
      while (all.filter(({ closed }) => closed).length < 300 - 250 - 16) await new Promise((r) => setImmediate(r));
      assert.ok(replicas.every(({ closed }) => !closed));
    });
  });
});

test('a replica believes nobody who serves with another certificate', async (context) => {
  const { at, asked } = await serving(context);
  await assert.rejects(clientOf(context, await certificateOf(await made())).ask(at, [], 5_000));
  assert.deepEqual(asked, []);
});
