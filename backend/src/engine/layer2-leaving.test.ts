import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALL, IPS, Lan } from './testing/lan.ts';

/** Replicas find each other, and the bursts of new owners end. */
const SETTLED_MS = 6_000;
/** From its word that it leaves to its end: routers are given a second to move, and it takes a little to write to them. */
const LEAVING_MS = 1_200;
/** Who left has been missed by then, which is the last that anybody hears of it. */
const OVER_MS = LEAVING_MS + 3_000;
const STEP_MS = 20;

/** Three replicas that know each other, before anybody wants anything. */
async function together(): Promise<Lan> {
  const lan = new Lan(3);
  lan.setMembers(...ALL);
  lan.start(...ALL);
  await lan.pass(SETTLED_MS);
  return lan;
}

/** Replicas leave, each so many milliseconds after now; a client asks for each address all the time: those that nobody answered for. */
async function unansweredWhile(lan: Lan, leaving: Readonly<Record<string, number>>): Promise<string[]> {
  const unanswered = new Set<string>();
  for (const [name, afterMs] of Object.entries(leaving)) {
    lan.clock.setTimer(afterMs, () => lan.leave(name));
    lan.clock.setTimer(afterMs + LEAVING_MS, () => lan.crash(name));
  }
  const end = lan.clock.now() + Math.max(...Object.values(leaving)) + OVER_MS;
  while (lan.clock.now() < end) {
    await lan.pass(STEP_MS);
    for (const ip of IPS) if (lan.ask(ip).length === 0) unanswered.add(ip);
  }
  return [...unanswered];
}

/** Each address has the owner that it should have with these, and only that. */
function assertOwners(lan: Lan, ...replicas: string[]): void {
  for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...replicas)], ip);
}

suite('a replica that leaves while its heir asks the link first: somebody answers at any time', () => {
  // Sooner or later in the burst of announcements of the one that leaves, which its heir hears while it asks.
  for (const afterMs of [1_300, 1_400, 1_500, 2_000, 2_600, 4_000]) {
    test(`${afterMs} ms after new Services came`, async () => {
      const lan = await together();
      lan.wantAs({ isNew: true }, ...IPS);
      await lan.pass(afterMs);
      assert.deepEqual(await unansweredWhile(lan, { n1: 0 }), []);
      assertOwners(lan, 'n2', 'n3');
    });
  }

  for (const apartMs of [70, 200, 500]) {
    test(`and its heir leaves ${apartMs} ms later`, async () => {
      const lan = await together();
      lan.wantAs({ isNew: true }, ...IPS);
      await lan.pass(SETTLED_MS);
      assert.deepEqual(await unansweredWhile(lan, { n1: 0, n2: apartMs }), []);
      assertOwners(lan, 'n3');
    });
  }
});
