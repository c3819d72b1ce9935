import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Dialer, DialOptions, TcpOptions } from './ports.ts';

/** The listening side of one connection, in whatever network the dialer dials. */
export interface PeerEnd {
  received(): string;
  closed(): boolean;
  write(text: string): void;
  /** FIN. */
  end(): void;
  /** RST. */
  reset(): void;
  pause(): void;
  resume(): void;
  /** Its key of TCP-MD5 from now on. */
  setPassword(password: string): void;
}

export interface DialerHarness {
  readonly dialer: Dialer;
  /** Starts to listen on an address of its own; `peers` fills as connections are accepted. */
  listen(options?: RemoteOptions): Promise<{ readonly host: string; readonly port: number; readonly peers: PeerEnd[] }>;
  /** An address where connections are refused. */
  refusing(): Promise<{ readonly host: string; readonly port: number }>;
  /** Lets the network work until `condition` holds; fails if it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets the network deliver what is on its way. */
  settle(): Promise<void>;
  /** Lets this time pass, in milliseconds, at least. */
  pass(ms: number): Promise<void>;
}

/** What the listening side asks of who comes (RFC 2385), and with which TTL its packets arrive. */
export interface RemoteOptions {
  readonly password?: string;
  readonly ttl?: number;
}

interface Opened {
  readonly connection: Connection;
  /** Handler calls in order: `connect`, `data`, `drain`, `close`, `close: <message>`. */
  readonly events: string[];
  text(): string;
  closes(): readonly string[];
}

function open(harness: DialerHarness, host: string, port: number, more: Partial<DialOptions> = {}): Opened {
  const events: string[] = [];
  let text = '';
  const options = { host, port, timeoutMs: 5_000, ...more };
  const connection = harness.dialer.dial(options, {
    onConnect: () => void events.push('connect'),
    onData: (chunk) => {
      text += new TextDecoder().decode(chunk);
      if (events.at(-1) !== 'data') events.push('data');
    },
    onDrain: () => void events.push('drain'),
    onClose: (error) => void events.push(error === undefined ? 'close' : `close: ${error.message}`),
  });
  assert.equal(events.length, 0, 'no handler is called before dial returns');
  const closes = (): string[] => events.filter((event) => event.startsWith('close'));
  return { connection, events, text: () => text, closes };
}

async function connected(
  harness: DialerHarness,
  options: TcpOptions = {},
  remote: RemoteOptions = {},
): Promise<Opened & { readonly peer: PeerEnd }> {
  const { host, port, peers } = await harness.listen(remote);
  const opened = open(harness, host, port, options);
  await harness.until(() => opened.events.includes('connect') && peers.length > 0);
  const [peer] = peers;
  assert.ok(peer);
  return { ...opened, peer };
}

const password = 'a key of both ends';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Sockets that need options are made in another way than those that don't, and must behave alike. */
const kinds: readonly { readonly kind: string; readonly options: TcpOptions; readonly remote: RemoteOptions }[] = [
  { kind: '', options: {}, remote: {} },
  { kind: ' (with a password and GTSM)', options: { password, ttl: 255, minTtl: 255 }, remote: { password, ttl: 255 } },
];

/** What every Dialer must do; `makeHarness` is called once per test. */
export function dialerCompliance(name: string, makeHarness: () => DialerHarness): void {
  for (const { kind, options, remote } of kinds) connections(`${name}${kind}`, makeHarness, options, remote);
  protection(name, makeHarness);
}

function connections(name: string, makeHarness: () => DialerHarness, options: TcpOptions, remote: RemoteOptions): void {
  test(`${name}: connects and carries bytes both ways, in order`, async () => {
    const harness = makeHarness();
    const { connection, peer, text, closes } = await connected(harness, options, remote);
    for (const part of ['one ', 'two ', 'three']) connection.write(bytes(part));
    for (const part of ['eins ', 'zwei ', 'drei']) peer.write(part);
    await harness.until(() => peer.received() === 'one two three' && text() === 'eins zwei drei');
    connection.destroy();
    await harness.until(() => closes().length === 1 && peer.closed());
  });

  test(`${name}: knows what has arrived at the other end, whoever reads it, while it is connected`, async () => {
    const harness = makeHarness();
    const { connection, peer, closes } = await connected(harness, options, remote);
    const before = connection.delivery?.acknowledged ?? NaN;
    peer.pause();
    connection.write(bytes('nobody reads'));
    await harness.until(() => connection.delivery?.isUnderWay === false);
    peer.resume();
    await harness.until(() => peer.received() === 'nobody reads');
    assert.equal((connection.delivery?.acknowledged ?? NaN) - before, 'nobody reads'.length);
    connection.destroy();
    assert.equal(connection.delivery, undefined);
    await harness.until(() => closes().length === 1);
  });

  test(`${name}: knows the addresses once it is connected, and binds to the wanted one`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.listen(remote);
    const { connection, events, closes } = open(harness, host, port, { ...options, localAddress: '127.0.0.1' });
    assert.equal(connection.localAddress, undefined);
    await harness.until(() => events.includes('connect'));
    assert.equal(connection.localAddress, '127.0.0.1');
    assert.equal(connection.remoteAddress, host);
    connection.destroy();
    await harness.until(() => closes().length === 1);
  });

  test(`${name}: options that make no sense end in onClose, not in an exception`, async () => {
    const harness = makeHarness();
    const { events } = open(harness, '127.0.0.1', 70_000, options);
    await harness.until(() => events.length > 0);
    await harness.settle();
    assert.equal(events.length, 1);
    assert.match(events[0] ?? '', /^close: ./);
  });

  test(`${name}: the peer's FIN closes without an error`, async () => {
    const harness = makeHarness();
    const { peer, events, text } = await connected(harness, options, remote);
    peer.write('last words');
    peer.end();
    await harness.until(() => events.at(-1) === 'close');
    await harness.settle();
    assert.equal(text(), 'last words');
    assert.deepEqual(events, ['connect', 'data', 'close']);
  });

  test(`${name}: the peer's reset closes with an error`, async () => {
    const harness = makeHarness();
    const { peer, closes } = await connected(harness, options, remote);
    peer.reset();
    await harness.until(() => closes().length > 0);
    await harness.settle();
    assert.equal(closes().length, 1);
    assert.match(closes()[0] ?? '', /ECONNRESET/);
  });

  test(`${name}: end delivers what was written before`, async () => {
    const harness = makeHarness();
    const { connection, peer, closes } = await connected(harness, options, remote);
    connection.write(bytes('good'));
    connection.write(bytes('bye'));
    connection.end();
    await harness.until(() => peer.received() === 'goodbye' && peer.closed() && closes().length === 1);
    assert.deepEqual(closes(), ['close']);
  });

  test(`${name}: after destroy nothing but one onClose is called, and writing is harmless`, async () => {
    const harness = makeHarness();
    const { connection, peer, events } = await connected(harness, options, remote);
    peer.write('too late');
    connection.destroy();
    connection.destroy();
    assert.equal(connection.write(bytes('nobody reads this')), 0);
    await harness.until(() => events.includes('close'));
    await harness.settle();
    assert.deepEqual(events, ['connect', 'close']);
  });

  test(`${name}: tells what waits for a slow peer, and when it has gone`, async () => {
    const harness = makeHarness();
    const { connection, peer, events, closes } = await connected(harness, options, remote);
    peer.pause();
    const chunk = bytes('x'.repeat(256 * 1024));
    let written = 0;
    let waiting = 0;
    // Kernel buffers hold a few megabytes at most; past them bytes wait in user space.
    while (waiting === 0 && written < 256) {
      waiting = connection.write(chunk);
      written++;
      await harness.settle();
    }
    assert.ok(waiting > 0);
    assert.ok(connection.write(chunk) >= chunk.length);
    assert.ok(!events.includes('drain'));
    const total = (written + 1) * chunk.length;
    assert.ok(connection.sentBytes < total, `${connection.sentBytes} of ${total}`);
    peer.resume();
    await harness.until(() => events.includes('drain'));
    assert.equal(connection.sentBytes, total);
    await harness.until(() => peer.received().length === (written + 1) * chunk.length);
    connection.destroy();
    await harness.until(() => closes().length === 1);
  });
}

function protection(name: string, makeHarness: () => DialerHarness): void {
  test(`${name}: a refused attempt ends in one onClose with an error`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.refusing();
    const { events } = open(harness, host, port);
    await harness.until(() => events.length > 0);
    await harness.settle();
    assert.equal(events.length, 1);
    assert.match(events[0] ?? '', /^close: .*ECONNREFUSED/);
  });

  /** An attempt that must fail: it isn't waited for as long as a real one. */
  async function fails(options: TcpOptions, remote: RemoteOptions): Promise<void> {
    const harness = makeHarness();
    const { host, port, peers } = await harness.listen(remote);
    const { closes } = open(harness, host, port, { ...options, timeoutMs: 200 });
    await harness.pass(200);
    await harness.until(() => closes().length === 1);
    assert.match(closes()[0] ?? '', /^close: no answer from .* within 200 ms$/);
    assert.equal(peers.length, 0);
  }

  test(`${name}: with another password, without one and with one that nobody asked for there is no answer`, async () => {
    await fails({ password: 'another' }, { password });
    await fails({}, { password });
    await fails({ password }, {});
  });

  test(`${name}: a refusal is not heard by who wants signatures (RFC 2385 section 4.1)`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.refusing();
    const { closes } = open(harness, host, port, { password, timeoutMs: 200 });
    await harness.pass(200);
    await harness.until(() => closes().length === 1);
    assert.match(closes()[0] ?? '', /^close: no answer from/);
  });

  test(`${name}: packets that have come from afar are not heard where that is wanted (GTSM)`, async () => {
    await fails({ minTtl: 255 }, { ttl: 254 });
    await fails({ minTtl: 254 }, {});
  });

  test(`${name}: a password that is too long is refused, and the message doesn't tell it`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.listen();
    const { closes } = open(harness, host, port, { password: 'too long '.repeat(9) });
    await harness.until(() => closes().length === 1);
    assert.match(closes()[0] ?? '', /^close: the password has more than 80 octets$/);
  });

  test(`${name}: another password for a connection that stands: what was not heard is once both have it`, async () => {
    const harness = makeHarness();
    const { connection, peer, text, closes } = await connected(harness, { password }, { password });
    connection.setPassword('the next one');
    connection.write(bytes('signed by the next one'));
    await harness.settle();
    assert.equal(peer.received(), '');
    assert.equal(connection.delivery?.isUnderWay, true);
    const { acknowledged = 0 } = connection.delivery ?? {};
    peer.setPassword('the next one');
    await harness.until(() => peer.received() === 'signed by the next one');
    await harness.until(() => connection.delivery?.isUnderWay === false);
    assert.equal(connection.delivery.acknowledged - acknowledged, 'signed by the next one'.length);
    peer.write('understood');
    await harness.until(() => text() === 'understood');
    connection.destroy();
    await harness.until(() => closes().length === 1);
    assert.doesNotThrow(() => connection.setPassword('too late'));
  });
}
