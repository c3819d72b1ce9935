import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mostWithin, packets, rates, type Look } from './look.ts';

const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1234567   12345    0    0    0     0          0         7  7654321   54321    0    0    0     0       0          0
`;

suite('what a replica that probes has done', () => {
  test('packets are those of its device, by what its kernel counts', () => {
    assert.deepEqual(packets(table, 'eth0'), { received: 12_345, sent: 54_321 });
    assert.throws(() => packets(table, 'eth1'), { message: 'no eth1 in /proc/net/dev' });
  });

  test('rates are per second, and processor time in percent of a core', () => {
    const before: Look = {
      atMs: 1_000,
      cpuMs: 50,
      rssMiB: 60,
      probes: 10,
      sent: 100,
      received: 90,
      alive: 2,
      dead: {},
    };
    const after: Look = { ...before, atMs: 3_000, cpuMs: 250, probes: 810, sent: 1_700, received: 890 };
    assert.deepEqual(rates(before, after), { cpu: 10, probes: 400, sent: 800, received: 400 });
  });

  test('so many nodes may there be that no verdict came later, with fewer of them either', () => {
    const deaths = [
      { nodes: 400, times: [2_600, 2_900] },
      { nodes: 200, times: [2_100] },
      { nodes: 500, times: [2_700, 3_001] },
      { nodes: 1_000, times: [2_900] },
    ];
    assert.equal(mostWithin(3_000, deaths), 400);
    assert.equal(mostWithin(5_000, deaths), 1_000);
    assert.equal(mostWithin(2_000, deaths), undefined);
  });
});
