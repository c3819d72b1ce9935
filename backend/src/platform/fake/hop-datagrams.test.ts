import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hopDatagramsCompliance } from '../hop-datagrams-compliance.ts';
import { FakeClock } from './clock.ts';
import { FakeHopDatagrams } from './hop-datagrams.ts';

for (const [host, everywhere] of [
  ['192.0.2.1', '0.0.0.0'],
  ['fe80::1%eth0', '::'],
] as const) {
  hopDatagramsCompliance(`fake, ${host}`, async () => {
    const clock = new FakeClock();
    return {
      ...{ datagrams: new FakeHopDatagrams(clock, [host]), host, everywhere, ports: [49_152, 3_784] },
      until: async (condition) => {
        for (let i = 0; i < 20 && !condition(); i++) clock.advance(1);
        assert.ok(condition());
      },
    };
  });
}

test('fake: while it is stalled, what comes waits until it is asked for', () => {
  const clock = new FakeClock();
  const datagrams = new FakeHopDatagrams(clock, []);
  const got: number[] = [];
  const socket = datagrams.bind('192.0.2.1', 3_784, {
    onMessage: (bytes) => got.push(bytes.length),
    onError: (error) => assert.fail(error),
  });
  const arrive = (length: number): void => {
    const to = { host: '192.0.2.1', port: 3_784 };
    datagrams.arrive({ host: '192.0.2.9', port: 49_152, ttl: 254, bytes: new Uint8Array(length), to });
  };
  datagrams.stall();
  arrive(1);
  clock.advance(1_000);
  assert.deepEqual(got, []);
  socket.receive();
  assert.deepEqual(got, [1]);
  arrive(2);
  datagrams.resume();
  assert.deepEqual(got, [1, 2]);
});
