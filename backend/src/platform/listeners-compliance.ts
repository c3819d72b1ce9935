import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, IncomingConnection, Listeners, ListeningSocket, TcpOptions } from './ports.ts';

/** The end of a connection that has been opened to a listener. */
export interface CallerEnd {
  received(): string;
  /** In the order in which it happens: `open`, `closed` or `failed`. */
  readonly events: readonly string[];
  write(text: string): void;
}

export interface ListenersHarness {
  readonly listeners: Listeners;
  /** This host's address to listen on. */
  readonly host: string;
  /** From where callers come. */
  readonly callerHost: string;
  /** Connects; gives up after 200 ms, or after a second where this process may stand still for as long. */
  call(port: number, options?: TcpOptions): CallerEnd;
  until(condition: () => boolean): Promise<void>;
  settle(): Promise<void>;
  /** Lets this time pass, in milliseconds, at least. */
  pass(ms: number): Promise<void>;
}

interface Bench {
  readonly socket: ListeningSocket;
  readonly port: number;
  readonly accepted: Connection[];
  readonly remotes: string[];
  readonly errors: string[];
  text(): string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function listening(
  { listeners, host, until }: ListenersHarness,
  accept: (incoming: IncomingConnection) => boolean = () => true,
  ...farewell: readonly Uint8Array[]
): Promise<Bench> {
  const accepted: Connection[] = [];
  const remotes: string[] = [];
  const errors: string[] = [];
  let text = '';
  const socket = listeners.listen(
    { host, port: 0 },
    {
      onConnection: (incoming) => {
        remotes.push(incoming.remoteAddress);
        if (!accept(incoming)) return incoming.refuse(...farewell);
        const connection: Connection = incoming.open(
          {},
          {
            onConnect: () => void accepted.push(connection),
            onData: (chunk) => (text += new TextDecoder().decode(chunk)),
            onDrain: () => {},
            onClose: () => {},
          },
        );
      },
      onError: (error) => void errors.push(error.message),
      onUnfiltered: (error) => void errors.push(error.message),
    },
  );
  await until(() => socket.port !== undefined);
  return { socket, port: socket.port ?? 0, accepted, remotes, errors, text: () => text };
}

/** What a caller sees first. */
async function outcomeOf(harness: ListenersHarness, bench: Bench, options: TcpOptions): Promise<string | undefined> {
  const caller = harness.call(bench.port, options);
  await harness.settle();
  if (caller.events.length === 0) await harness.pass(200);
  await harness.until(() => caller.events.length > 0);
  return caller.events[0];
}

/** What all Listeners must do; `makeHarness` is called once per test. */
export function listenersCompliance(name: string, makeHarness: () => ListenersHarness): void {
  test(`${name}: takes connections and carries bytes both ways`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness);
    const caller = harness.call(bench.port);
    caller.write('hello');
    await harness.until(() => bench.accepted.length === 1 && bench.text() === 'hello');
    const [connection] = bench.accepted;
    assert.deepEqual(bench.remotes, [harness.callerHost]);
    assert.equal(connection?.remoteAddress, harness.callerHost);
    connection?.write(bytes('welcome'));
    await harness.until(() => caller.received() === 'welcome');
    connection?.destroy();
    await harness.until(() => caller.events.includes('closed'));
    bench.socket.close();
  });

  test(`${name}: a connection that is refused is nobody's`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness, () => false);
    const caller = harness.call(bench.port);
    await harness.until(() => caller.events.some((event) => event !== 'open'));
    assert.deepEqual([bench.accepted.length, bench.remotes.length], [0, 1]);
    bench.socket.close();
  });

  test(`${name}: who is refused with a word hears it, having said something or not`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness, () => false, bytes('not you'));
    const [silent, talker] = [harness.call(bench.port), harness.call(bench.port)];
    talker.write('hello');
    await harness.until(() => [silent, talker].every((caller) => caller.received() === 'not you'));
    await harness.until(() => [silent, talker].every(({ events }) => events.some((event) => event !== 'open')));
    bench.socket.close();
  });

  test(`${name}: once it is closed nobody gets in, and who is in stays`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness);
    const caller = harness.call(bench.port);
    await harness.until(() => bench.accepted.length === 1);
    bench.socket.close();
    bench.socket.close();
    const late = harness.call(bench.port);
    await harness.until(() => late.events.includes('failed'));
    bench.accepted[0]?.write(bytes('still here'));
    await harness.until(() => caller.received() === 'still here');
    bench.accepted[0]?.destroy();
    assert.deepEqual(bench.errors, []);
  });

  test(`${name}: a port that is taken, or none at all, ends in one onError, not in an exception`, async () => {
    const harness = makeHarness();
    const { listeners, host } = harness;
    const bench = await listening(harness);
    for (const port of [bench.port, 70_000]) {
      const errors: Error[] = [];
      const second = listeners.listen(
        { host, port },
        { onConnection: () => {}, onError: (error) => errors.push(error), onUnfiltered: assert.fail },
      );
      assert.equal(errors.length, 0, 'no handler is called before listen returns');
      await harness.until(() => errors.length === 1);
      await harness.settle();
      assert.equal(errors.length, 1);
      assert.equal(second.port, undefined);
      second.close();
    }
    bench.socket.close();
  });

  test(`${name}: who has a password is heard with it only, also after it has changed, until there is none any more`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness);
    const outcome = (password?: string): Promise<string | undefined> =>
      outcomeOf(harness, bench, password === undefined ? {} : { password });
    const elsewhere = ['192.0.2.1', 'of somebody else'] as const;
    bench.socket.setPasswords(new Map([[harness.callerHost, 'first'], elsewhere, ['2001:db8::1', 'of a third']]));
    assert.deepEqual([await outcome('first'), await outcome('second')], ['open', 'failed']);
    bench.socket.setPasswords(new Map([[harness.callerHost, 'second'], elsewhere]));
    assert.deepEqual([await outcome('second'), await outcome('first')], ['open', 'failed']);
    bench.socket.setPasswords(new Map([elsewhere]));
    assert.deepEqual([await outcome(), await outcome('second')], ['open', 'failed']);
    for (const connection of bench.accepted) connection.destroy();
    bench.socket.close();
    assert.deepEqual(bench.errors, []);
  });

  test(`${name}: answers with the TTL that it was told, and with the system's when there is none any more`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness);
    const outcomes: (string | undefined)[] = [];
    for (const ttl of [undefined, 255, undefined]) {
      bench.socket.setTtl(ttl);
      outcomes.push(await outcomeOf(harness, bench, { minTtl: 255 }));
    }
    assert.deepEqual(outcomes, ['failed', 'open', 'failed']);
    for (const connection of bench.accepted) connection.destroy();
    bench.socket.close();
    assert.deepEqual(bench.errors, []);
  });

  test(`${name}: of an address with a least TTL nobody farther away gets a connection, of others everybody`, async () => {
    const harness = makeHarness();
    const bench = await listening(harness);
    const outcomes: (string | undefined)[] = [];
    const elsewhere = [
      ['192.0.2.1', 255],
      ['2001:db8::1', 255],
    ] as const;
    for (const here of [[], [255], [254], []]) {
      bench.socket.setMinTtls(new Map([...elsewhere, ...here.map((ttl) => [harness.callerHost, ttl] as const)]));
      for (const ttl of [254, 255]) outcomes.push(await outcomeOf(harness, bench, { ttl }));
    }
    assert.deepEqual(outcomes, ['open', 'open', 'failed', 'open', 'open', 'open', 'open', 'open']);
    const onLinks = (one: number, other: number): void =>
      bench.socket.setMinTtls(
        new Map([
          [`${harness.callerHost}%one`, one],
          [`${harness.callerHost}%other`, other],
        ]),
      );
    onLinks(255, 254);
    assert.equal(await outcomeOf(harness, bench, { ttl: 254 }), 'open', 'links are not told apart: the least counts');
    onLinks(255, 0);
    assert.equal(await outcomeOf(harness, bench, { ttl: 64 }), 'open', 'on one of the links any TTL is taken');
    onLinks(255, 255);
    assert.equal(await outcomeOf(harness, bench, { ttl: 254 }), 'failed');
    bench.socket.setMinTtls(new Map());
    assert.equal(await outcomeOf(harness, bench, {}), 'open');
    for (const connection of bench.accepted) connection.destroy();
    bench.socket.close();
    assert.deepEqual(bench.errors, []);
  });
}
