import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALL, IPS, type Lan, running } from './testing/lan.ts';

/** Whose MAC a neighbour has that never asks, and believes what it hears; undefined where nobody said anything. */
function believed(lan: Lan, ip: string): string | undefined {
  const last = lan.claims.findLast((claim) => claim.ip === ip && claim.how === 'announcement');
  return last && lan.nameOf(last.mac);
}

suite('an owner that was cut off and comes back', () => {
  for (const cutMs of [1_600, 1_800, 2_000, 2_200, 2_500, 10_000]) {
    test(`after ${cutMs} ms: neighbours hear of it last, and of nobody else for what others own`, async () => {
      const lan = await running(...ALL);
      const owners = new Map(IPS.map((ip) => [ip, lan.ownerOf(ip, ...ALL)]));
      lan.cut('n2');
      await lan.pass(cutMs);
      const moved = IPS.filter((ip) => believed(lan, ip) !== undefined);
      lan.heal('n2');
      await lan.pass(3_000);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [owners.get(ip)], ip);
      for (const ip of moved) assert.equal(believed(lan, ip), 'n2', ip);
      for (const ip of IPS) assert.ok([undefined, owners.get(ip)].includes(believed(lan, ip)), ip);
      if (cutMs > 2_200) assert.ok(moved.length > 0);
    });
  }

  test('who stood in for it answers until it is heard, and not after a second', async () => {
    const lan = await running(...ALL);
    lan.cut('n2');
    await lan.pass(5_000);
    const { node } = lan.host('n2');
    const its = IPS.filter((ip) => lan.ownerOf(ip, ...ALL) === node.name);
    // Its datagrams come through again, its frames don't.
    lan.datagrams.heal('192.0.2.2');
    await lan.pass(800);
    for (const ip of its) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n3')], ip);
    await lan.pass(1_500);
    for (const ip of its) assert.deepEqual(lan.ask(ip), [], ip);
  });

  test('ends while it hands over: no timer is left', async () => {
    const lan = await running(...ALL);
    lan.cut('n2');
    await lan.pass(5_000);
    lan.datagrams.heal('192.0.2.2');
    await lan.pass(800);
    for (const name of ALL) lan.crash(name);
    assert.equal(lan.clock.pendingTimers, 0);
  });
});
