import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Dialer } from './ports.ts';

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
}

export interface DialerHarness {
  readonly dialer: Dialer;
  /** Starts to listen on an address of its own; `peers` fills as connections are accepted. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly peers: PeerEnd[] }>;
  /** An address where connections are refused. */
  refusing(): Promise<{ readonly host: string; readonly port: number }>;
  /** Lets the network work until `condition` holds; fails if it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets the network deliver what is on its way. */
  settle(): Promise<void>;
}

interface Opened {
  readonly connection: Connection;
  /** Handler calls in order: `connect`, `data`, `drain`, `close`, `close: <message>`. */
  readonly events: string[];
  text(): string;
  closes(): readonly string[];
}

function open(harness: DialerHarness, host: string, port: number, localAddress?: string): Opened {
  const events: string[] = [];
  let text = '';
  const options = { host, port, timeoutMs: 5_000, ...(localAddress === undefined ? {} : { localAddress }) };
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

async function connected(harness: DialerHarness): Promise<Opened & { readonly peer: PeerEnd }> {
  const { host, port, peers } = await harness.listen();
  const opened = open(harness, host, port);
  await harness.until(() => opened.events.includes('connect') && peers.length > 0);
  const [peer] = peers;
  assert.ok(peer);
  return { ...opened, peer };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every Dialer must do; `makeHarness` is called once per test. */
export function dialerCompliance(name: string, makeHarness: () => DialerHarness): void {
  test(`${name}: connects and carries bytes both ways, in order`, async () => {
    const harness = makeHarness();
    const { connection, peer, text, closes } = await connected(harness);
    for (const part of ['one ', 'two ', 'three']) connection.write(bytes(part));
    for (const part of ['eins ', 'zwei ', 'drei']) peer.write(part);
    await harness.until(() => peer.received() === 'one two three' && text() === 'eins zwei drei');
    connection.destroy();
    await harness.until(() => closes().length === 1 && peer.closed());
  });

  test(`${name}: knows the addresses once it is connected, and binds to the wanted one`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.listen();
    const { connection, events, closes } = open(harness, host, port, '127.0.0.1');
    assert.equal(connection.localAddress, undefined);
    await harness.until(() => events.includes('connect'));
    assert.equal(connection.localAddress, '127.0.0.1');
    assert.equal(connection.remoteAddress, host);
    connection.destroy();
    await harness.until(() => closes().length === 1);
  });

  test(`${name}: a refused attempt ends in one onClose with an error`, async () => {
    const harness = makeHarness();
    const { host, port } = await harness.refusing();
    const { events } = open(harness, host, port);
    await harness.until(() => events.length > 0);
    await harness.settle();
    assert.equal(events.length, 1);
    assert.match(events[0] ?? '', /^close: .*ECONNREFUSED/);
  });

  test(`${name}: options that make no sense end in onClose, not in an exception`, async () => {
    const harness = makeHarness();
    const { events } = open(harness, '127.0.0.1', 70_000);
    await harness.until(() => events.length > 0);
    await harness.settle();
    assert.equal(events.length, 1);
    assert.match(events[0] ?? '', /^close: ./);
  });

  test(`${name}: the peer's FIN closes without an error`, async () => {
    const harness = makeHarness();
    const { peer, events, text } = await connected(harness);
    peer.write('last words');
    peer.end();
    await harness.until(() => events.at(-1) === 'close');
    await harness.settle();
    assert.equal(text(), 'last words');
    assert.deepEqual(events, ['connect', 'data', 'close']);
  });

  test(`${name}: the peer's reset closes with an error`, async () => {
    const harness = makeHarness();
    const { peer, closes } = await connected(harness);
    peer.reset();
    await harness.until(() => closes().length > 0);
    await harness.settle();
    assert.equal(closes().length, 1);
    assert.match(closes()[0] ?? '', /ECONNRESET/);
  });

  test(`${name}: end delivers what was written before`, async () => {
    const harness = makeHarness();
    const { connection, peer, closes } = await connected(harness);
    connection.write(bytes('good'));
    connection.write(bytes('bye'));
    connection.end();
    await harness.until(() => peer.received() === 'goodbye' && peer.closed() && closes().length === 1);
    assert.deepEqual(closes(), ['close']);
  });

  test(`${name}: after destroy nothing but one onClose is called, and writing is harmless`, async () => {
    const harness = makeHarness();
    const { connection, peer, events } = await connected(harness);
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
    const { connection, peer, events, closes } = await connected(harness);
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
    peer.resume();
    await harness.until(() => events.includes('drain'));
    await harness.until(() => peer.received().length === (written + 1) * chunk.length);
    connection.destroy();
    await harness.until(() => closes().length === 1);
  });
}
