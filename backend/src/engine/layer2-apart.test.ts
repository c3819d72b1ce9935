import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, IPS, running } from './testing/lan.ts';

test('replicas that can’t hear each other for long: who left an address to another never announces it, and says so once', async () => {
  const lan = await running(...ALL);
  for (const number of [1, 2, 3]) lan.datagrams.cut(`192.0.2.${number}`);
  await lan.pass(10_000);
  lan.claims.length = 0;
  await lan.pass(120_000);
  for (const ip of IPS) {
    const owner = lan.ownerOf(ip, ...ALL);
    assert.ok(
      lan.announcers(ip).every((name) => name === owner),
      `${ip}: ${lan.announcers(ip)}`,
    );
    assert.deepEqual(lan.ask(ip), [owner]);
  }
  for (const { name, logger } of lan.hosts) {
    const said = logger.entries
      .filter(({ message }) => message.includes('outranks us'))
      .map(({ fields }) => fields['ip']);
    // There may be two to leave it to, the second of which outranks the first.
    assert.ok(said.length <= 2 * IPS.length, `${name}: ${said.length}`);
  }
});
