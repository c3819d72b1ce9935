import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test, type TestContext } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { boundAccepted } from '../platform/linux/tcp-options.ts';
import { EventStreams, type Told } from './event-streams.ts';
import { ApiServer } from './server.ts';
import { factsOf } from './testing/api-bench.ts';
import { selfSigned } from './tls/self-signed.ts';

type App = (request: IncomingMessage, response: ServerResponse) => void;

interface Scene {
  readonly clock: FakeClock;
  connect(): Promise<TLSSocket>;
}

async function scene(context: TestContext, handle: App): Promise<Scene> {
  const refusal = { refusal: () => ({ status: 400, headers: {}, body: '' }), refuse: () => undefined };
  const app = { handle, ...refusal, endStreams: async () => await Promise.resolve() };
  const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
  const made = await selfSigned({ name: 'porter-manager', dnsNames: ['localhost'], ...times });
  const clock = new FakeClock();
  const server = new ApiServer({
    ...{ clock, app, boundSockets: boundAccepted, logger: new FakeLogger(), isReplica: () => false },
    certificate: { current: { ...made, fingerprint: '' } as never, accepts: () => false },
    facts: async () => await Promise.resolve(factsOf('porter-0')),
    addresses: async () => await Promise.resolve({ addresses: [] }),
    takers: () => ({ addresses: [] }),
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  context.after(async () => await server.close());
  return {
    clock,
    connect: async () => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
      context.after(() => socket.destroy());
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      return socket;
    },
  };
}

/** Sockets take real time; the limit is there to end a failing test. */
async function until(met: () => boolean): Promise<void> {
  for (let left = 12_000; !met() && left > 0; left -= 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(met());
}

const QUESTION = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const MEGABYTE = Buffer.alloc(1_048_576, 'x');

suite('who asks without waiting for answers', () => {
  test('is answered one question after the other, in order', async (context) => {
    const open: ServerResponse[] = [];
    const { connect } = await scene(context, (_request, response) => open.push(response));
    const socket = await connect();
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.write(QUESTION.repeat(3));
    for (const count of [1, 2, 3]) {
      await until(() => open.length === count);
      assert.equal(open.length, count);
      open[count - 1]?.end(`answer ${count}.`);
    }
    await until(() => heard.includes('answer 3.'));
    assert.deepEqual(heard.match(/answer \d/g), ['answer 1', 'answer 2', 'answer 3']);
  });

  test('and asks on and on is gone', async (context) => {
    let asked = 0;
    const { connect } = await scene(context, () => (asked += 1));
    const socket = (await connect()).resume();
    socket.write(QUESTION.repeat(20));
    await once(socket, 'close');
    assert.equal(asked, 1);
  });
});

suite('who does not read', () => {
  test('has one answer made for him, however many he asks for, and little of that is with the kernel', async (context) => {
    const open: ServerResponse[] = [];
    const { connect } = await scene(context, (_request, response) => {
      open.push(response);
      response.end(MEGABYTE);
    });
    const socket = (await connect()).pause();
    socket.write(QUESTION.repeat(4));
    await until(() => open.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    const left = open[0]?.socket?.writableLength ?? 0;
    assert.equal(open.length, 1);
    assert.ok(left > MEGABYTE.length / 2, `${left} bytes are left`);
  });

  test('is gone after some seconds, however slowly he takes it', async (context) => {
    let ended = false;
    const { clock, connect } = await scene(context, (_request, response) => {
      response.on('close', () => (ended = true));
      response.end(MEGABYTE);
      ready.resolve();
    });
    const ready = Promise.withResolvers<void>();
    (await connect()).pause().write(QUESTION);
    await ready.promise;
    clock.advance(19_999);
    assert.equal(ended, false);
    clock.advance(1);
    await until(() => ended);
  });

  test('what a stream of events tells is gone half a minute after the kernel has taken some of it', async (context) => {
    let told = 0;
    let ended = false;
    const answer = async (): Promise<Told> => {
      told += 1;
      return await Promise.resolve({ caller: 'a', text: `${told} ${'x'.repeat(50_000)}` });
    };
    const { clock, connect } = await scene(context, (_request, response) => {
      response.on('close', () => (ended = true));
      void streams.open({ response, answer, status: () => undefined });
    });
    const streams = new EventStreams({ clock });
    const socket = (await connect()).pause();
    socket.write(QUESTION);
    for (let left = 500; !ended && left > 0; left -= 1) {
      clock.advance(2_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(ended);
    // The kernels of both ends keep some; 4 MB on ours alone were 80 of these.
    assert.ok(told < 60, `told ${told} times`);
  });

  test('makes room for others: of all that is not taken, what waits longest goes', async (context) => {
    const closed: number[] = [];
    let count = 0;
    const { connect } = await scene(context, (_request, response) => {
      count += 1;
      const own = count;
      response.on('close', () => closed.push(own));
      response.end(MEGABYTE);
    });
    for (let i = 1; i <= 40; i += 1) {
      (await connect()).pause().write(QUESTION);
      await until(() => count === i);
    }
    await until(() => closed.length > 0);
    assert.equal(closed[0], 1);
    assert.ok(closed.length < 20, `${closed.length} are gone`);
    const reader = await connect();
    let heard = 0;
    reader.on('data', (chunk: Buffer) => (heard += chunk.length));
    reader.write(QUESTION);
    await until(() => heard > MEGABYTE.length);
  });
});
