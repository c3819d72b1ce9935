import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenersCompliance, type ListenersHarness } from '../listeners-compliance.ts';
import { systemDialer } from './dialer.ts';
import { keysAt, systemListeners } from './listeners.ts';

const host = '127.0.0.1';

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await sleep(2);
  }
}

const call: ListenersHarness['call'] = (port, options = {}) => {
  const events: string[] = [];
  let received = '';
  const connection = systemDialer.dial(
    { host, port, timeoutMs: 1_000, ...options },
    {
      onConnect: () => void events.push('open'),
      onData: (chunk) => (received += new TextDecoder().decode(chunk)),
      onDrain: () => {},
      onClose: () => void events.push(events.includes('open') ? 'closed' : 'failed'),
    },
  );
  const write = (text: string): void => void connection.write(new TextEncoder().encode(text));
  return { received: () => received, events, write };
};

const settle = (): Promise<void> => sleep(20);
const pass = (ms: number): Promise<void> => sleep(ms);

listenersCompliance('system listeners', () => ({
  ...{ listeners: systemListeners, host, callerHost: host },
  ...{ call, until, settle, pass },
}));

test('the kernel has one key for an address on whichever link: that of the first', () => {
  const passwords = new Map([
    ['fe80::1%eth0', 'left'],
    ['fe80::1%eth1', 'right'],
    ['2001:db8::1', 'far'],
    ['192.0.2.1', 'old'],
  ]);
  const keys = (host: string): unknown => Object.fromEntries(keysAt(host, passwords));
  assert.deepEqual(keys('::'), { 'fe80::1': 'left', '2001:db8::1': 'far' });
  assert.deepEqual(keys('0.0.0.0'), { '192.0.2.1': 'old' });
});

test('with more least TTLs than the kernel has room for it goes on listening, says so once, and asks for none of them', async () => {
  const heard: string[] = [];
  const unfiltered: string[] = [];
  const socket = systemListeners.listen(
    { host, port: 0 },
    {
      onConnection: (incoming) => {
        heard.push(incoming.remoteAddress);
        incoming.refuse();
      },
      onError: ({ message }) => assert.fail(message),
      onUnfiltered: ({ message }) => void unfiltered.push(message),
    },
  );
  await until(() => socket.port !== undefined);
  const withOthers = (count: number): Map<string, number> =>
    new Map([[host, 255], ...Array.from({ length: count }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, 255] as const)]);
  const outcome = async (): Promise<string | undefined> => {
    const { events } = call(socket.port ?? 0, { ttl: 254 });
    await until(() => events.length > 0);
    return events[0];
  };
  const tooMany = 2_000;
  const outcomes: (string | undefined)[] = [];
  for (const count of [1, tooMany, tooMany + 1, 1, tooMany]) {
    socket.setMinTtls(withOthers(count));
    outcomes.push(await outcome());
  }
  socket.close();
  assert.deepEqual(outcomes, ['failed', 'open', 'open', 'failed', 'open']);
  assert.equal(unfiltered.length, 2, 'each time that there is no room any more');
});
