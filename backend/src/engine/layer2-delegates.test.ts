/** Only a node without a replica may have an address, and not all replicas know that: one in its name, or the owner; never both for long, nor none. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { Asked } from './testing/asked.ts';

/** The node without a replica, by its place in the address' order, and the two others: the first of them speaks in its name. */
interface Roles {
  readonly asked: Asked;
  readonly away: string;
  readonly delegate: string;
  readonly owner: string;
}

const PLACES = [0, 1, 2] as const;

async function without(place: (typeof PLACES)[number], ip: string): Promise<Roles> {
  const asked = await Asked.start(ip);
  const away = asked.order[place];
  const [delegate = '', owner = ''] = asked.order.filter((name) => name !== away);
  asked.lan.crash(away);
  asked.lan.setMembers(delegate, owner);
  return { asked, away, delegate, owner };
}

function see({ asked, delegate, owner }: Roles, ...nodes: string[]): void {
  for (const name of [delegate, owner]) asked.see(name, ...nodes);
}

for (const ip of ['192.0.2.130', '2001:db8::130']) {
  suite(`${ip}, and a node without a replica`, () => {
    for (const place of PLACES) {
      for (const hearsMs of [50, 300, 2_000, 20_000]) {
        test(`number ${place}, may have it alone, and its owner hears that after ${hearsMs} ms`, async () => {
          const roles = await without(place, ip);
          const { asked, away, delegate, owner } = roles;
          see(roles, owner);
          await asked.lan.pass(8_000);
          asked.see(delegate, away);
          await asked.pass(hearsMs);
          asked.see(owner, away);
          await asked.pass(10_000);
          asked.assertSettled();
          assert.equal(asked.owner, delegate);
        });

        test(`number ${place}, may not have it any more, and who speaks in its name hears that after ${hearsMs} ms`, async () => {
          const roles = await without(place, ip);
          const { asked, away, delegate, owner } = roles;
          see(roles, away);
          await asked.lan.pass(8_000);
          asked.see(owner, owner);
          await asked.pass(hearsMs);
          asked.see(delegate, owner);
          await asked.pass(10_000);
          asked.assertSettled();
          assert.equal(asked.owner, owner);
        });
      }

      // Its owner waits for a second.
      for (const hearsMs of [50, 300, 700]) {
        test(`number ${place}, may have it alone, and who would speak in its name hears that after ${hearsMs} ms`, async () => {
          const roles = await without(place, ip);
          const { asked, away, delegate, owner } = roles;
          see(roles, owner);
          await asked.lan.pass(8_000);
          asked.see(owner, away);
          await asked.pass(hearsMs);
          asked.see(delegate, away);
          await asked.pass(10_000);
          asked.assertSettled();
          assert.equal(asked.owner, delegate);
        });
      }

      test(`number ${place}: its owner never hears, and one of both has it for good`, async () => {
        const roles = await without(place, ip);
        const { asked, away, delegate, owner } = roles;
        see(roles, owner);
        await asked.lan.pass(8_000);
        asked.see(delegate, away);
        await asked.pass(100_000);
        asked.assertSettled();
        assert.equal(asked.owner, place === 2 ? owner : delegate, 'by rank of the node and of who names it');
      });

      test(`number ${place}: its owner takes that node for eligible as well, and that changes nothing`, async () => {
        const roles = await without(place, ip);
        const { asked, away, delegate, owner } = roles;
        see(roles, owner, away);
        await asked.lan.pass(8_000);
        asked.see(delegate, away);
        await asked.pass(3_000);
        asked.see(delegate, owner, away);
        await asked.pass(10_000);
        asked.assertSettled();
        assert.equal(asked.owner, owner);
      });

      for (const [which, heard] of [
        ['the first', 0],
        ['the second', 1],
      ] as const) {
        test(`number ${place}: replicas don’t hear each other, and ${which} of them speaks in its name`, async () => {
          const roles = await without(place, ip);
          const { asked, away, delegate, owner } = roles;
          asked.lan.datagrams.cut(`192.0.2.${asked.lan.host(owner).number}`);
          const [speaks, other] = heard === 0 ? [delegate, owner] : [owner, delegate];
          see(roles, other);
          await asked.lan.pass(20_000);
          asked.see(speaks, away);
          await asked.pass(30_000);
          asked.assertSettled();
        });
      }
    }

    test('it is named as the preferred one has not been met: what counts is who is named', async () => {
      const { asked, away, delegate, owner } = await without(2, ip);
      const names = Array.from({ length: 90 }, (_, i) => `n${10 + i}`);
      const unmet = names.find((name) => rank(ip, [name, ...asked.order])[0] === name) ?? '';
      for (const name of [delegate, owner]) asked.see(name, owner);
      await asked.lan.pass(8_000);
      asked.see(delegate, unmet, away);
      await asked.pass(20_000);
      asked.assertSettled();
      assert.equal(asked.owner, owner);
    });

    test('two speak in the names of two nodes, as neither knows the other’s: settled within a second, and for good', async () => {
      for (const place of PLACES) {
        const roles = await without(place, ip);
        const { asked, away, delegate, owner } = roles;
        asked.lan.datagrams.cut(`192.0.2.${asked.lan.host(owner).number}`);
        see(roles, away);
        await asked.lan.pass(20_000);
        asked.see(owner, 'n4');
        await asked.pass(30_000);
        asked.assertSettled();
        assert.ok([delegate, owner].includes(asked.owner ?? ''));
      }
    });

    test('somebody names it, and seems to be a replica of lower rank: that moves nothing, however long it goes on', async () => {
      const asked = await Asked.start(ip);
      const [away, owner, last] = asked.order;
      asked.lan.crash(away);
      asked.lan.setMembers(owner, last);
      for (const name of [owner, last]) asked.see(name, owner, last);
      await asked.lan.pass(8_000);
      for (let times = 0; times < 50; times++) {
        asked.forge(away, last);
        await asked.pass(100);
      }
      assert.deepEqual(new Set(asked.answers.flat()), new Set([owner]));
    });

    test('one frame names it, and seems to be from a replica of higher rank: that moves nothing', async () => {
      const roles = await without(0, ip);
      const { asked, away, delegate, owner } = roles;
      for (const nodes of [[owner], [owner, away]]) {
        see(roles, ...nodes);
        await asked.pass(8_000);
        asked.answers.length = 0;
        asked.forge(away, delegate);
        await asked.pass(5_000);
        assert.deepEqual(new Set(asked.answers.flat()), new Set([owner]));
      }
    });
  });
}
