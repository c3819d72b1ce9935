import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { after, suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDialer, type RemoteEnd } from '../platform/fake/dialer.ts';
import { systemClock } from '../platform/linux/clock.ts';
import { systemDialer } from '../platform/linux/dialer.ts';
import { HttpTarget, type HttpOutcome } from './http-target.ts';
import { response } from './testing/fake-nodes.ts';

const host = '192.0.2.1';
const port = 10_256;
/** What is left of half a second, by a clock that has fractions. */
const TIMEOUT_MS = 499.997;

/** A target in a network of the mind; `answer` says what the server writes on each connection, by its number from 1. */
class Bench {
  readonly clock = new FakeClock();
  readonly dialer = new FakeDialer(this.clock);
  readonly target = new HttpTarget({ clock: this.clock, dialer: this.dialer }, { host, port });
  readonly outcomes: HttpOutcome[] = [];
  readonly requests: string[] = [];
  readonly remotes: RemoteEnd[] = [];

  serve(answer: (remote: RemoteEnd, connection: number) => void): void {
    this.dialer.listen(host, port, (remote) => {
      const connection = this.remotes.push(remote);
      remote.onData = (chunk) => {
        this.requests.push(new TextDecoder().decode(chunk));
        answer(remote, connection);
      };
    });
  }

  ask(path = '/livez'): void {
    this.target.get(path, TIMEOUT_MS, (outcome) => this.outcomes.push(outcome));
  }
}

function says(text: string): (remote: RemoteEnd) => void {
  return (remote) => remote.write(new TextEncoder().encode(text));
}

const ok: HttpOutcome = { kind: 'response', status: 200, body: 'ok' };
const silence: HttpOutcome = { kind: 'silent', error: 'no answer within 500 ms' };

suite('a server is asked', () => {
  test('over one connection, again and again', () => {
    const bench = new Bench();
    bench.serve(says(response(200)));
    for (let i = 0; i < 3; i++) {
      bench.ask();
      assert.equal(bench.outcomes.length, i, 'never before get returns');
      bench.clock.advance(10);
    }
    assert.deepEqual(bench.outcomes, [ok, ok, ok]);
    assert.equal(bench.remotes.length, 1);
    assert.equal(bench.clock.pendingTimers, 0);
    assert.match(bench.requests[0] ?? '', /^GET \/livez HTTP\/1\.1\r\nHost: 192\.0\.2\.1:10256\r\n(.+\r\n)*\r\n$/);
  });

  test('by IPv6, with its address in brackets', () => {
    const bench = new Bench();
    let asked = '';
    bench.dialer.listen('2001:db8::1', port, (remote) => {
      remote.onData = (chunk) => void (asked = new TextDecoder().decode(chunk));
    });
    new HttpTarget(bench, { host: '2001:db8::1', port }).get('/livez', TIMEOUT_MS, () => {});
    bench.clock.advance(0);
    assert.match(asked, /\r\nHost: \[2001:db8::1\]:10256\r\n/);
  });

  test('over a new connection after it closed the old one in between', () => {
    const bench = new Bench();
    bench.serve(says(response(200)));
    bench.ask();
    bench.clock.advance(0);
    bench.remotes[0]?.end();
    bench.clock.advance(0);
    bench.ask();
    bench.clock.advance(0);
    assert.deepEqual(bench.outcomes, [ok, ok]);
    assert.equal(bench.remotes.length, 2);
  });

  test('anew if it closes the old connection while the request is on its way, once', () => {
    const bench = new Bench();
    bench.serve((remote, connection) => {
      if (bench.requests.length === 2) remote.reset();
      else if (connection === 2 && bench.requests.length > 3) remote.reset();
      else says(response(200))(remote);
    });
    for (let i = 0; i < 2; i++) {
      bench.ask();
      bench.clock.advance(0);
    }
    assert.deepEqual(bench.outcomes, [ok, ok]);
    assert.equal(bench.remotes.length, 2);
    bench.serve((remote) => remote.reset());
    bench.ask();
    bench.clock.advance(0);
    assert.deepEqual(bench.outcomes[2], { kind: 'reset', error: 'read ECONNRESET' });
  });

  test('over a new connection after it kept silent', () => {
    const bench = new Bench();
    bench.serve((remote, connection) => connection === 2 && says(response(200))(remote));
    bench.ask();
    bench.clock.advance(TIMEOUT_MS);
    bench.ask();
    bench.clock.advance(0);
    assert.deepEqual(bench.outcomes, [silence, ok]);
    assert.equal(bench.remotes[0]?.closed, true);
  });

  test('over a new connection after it spoke unasked', () => {
    const bench = new Bench();
    bench.serve(says(response(200)));
    bench.ask();
    bench.clock.advance(0);
    bench.remotes[0]?.write(new TextEncoder().encode(response(503)));
    bench.clock.advance(0);
    bench.ask();
    bench.clock.advance(0);
    assert.deepEqual(bench.outcomes, [ok, ok]);
    assert.equal(bench.remotes.length, 2);
  });
});

suite('the outcome', () => {
  function outcomeOf(bench: Bench): HttpOutcome | undefined {
    bench.ask();
    bench.clock.advance(TIMEOUT_MS);
    assert.equal(bench.outcomes.length, 1);
    assert.equal(
      bench.remotes.every(({ closed }) => closed),
      true,
      'nothing stays open',
    );
    return bench.outcomes[0];
  }

  test('refused', () => {
    const bench = new Bench();
    assert.deepEqual(outcomeOf(bench), { kind: 'refused', error: `connect ECONNREFUSED ${host}:${port}` });
  });

  test('nobody there', () => {
    const bench = new Bench();
    bench.dialer.blackhole(host, port);
    assert.deepEqual(outcomeOf(bench), silence);
  });

  test('accepted, and then nothing', () => {
    const bench = new Bench();
    bench.serve(() => {});
    assert.deepEqual(outcomeOf(bench), silence);
  });

  test('a trickle without end', () => {
    const bench = new Bench();
    const trickle = (remote: RemoteEnd): void => {
      remote.write(new TextEncoder().encode('HTTP/1.1 200 OK\r\nX: y'.charAt(bench.requests.length)));
      bench.clock.setTimer(100, () => trickle(remote));
    };
    bench.serve((remote) => {
      says('HTTP/1.1 200 OK\r\n')(remote);
      bench.clock.setTimer(100, () => trickle(remote));
    });
    assert.deepEqual(outcomeOf(bench), silence);
  });

  const malformed: Readonly<Record<string, string>> = {
    'no HTTP': 'hello\r\n',
    'an endless head': `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(10_000)}`,
    'a huge body': `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_000_000)}`,
  };
  for (const [name, text] of Object.entries(malformed)) {
    test(name, () => {
      const bench = new Bench();
      bench.serve(says(text));
      assert.deepEqual(outcomeOf(bench), { kind: 'malformed' });
    });
  }

  test('closed in the middle of the answer', () => {
    const bench = new Bench();
    bench.serve((remote) => {
      says(response(200).slice(0, -1))(remote);
      remote.end();
    });
    assert.deepEqual(outcomeOf(bench), { kind: 'malformed' });
  });

  test('closed without an answer', () => {
    const bench = new Bench();
    bench.serve((remote) => remote.end());
    assert.deepEqual(outcomeOf(bench), { kind: 'reset', error: 'closed without an answer' });
  });

  test('an answer that ends with its connection', () => {
    const bench = new Bench();
    bench.serve((remote) => {
      says('HTTP/1.0 200 OK\r\n\r\nok')(remote);
      remote.end();
    });
    assert.deepEqual(outcomeOf(bench), ok);
  });

  test('a port that is none: this side is at fault', () => {
    const bench = new Bench();
    const target = new HttpTarget(bench, { host, port: 70_000 });
    target.get('/livez', TIMEOUT_MS, (outcome) => bench.outcomes.push(outcome));
    bench.clock.advance(0);
    assert.deepEqual(
      bench.outcomes.map(({ kind }) => kind),
      ['here'],
    );
  });

  test('after close: none', () => {
    const bench = new Bench();
    bench.serve(says(response(200)));
    bench.ask();
    bench.target.close();
    bench.clock.advance(10_000);
    assert.deepEqual(bench.outcomes, []);
    assert.equal(bench.clock.pendingTimers, 0);
  });
});

suite('on real sockets', () => {
  const servers: Server[] = [];
  after(() => servers.forEach((server) => server.close()));

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return (server.address() as AddressInfo).port;
  }

  function asked(target: HttpTarget, timeoutMs: number): Promise<HttpOutcome> {
    const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
    target.get('/livez', timeoutMs, resolve);
    return promise;
  }

  const deps = { clock: systemClock, dialer: systemDialer };

  test('a server of the usual kind keeps the connection', async () => {
    let connections = 0;
    const server = createHttpServer((_request, reply) => void reply.end('ok'));
    server.on('connection', () => (connections += 1));
    const target = new HttpTarget(deps, { host: '127.0.0.1', port: await listen(server) });
    for (let i = 0; i < 3; i++) {
      const outcome = await asked(target, 5_000);
      assert.deepEqual(outcome.kind === 'response' && outcome.status, 200);
    }
    assert.equal(connections, 1);
    target.close();
  });

  test('this process stands still past the deadline: an answer that came meanwhile counts', async () => {
    let standStill = false;
    const server = createServer((socket) => {
      socket.on('data', () => {
        socket.write(response(200));
        const until = performance.now() + 200;
        while (standStill && performance.now() < until);
      });
    });
    const target = new HttpTarget(deps, { host: '127.0.0.1', port: await listen(server) });
    assert.deepEqual(await asked(target, 5_000), ok);
    standStill = true;
    assert.deepEqual(await asked(target, 50), ok);
    target.close();
  });
});
