/** Replicas that hear each other, and whose views of an address differ: for how long neighbours hear of two owners, or of none. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Asked, POOL } from './testing/asked.ts';
import { ALL } from './testing/lan.ts';

/** From its word that it leaves to its end. */
const LEAVING_MS = 1_200;

for (const ip of ['192.0.2.130', '2001:db8::130']) {
  suite(`${ip}, of which not all replicas know the same`, () => {
    test('its owner may not have it any more, and doesn’t know: one of both owners within a second, and for good', async () => {
      const asked = await Asked.start(ip);
      const [first, second, third] = asked.order;
      for (const name of [second, third]) asked.see(name, second, third);
      await asked.pass(60_000);
      asked.assertSettled();
      assert.equal(asked.owner, first, 'by rank alone');
    });

    test('one that comes last takes only itself for eligible: the same, and once more when the others change their minds', async () => {
      const asked = await Asked.start(ip);
      const [first, second, third] = asked.order;
      asked.see(third, third);
      await asked.pass(60_000);
      asked.assertSettled();
      assert.equal(asked.owner, first);
      asked.see(first, second, third);
      asked.see(second, second, third);
      await asked.pass(10_000);
      asked.assertSettled();
      assert.equal(asked.owner, second);
    });

    for (const sinceMs of [1_000, 4_500, 8_000]) {
      test(`its owner got it back ${sinceMs} ms ago, and contradicted another one then: settled within a second all the same`, async () => {
        const asked = await Asked.start(ip);
        const [first, second, third] = asked.order;
        for (const name of ALL) asked.see(name, second, third);
        await asked.lan.pass(5_000);
        asked.see(first, ...ALL);
        await asked.lan.pass(50);
        for (const name of [second, third]) asked.see(name, ...ALL);
        await asked.lan.pass(sinceMs);
        for (const name of [second, third]) asked.see(name, second, third);
        await asked.pass(10_000);
        asked.assertSettled();
        assert.equal(asked.owner, first);
      });
    }

    test('each takes only itself for eligible: the same', async () => {
      const asked = await Asked.start(ip);
      for (const name of ALL) asked.see(name, name);
      await asked.pass(60_000);
      asked.assertSettled();
      assert.equal(asked.owner, asked.order[0]);
    });

    test('its owner may not have it any more, doesn’t know, and is silent about many others: one of both owners within a second', async () => {
      const asked = await Asked.start(ip);
      const [first, second, third] = asked.order;
      // A third of them are its own, in the name of a node that nobody has met.
      const others = Array.from({ length: 1_000 }, (_, i) => `2001:db8::1:${i.toString(16)}`);
      const unmet = { pool: POOL, isNew: false, nodes: ['n9'] };
      asked.lan.host(first).layer2?.update(new Map(others.map((other) => [other, unmet])));
      await asked.lan.pass(1_000);
      const heard = asked.lan
        .host(second)
        .prober?.answering()
        .find(({ node }) => node === first);
      assert.equal(heard?.place.silent, 'many');
      for (const name of [second, third]) asked.see(name, second, third);
      await asked.pass(60_000);
      asked.assertSettled();
      assert.equal(asked.owner, first, 'by rank alone');
    });

    for (const afterMs of [100, 300, 500, 700, 1_000, 1_400, 2_500, 3_800, 20_000, 100_000]) {
      test(`its owner hears after ${afterMs} ms that it may not have it any more: the next one has it at once`, async () => {
        const asked = await Asked.start(ip);
        const [, second, third] = asked.order;
        for (const name of [second, third]) asked.see(name, second, third);
        await asked.pass(afterMs);
        asked.see(asked.order[0], second, third);
        await asked.pass(500);
        assert.equal(asked.owner, second);
        await asked.pass(30_000);
        asked.assertSettled();
        assert.equal(asked.owner, second);
      });
    }

    for (const [who, heir] of [
      ['its owner', 1],
      ['the next one', 2],
      ['the last one', 1],
    ] as const) {
      for (const [hearsMs, leavesMs] of [300, 1_400].flatMap((ms) => [[ms, 100] as const, [ms, 1_500] as const])) {
        test(`its owner hears after ${hearsMs} ms that it may not have it any more, and ${leavesMs} ms later ${who} leaves: somebody answers at any time`, async () => {
          const asked = await Asked.start(ip);
          const [first, second, third] = asked.order;
          for (const name of [second, third]) asked.see(name, second, third);
          await asked.pass(hearsMs);
          asked.see(first, second, third);
          await asked.pass(leavesMs);
          const leaver = { 'its owner': first, 'the next one': second, 'the last one': third }[who];
          asked.lan.leave(leaver);
          await asked.pass(LEAVING_MS);
          asked.lan.crash(leaver);
          await asked.pass(10_000);
          asked.assertSettled();
          assert.equal(asked.owner, asked.order[heir]);
        });
      }
    }

    test('its owner finds that it is behind: the next one has it', async () => {
      const asked = await Asked.start(ip);
      const [first, second, third] = asked.order;
      for (const name of [second, third]) asked.see(name, second, third);
      await asked.pass(3_000);
      const { prober, layer2 } = asked.lan.host(first);
      prober?.setStale(true);
      layer2?.setStale(true);
      await asked.pass(5_000);
      assert.equal(asked.owner, second);
      // It asks the link first, as one that left the address to another does.
      asked.assertSettled({ two: 1_000, none: 400 });
    });

    test('one frame that says a node has it which may not have it moves nothing', async () => {
      const asked = await Asked.start(ip);
      const [first, second, third] = asked.order;
      for (const name of ALL) asked.see(name, second, third);
      await asked.pass(5_000);
      asked.forge(first);
      await asked.pass(5_000);
      assert.deepEqual(new Set(asked.answers.slice(-100).flat()), new Set([second]));
    });
  });
}

test('its owner hears late, and its node’s kernel answers for it as well: the next one has it all the same', async () => {
  const asked = await Asked.start('192.0.2.130');
  const [first, second, third] = asked.order;
  asked.lan.answerAs(asked.lan.host(first).mac, asked.ip);
  for (const name of [second, third]) asked.see(name, second, third);
  await asked.pass(2_000);
  asked.see(first, second, third);
  await asked.pass(1_000);
  for (let seconds = 0; seconds < 60; seconds++) {
    await asked.pass(1_000);
    assert.ok(asked.answers.at(-1)?.includes(second), `after ${seconds} s`);
  }
});

test('its owner hears 50 ms late, as in an ordinary handover: it contradicts the next one once, and not again when it has heard', async () => {
  const asked = await Asked.start('192.0.2.130');
  const [first, second, third] = asked.order;
  asked.lan.claims.length = 0;
  for (const name of [second, third]) asked.see(name, second, third);
  await asked.pass(50);
  asked.see(first, second, third);
  await asked.pass(3_000);
  const frames = asked.lan.claims.filter(({ mac, how }) => how === 'announcement' && asked.lan.nameOf(mac) === first);
  assert.equal(frames.length, 2, 'one announcement is a request and a reply');
  assert.equal(asked.owner, second);
});
