import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { request as httpRequest, type ClientRequest, type ServerResponse } from 'node:http';
import { suite, test, type TestContext } from 'node:test';
import { pass, settle } from '../cluster/fake/passage.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { EventStreams } from './event-streams.ts';
import { BASE_PATH } from './routes.ts';
import { ApiBench, eips } from './testing/api-bench.ts';

const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29' } };

interface Told {
  readonly event: string;
  readonly data: { readonly totalItems?: number; readonly reason?: string };
}

class Listener {
  text = '';
  ended = false;
  cacheControl: string | undefined;
  readonly request: ClientRequest;

  constructor(port: number, path: string, token = 'admin') {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    this.request = httpRequest({ host: '127.0.0.1', port, path: `${BASE_PATH}/${path}`, headers }, (response) => {
      this.cacheControl = response.headers['cache-control'];
      response.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
      response.on('end', () => (this.ended = true));
      response.on('error', () => undefined);
    });
    this.request.on('error', () => undefined);
    this.request.end();
  }

  get events(): Told[] {
    return [...this.text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, event = '', data = '']) => {
      return { event, data: JSON.parse(data) as Told['data'] };
    });
  }
}

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(eips, POOL);
  return api;
}

/** Sockets take real time; the limit is there to end a failing test. */
async function until(met: () => boolean, meanwhile: () => void = () => undefined): Promise<void> {
  for (let left = 12_000; !met() && left > 0; left -= 1) {
    meanwhile();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(met());
}

suite('who listens for changes', () => {
  test('hears it at once: nobody on the way is to compress what he is told', async (context) => {
    const api = await bench(context);
    const listener = new Listener(api.port, 'pools');
    await until(() => listener.events.length === 1);
    assert.match(listener.cacheControl ?? '', /\bno-transform\b/);
    assert.match(listener.cacheControl ?? '', /\bno-store\b/);
    listener.request.destroy();
  });

  test('sees the end of it when the replica ends', async (context) => {
    const api = await bench(context);
    const listeners = ['pools', 'pools/a'].map((path) => new Listener(api.port, path));
    await until(() => listeners.every(({ events }) => events.length === 1));
    await api.app.endStreams();
    await until(() => listeners.every(({ ended }) => ended));
  });

  test('sees the end of it also where he asked before the replica ended, and is answered after that', async (context) => {
    const api = await bench(context);
    let answer: () => void = () => undefined;
    api.reviewsWait = new Promise((resolve) => (answer = resolve));
    const listener = new Listener(api.port, 'pools');
    await until(() => api.reviews > 0);
    await api.app.endStreams();
    answer();
    await until(() => listener.events.length === 1);
    await until(() => listener.ended);
  });

  test('hears how it is, and again when it is otherwise', async (context) => {
    const api = await bench(context);
    const listener = new Listener(api.port, 'pools');
    await until(() => listener.events.length === 1);
    assert.deepEqual(
      listener.events.map(({ event, data }) => [event, data.totalItems]),
      [['change', 1]],
    );
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.0/29' } });
    await until(
      () => listener.events.length === 2,
      () => api.clock.advance(2_000),
    );
    assert.equal(listener.events[1]?.data.totalItems, 2);
    listener.request.destroy();
  });

  test('hears a sign of life while nothing changes', async (context) => {
    const api = await bench(context);
    const listener = new Listener(api.port, 'pools');
    await until(
      () => listener.text.endsWith(':\n\n'),
      () => api.clock.advance(2_000),
    );
    assert.equal(listener.events.length, 1);
    listener.request.destroy();
  });

  test('hears no more once he may not', async (context) => {
    const api = await bench(context);
    api.users.set('viewer', { name: 'viewer', may: ['list pools'] });
    const listener = new Listener(api.port, 'pools', 'viewer');
    await until(() => listener.events.length === 1);
    api.users.set('viewer', { name: 'viewer', may: [] });
    await until(
      () => listener.ended,
      () => api.clock.advance(2_000),
    );
    assert.deepEqual([listener.events.at(-1)?.event, listener.events.at(-1)?.data.reason], ['error', 'Forbidden']);
  });

  test('without the right hears a Status, as ever; and an answer that has no events is one', async (context) => {
    const api = await bench(context);
    const headers = { accept: 'text/event-stream' };
    const refused = await api.get('pools', { token: 'nothing', headers });
    assert.deepEqual([refused.status, refused.json<{ reason: string }>().reason], [403, 'Forbidden']);
    assert.match(String((await api.get('version', { headers })).headers['content-type']), /application\/json/);
  });

  test('costs nothing any more once he is gone', async (context) => {
    const api = await bench(context);
    const listener = new Listener(api.port, 'pools');
    await until(() => listener.events.length === 1);
    assert.equal(api.clock.pendingTimers > 0, true);
    const before = api.clock.pendingTimers;
    listener.request.destroy();
    await until(() => api.clock.pendingTimers < before);
  });
});

suite('places for who listens', () => {
  const many = (api: ApiBench, count: number, token: string): Listener[] =>
    Array.from({ length: count }, () => new Listener(api.port, 'pools', token));

  test('are not all taken by one of them', async (context) => {
    const api = await bench(context);
    api.users.set('other', { name: 'other', may: ['list pools'] });
    const greedy = many(api, 20, 'admin');
    await until(() => greedy.filter(({ text }) => text !== '').length === 20);
    const served = greedy.filter(({ events }) => events.length > 0);
    assert.equal(served.length, 10);
    assert.match(greedy.find((each) => !served.includes(each))?.text ?? '', /TooManyRequests/);
    const [other] = many(api, 1, 'other');
    await until(() => other?.events.length === 1);
    served[0]?.request.destroy();
    // His place is free again.
    let again: Listener | undefined;
    await until(
      () => again?.events.length === 1,
      () => {
        if (again === undefined || again.text.includes('TooManyRequests')) [again] = many(api, 1, 'admin');
      },
    );
    for (const { request } of [...greedy, other, again].flatMap((each) => each ?? [])) request.destroy();
  });

  test('go from the oldest of his to who wants one more: he may have left it behind a proxy that keeps it open', async (context) => {
    const api = await bench(context);
    const left = many(api, 10, 'admin');
    await until(() => left.every(({ events }) => events.length === 1));
    const [soon] = many(api, 1, 'admin');
    await until(() => soon?.text.includes('TooManyRequests') === true);
    api.clock.advance(10_000);
    const [now] = many(api, 1, 'admin');
    await until(() => now?.events.length === 1);
    await until(() => left.some(({ ended }) => ended));
    assert.equal(left.filter(({ ended }) => ended).length, 1);
    assert.equal(left.find(({ ended }) => ended)?.events.at(-1)?.event, 'change');
    for (const { request } of [...left, soon, now].flatMap((each) => each ?? [])) request.destroy();
  });

  test('are not taken by who has not shown yet who he is', async (context) => {
    const api = await bench(context);
    await api.get('pools');
    let answer: () => void = () => undefined;
    api.reviewsWait = new Promise((resolve) => (answer = resolve));
    const strangers = Array.from({ length: 120 }, (_, i) => new Listener(api.port, 'pools', `guessed${i}`));
    await until(() => api.reviews > 1);
    const admin = new Listener(api.port, 'pools');
    await until(() => admin.events.length === 1);
    answer();
    for (const { request } of [...strangers, admin]) request.destroy();
  });
});

/** The other end of a connection that takes nothing until it is told to. */
class SlowReader extends EventEmitter {
  readonly written: string[] = [];
  closed = false;
  writableEnded = false;
  writableNeedDrain = false;

  writeHead(): void {
    this.written.length = 0;
  }

  write(text: string): void {
    this.written.push(text);
    this.writableNeedDrain = true;
  }

  destroy(): void {
    this.closed = true;
    this.emit('close');
  }
}

suite('who does not read', () => {
  const listen = async (): Promise<{ clock: FakeClock; reader: SlowReader; pass: (ms: number) => Promise<void> }> => {
    const [clock, reader] = [new FakeClock(), new SlowReader()];
    let count = 0;
    void new EventStreams({ clock }).open({
      response: reader as unknown as ServerResponse,
      answer: async () => await Promise.resolve({ caller: 'a', text: `${(count += 1)}` }),
      status: String,
    });
    await settle();
    return { clock, reader, pass: async (ms) => await pass(clock, ms, 2_000) };
  };

  test('is told nothing more until he has read, and then how it is now', async () => {
    const { reader, pass: wait } = await listen();
    await wait(20_000);
    assert.deepEqual(reader.written, ['event: change\ndata: 1\n\n']);
    reader.writableNeedDrain = false;
    await wait(2_000);
    assert.deepEqual(reader.written.slice(1), ['event: change\ndata: 2\n\n']);
    reader.destroy();
  });

  test('is taken for gone after a while', async () => {
    const { clock, reader, pass: wait } = await listen();
    await wait(28_000);
    assert.equal(reader.closed, false);
    await wait(4_000);
    assert.deepEqual([reader.closed, clock.pendingTimers], [true, 0]);
  });
});
