import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDialer } from '../platform/fake/dialer.ts';
import { FakeNeighbourTable } from '../platform/fake/neighbour-table.ts';
import { systemClock } from '../platform/linux/clock.ts';
import { systemDialer } from '../platform/linux/dialer.ts';
import type { NeighbourWord } from '../platform/ports.ts';
import { HostWitness } from './host-witness.ts';

const [HOST, PORT] = ['10.0.0.2', 10_250];
const SILENT = `TCP port ${PORT}: no answer from ${HOST} port ${PORT} within 500 ms`;

/** What the witness says of a host whose port drops packets, or refuses. */
async function said(
  word: NeighbourWord | Promise<NeighbourWord> | undefined,
  port: 'drops' | 'refuses' = 'drops',
): Promise<unknown> {
  const clock = new FakeClock();
  const dialer = new FakeDialer(clock);
  const neighbours = new FakeNeighbourTable();
  if (port === 'drops') dialer.blackhole(HOST, PORT);
  if (word !== undefined) neighbours.set(HOST, word);
  const heard: string[][] = [];
  const witness = new HostWitness({ clock, dialer, neighbours }, { port: PORT, timeoutMs: 500 });
  witness.ask(HOST, (...words) => heard.push(words));
  clock.advance(500);
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  return heard;
}

suite('the second witness', () => {
  test('sees a neighbour whose ports drop everything by what ARP or NDP has found since', async () => {
    // It is asked for at once when the attempt begins, 500 ms ago.
    for (const confirmedMsAgo of [0, 200, 490, 500])
      assert.deepEqual(await said({ state: 'known', confirmedMsAgo }), [['neighbour', `${SILENT}; ARP/NDP: answered`]]);
  });

  test('takes no old entry for a sign of life', async () => {
    for (const confirmedMsAgo of [700, 1_000, 30_000, undefined]) {
      const found = await said({ state: 'known', confirmedMsAgo });
      assert.deepEqual(found, [['nothing', `${SILENT}; ARP/NDP: not asked again yet`]]);
    }
  });

  test('says that nobody answers there either', async () => {
    const found = await said({ state: 'absent', confirmedMsAgo: undefined });
    assert.deepEqual(found, [['nothing', `${SILENT}; ARP/NDP: no answer`]]);
  });

  test('says that a host on another network has no entry', async () =>
    assert.deepEqual(await said(undefined), [['nothing', `${SILENT}; ARP/NDP: not on a link of this host`]]));

  test('goes by TCP alone where the table cannot be read, or not in time', async () => {
    const unread = [['nothing', `${SILENT}; ARP/NDP: the kernel does not say`]];
    assert.deepEqual(await said(Promise.reject(new Error('rtnetlink: cannot ask'))), unread);
    assert.deepEqual(await said(new Promise(() => undefined)), unread);
  });

  test('does not look where TCP has seen the host', async () => {
    const [[sighting, words]] = (await said({ state: 'absent', confirmedMsAgo: undefined }, 'refuses')) as [
      [string, string],
    ];
    assert.deepEqual([sighting, words.includes('ECONNREFUSED'), words.includes('ARP')], ['host', true, false]);
  });
});

suite('the second witness in a process that is held up for longer than it would wait', () => {
  for (const listens of [true, false]) {
    test(`has seen a host that ${listens ? 'accepted' : 'refused'} meanwhile`, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      if (!listens) {
        server.close();
        await once(server, 'close');
      }
      const witness = new HostWitness({ clock: systemClock, dialer: systemDialer }, { port, timeoutMs: 50 });
      const { promise, resolve } = Promise.withResolvers<string>();
      witness.ask('127.0.0.1', resolve);
      const until = performance.now() + 300;
      while (performance.now() < until);
      assert.equal(await promise, 'host');
      server.close();
    });
  }

  test('takes nobody for silent after a standstill', () => {
    const clock = new FakeClock();
    const dialer = new FakeDialer(clock);
    dialer.blackhole(HOST, PORT);
    const seen: string[] = [];
    const witness = new HostWitness({ clock, dialer }, { port: PORT, timeoutMs: 500 });
    witness.ask(HOST, (sighting) => seen.push(sighting));
    clock.suspend(1_200);
    clock.advance(2_000);
    assert.deepEqual([seen, clock.pendingTimers], [['unsure'], 0]);
  });
});
