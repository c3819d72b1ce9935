import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datagramsCompliance } from '../datagrams-compliance.ts';
import { FakeClock } from './clock.ts';
import { FakeDatagrams } from './datagrams.ts';

datagramsCompliance('fake', async () => {
  const clock = new FakeClock();
  return {
    datagrams: new FakeDatagrams(clock),
    a: { host: '192.0.2.1', port: 7_473 },
    b: { host: '192.0.2.2', port: 7_473 },
    until: async (condition) => {
      for (let i = 0; i < 20 && !condition(); i++) clock.advance(1);
      assert.ok(condition());
    },
  };
});

test('fake: a cut host neither gets nor sends until it is healed', () => {
  const clock = new FakeClock();
  const datagrams = new FakeDatagrams(clock);
  const got: string[] = [];
  const bind = (host: string) =>
    datagrams.bind(host, 9, {
      onMessage: (_, from) => got.push(`${from.host}>${host}`),
      onError: (error) => assert.fail(error),
    });
  const [a, b] = [bind('192.0.2.1'), bind('192.0.2.2')];
  const exchange = (): string[] => {
    got.length = 0;
    a.send(new Uint8Array(1), 9, '192.0.2.2');
    b.send(new Uint8Array(1), 9, '192.0.2.1');
    clock.advance(10);
    return got;
  };
  assert.equal(exchange().length, 2);
  datagrams.cut('192.0.2.2');
  assert.deepEqual(exchange(), []);
  datagrams.heal('192.0.2.2');
  assert.equal(exchange().length, 2);
});
