import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Datagrams, DatagramSocket } from './ports.ts';

export interface DatagramsHarness {
  readonly datagrams: Datagrams;
  /** Two addresses of this host, which may be the same, and a port of each that nobody uses. */
  readonly a: Endpoint;
  readonly b: Endpoint;
  /** Waits until it holds; rejects if it doesn't become so. */
  until(condition: () => boolean): Promise<void>;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface Bound extends DatagramSocket {
  /** Texts of the datagrams that came, with who sent them. */
  readonly got: { text: string; from: Endpoint }[];
  readonly errors: Error[];
  isBound: boolean;
  /** Where the datagrams were to go that were known to be lost. */
  readonly lost: Endpoint[];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Binds, and closes after the test whatever becomes of it: an open socket would keep the process alive. */
function bind(t: TestContext, { datagrams }: DatagramsHarness, at: Endpoint): Bound {
  const got: Bound['got'] = [];
  const errors: Error[] = [];
  const lost: Endpoint[] = [];
  const state = { isBound: false };
  const socket = datagrams.bind(at.host, at.port, {
    onBound: () => (state.isBound = true),
    onMessage: (message, from) =>
      got.push({ text: new TextDecoder().decode(message), from: { host: from.host, port: from.port } }),
    onError: (error) => errors.push(error),
    onLost: (_, to) => lost.push({ host: to.host, port: to.port }),
  });
  t.after(() => socket.close());
  const own = { send: socket.send.bind(socket), close: socket.close.bind(socket) };
  return Object.assign(state, { got, errors, lost, ...own });
}

/** Sends until one arrives, as any user of UDP must. */
async function reaches(harness: DatagramsHarness, from: Bound, to: Bound, at: Endpoint): Promise<void> {
  const before = to.got.length;
  await harness.until(() => {
    from.send(bytes('hello'), at.port, at.host);
    return to.got.length > before;
  });
}

/** What every Datagrams must do; `makeHarness` is called once per test. */
export function datagramsCompliance(name: string, makeHarness: () => Promise<DatagramsHarness>): void {
  test(`${name}: a datagram arrives whole, with the address and port of its sender`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, a, b, harness.b);
    assert.deepEqual(b.got[0], { text: 'hello', from: harness.a });
    await reaches(harness, b, a, harness.a);
    assert.deepEqual(a.got[0], { text: 'hello', from: harness.b });
    assert.deepEqual([...a.errors, ...b.errors], []);
  });

  test(`${name}: nothing arrives within the call that sends or binds`, async (t) => {
    const harness = await makeHarness();
    const a = bind(t, harness, harness.a);
    await reaches(harness, a, a, harness.a);
    const before = a.got.length;
    a.send(bytes('later'), harness.a.port, harness.a.host);
    assert.equal(a.got.length, before);
    assert.deepEqual(bind(t, harness, harness.a).errors, []);
  });

  test(`${name}: the sender may use its buffer again`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, a, b, harness.b);
    const buffer = bytes('first');
    a.send(buffer.slice(), harness.b.port, harness.b.host);
    await harness.until(() => b.got.some(({ text }) => text === 'first'));
  });

  test(`${name}: an address that is taken is reported, and closing what failed is harmless`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, b, a, harness.a);
    const second = bind(t, harness, harness.a);
    await harness.until(() => second.errors.length > 0);
    assert.equal(second.errors.length, 1);
    assert.deepEqual([a.isBound, b.isBound, second.isBound], [true, true, false]);
    second.send(bytes('lost'), harness.b.port, harness.b.host);
    second.close();
    second.close();
    await reaches(harness, b, a, harness.a);
  });

  test(`${name}: a closed socket neither gets nor sends, and its port is free`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, b, a, harness.a);
    a.close();
    a.close();
    const [atA, atB] = [a.got.length, b.got.length];
    a.send(bytes('from the grave'), harness.b.port, harness.b.host);
    b.send(bytes('to the grave'), harness.a.port, harness.a.host);
    const again = bind(t, harness, harness.a);
    await reaches(harness, b, again, harness.a);
    await reaches(harness, again, b, harness.b);
    // Closed twice before: the new socket on the port is none of its business.
    a.close();
    await reaches(harness, b, again, harness.a);
    assert.equal(a.got.length, atA);
    assert.ok(b.got.slice(atB).every(({ text }) => text !== 'from the grave'));
  });

  test(`${name}: a datagram to an address of the other family is reported as lost, later, and the socket goes on`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, a, b, harness.b);
    const nowhere = { host: harness.a.host.includes(':') ? '192.0.2.77' : '2001:db8::77', port: 9 };
    a.send(bytes('x'), nowhere.port, nowhere.host);
    assert.deepEqual(a.lost, []);
    await harness.until(() => a.lost.length > 0);
    assert.deepEqual(a.lost, [nowhere]);
    await reaches(harness, a, b, harness.b);
    assert.deepEqual(a.errors, []);
  });

  test(`${name}: what can't be delivered is lost, and nothing worse`, async (t) => {
    const harness = await makeHarness();
    const [a, b] = [bind(t, harness, harness.a), bind(t, harness, harness.b)];
    await reaches(harness, a, b, harness.b);
    // Nobody listens; a port that UDP allows as a source only (RFC 768), which a forged question may carry; no address of anybody.
    a.send(bytes('x'), harness.b.port === 9 ? 10 : 9, harness.b.host);
    a.send(bytes('x'), 0, harness.b.host);
    a.send(bytes('x'), 9, harness.a.host.includes(':') ? '100::1' : '240.0.0.1');
    a.send(new Uint8Array(70_000), harness.b.port, harness.b.host);
    await reaches(harness, a, b, harness.b);
    assert.deepEqual(a.errors, []);
  });
}
