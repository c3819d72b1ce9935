import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { HopDatagrams, HopDatagramSocket, HopSender } from './ports.ts';

export interface HopDatagramsHarness {
  readonly datagrams: HopDatagrams;
  /** An address of this host, and the unspecified one of its family. */
  readonly host: string;
  readonly everywhere: string;
  /** Two ports of it that nobody uses. */
  readonly ports: readonly [number, number];
  /** Waits until it holds; rejects if it doesn't become so. */
  until(condition: () => boolean): Promise<void>;
}

interface Bound extends HopDatagramSocket {
  readonly got: { text: string; from: HopSender }[];
  readonly errors: Error[];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Binds, and closes after the test whatever becomes of it. */
function bind(t: TestContext, { datagrams }: HopDatagramsHarness, host: string, port: number): Bound {
  const got: Bound['got'] = [];
  const errors: Error[] = [];
  const socket = datagrams.bind(host, port, {
    onMessage: (message, from) => got.push({ text: new TextDecoder().decode(message), from }),
    onError: (error) => errors.push(error),
  });
  t.after(() => socket.close());
  const own = {
    send: socket.send.bind(socket),
    receive: socket.receive.bind(socket),
    close: socket.close.bind(socket),
  };
  return { got, errors, ...own };
}

/** What every HopDatagrams must do; `makeHarness` is called once per test. */
export function hopDatagramsCompliance(name: string, makeHarness: () => Promise<HopDatagramsHarness>): void {
  test(`${name}: a datagram arrives whole, with who sent it and its TTL`, async (t) => {
    const harness = await makeHarness();
    const { host, ports } = harness;
    const a = bind(t, harness, host, ports[0]);
    const b = bind(t, harness, harness.everywhere, ports[1]);
    a.send(bytes('hello'), ports[1], host);
    assert.deepEqual(b.got, []);
    await harness.until(() => b.got.length > 0);
    assert.deepEqual(b.got, [{ text: 'hello', from: { host, port: ports[0], ttl: 255 } }]);
    b.send(bytes('hello yourself'), ports[0], host);
    await harness.until(() => a.got.length > 0);
    assert.deepEqual(a.got, [{ text: 'hello yourself', from: { host, port: ports[1], ttl: 255 } }]);
    assert.deepEqual([...a.errors, ...b.errors], []);
  });

  test(`${name}: many come in their order, and the sender may use its buffer again`, async (t) => {
    const harness = await makeHarness();
    const { host, ports } = harness;
    const a = bind(t, harness, host, ports[0]);
    const b = bind(t, harness, host, ports[1]);
    const buffer = new Uint8Array(1);
    for (let i = 0; i < 50; i++) {
      buffer[0] = 65 + i;
      a.send(buffer, ports[1], host);
    }
    await harness.until(() => b.got.length === 50);
    const sent = Array.from({ length: 50 }, (_, i) => String.fromCharCode(65 + i));
    assert.deepEqual(
      b.got.map(({ text }) => text),
      sent,
    );
  });

  test(`${name}: what has come is handed out at once when it is asked for`, async (t) => {
    const harness = await makeHarness();
    const { host, ports } = harness;
    const a = bind(t, harness, host, ports[0]);
    const b = bind(t, harness, host, ports[1]);
    a.send(bytes('now'), ports[1], host);
    b.receive();
    assert.deepEqual(
      b.got.map(({ text }) => text),
      ['now'],
    );
    b.receive();
    assert.equal(b.got.length, 1);
  });

  test(`${name}: a port that is taken is reported, later; another family's or a closed socket's is not taken`, async (t) => {
    const harness = await makeHarness();
    const { host, ports } = harness;
    const a = bind(t, harness, host, ports[0]);
    const b = bind(t, harness, host, ports[0]);
    assert.equal(b.errors.length, 0);
    await harness.until(() => b.errors.length > 0);
    assert.match(b.errors[0]?.message ?? '', /^bind: .*\(EADDRINUSE\)$/);
    a.close();
    a.close();
    const again = bind(t, harness, host, ports[0]);
    again.send(bytes('again'), ports[0], host);
    await harness.until(() => again.got.length > 0);
    a.send(bytes('from the grave'), ports[0], host);
    a.receive();
    again.receive();
    assert.equal(again.got.length, 1);
    assert.deepEqual([...a.errors, ...again.errors, ...a.got], []);
  });

  test(`${name}: what can't be delivered is lost, and nothing worse`, async (t) => {
    const harness = await makeHarness();
    const { host, ports } = harness;
    const a = bind(t, harness, host, ports[0]);
    a.send(bytes('x'), ports[1], host);
    a.send(bytes('x'), ports[1], host.includes(':') ? '192.0.2.77' : '2001:db8::77');
    a.send(bytes('x'), ports[1], host.includes(':') ? '100::1' : '240.0.0.1');
    a.send(new Uint8Array(70_000), ports[0], host);
    a.send(bytes('to myself'), ports[0], host);
    await harness.until(() => a.got.some(({ text }) => text === 'to myself'));
    assert.deepEqual(a.errors, []);
  });
}
